"""Where sign-in leads back to when the session ended under a page; what no page can read; and in
whose time it is shown.
"""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from portal.accounts.models import User
from portal.ui.htmx import vary
from portal.ui.zones import ZONE_COOKIE, ReaderClock, active


class SignInAgain:
    """When the session ended under an open page, the whole page goes to sign-in and comes back.

    Without this, htmx would follow the redirect and put the sign-in page into a panel, and a form
    would lead back to an address that only takes forms: an empty page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Turn a redirect to sign-in into one for the page around the part."""
        response = self._get_response(request)
        sign_in = resolve_url(settings.LOGIN_URL)
        if not isinstance(response, HttpResponseRedirect):
            return response
        if not response.url.startswith(f"{sign_in}?"):
            return response
        if htmx := getattr(request, "htmx", None):
            answer = HttpResponse(status=204)
            answer["HX-Redirect"] = _with_goal(sign_in, htmx.current_url_abs_path or "/")
            return vary(answer)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseRedirect(_with_goal(sign_in, _page_of_form(request)))
        return response


def _with_goal(sign_in: str, goal: str) -> str:
    return f"{sign_in}?{urlencode({'next': goal})}"


def _page_of_form(request: HttpRequest) -> str:
    """The page on which the form stood; home where the browser does not say."""
    came_from = request.headers.get("Referer", "")
    hosts = {request.get_host()}
    if not url_has_allowed_host_and_scheme(came_from, hosts, request.is_secure()):
        return "/"
    parts = urlsplit(came_from)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"


class ReaderTime:
    """Moments are shown in the time that the person wants, and the browser's own zone is known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing is read before a moment is shown."""

        def person() -> User | None:
            user = getattr(request, "user", None)
            return user if isinstance(user, User) else None

        with active(ReaderClock(person, request.COOKIES.get(ZONE_COOKIE, ""))):
            return self._get_response(request)


class KeepNothing:
    """What a page shows stays on no disk and in no proxy, and Back after sign-out shows none of it
    (reliability A10). Static files are served before this is asked.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Say so where the page says nothing of its own."""
        response = self._get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class RefuseNul:
    """NUL cannot be stored nor looked for in PostgreSQL and nobody types it: to whoever sends one
    to a page the answer is 400. The API and sign-in say it in words of their own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Everything happens when the view is known, after the CSRF token was looked at."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: object, *given: object) -> None:
        """Look through the address and the form."""
        if request.path_info.startswith("/api/"):
            return
        nul = _holds_nul(request.GET) or (request.method == "POST" and _holds_nul(request.POST))
        if nul and request.user.is_authenticated:
            raise BadRequest("NUL in an address or a form.")


def _holds_nul(given: QueryDict) -> bool:
    return any("\x00" in text for name, texts in given.lists() for text in (name, *texts))
