"""What a session is good for: everything for a working day, later on a phone answering only."""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from portal.accounts.sessions import SessionStore

LIVE_HEADER = "Tagout-Live"  # static/ui/js/live.js: the page asks by itself, nobody works


def allow_limited_session[View: Callable[..., HttpResponse]](view: View) -> View:
    """Mark a view that a phone may use which stays signed in, without the password again."""
    view.__dict__["allows_limited_session"] = True
    return view


def is_not_work[View: Callable[..., HttpResponse]](view: View) -> View:
    """Mark a view that open pages ask by themselves: it keeps nobody signed in."""
    view.__dict__["is_not_work"] = True
    return view


class LimitSessions:
    """Pages beyond answering take a limited session for nobody's, so they ask for the password."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Everything happens when the view is known."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: object, *parts: object) -> None:
        """Look at the session before anybody asks who is signed in."""
        session = request.session
        if not request.user.is_authenticated or not isinstance(session, SessionStore):
            return
        if not session.is_limited:
            if LIVE_HEADER not in request.headers and not getattr(view, "is_not_work", False):
                session.note_activity()
        elif not getattr(view, "allows_limited_session", False):
            request.user = AnonymousUser()
