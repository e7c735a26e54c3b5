"""What surrounds every page: sign-in after a session ended, missing roles, whose time, caches, odd
bytes.
"""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from portal.accounts.models import User
from portal.accounts.queries import roles_of
from portal.ui.access import access_of
from portal.ui.moments import ZONE_COOKIE, ReaderClock, active
from portal.ui.navigation import label_for_page, roles_for_page
from portal.ui.responses import is_part_request, vary

_DRAINED = 8  # times the limit


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
    """The page of the form; home where the browser names none."""
    came_from = request.headers.get("Referer", "")
    hosts = {request.get_host()}
    if not url_has_allowed_host_and_scheme(came_from, hosts, request.is_secure()):
        return "/"
    parts = urlsplit(came_from)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"


class ExplainMissingRole:
    """Explains a page that no role of the person opens: what they may do instead, who may see it,
    and how to get there. Without this the page would come up empty, as if there were nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Everything happens when the view is known."""
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, *parts: object
    ) -> HttpResponse | None:
        """Answer 403 with the explanation, or let the view answer."""
        match, person = request.resolver_match, request.user
        if match is None or not isinstance(person, User) or request.path_info.startswith("/api/"):
            return None
        needed = roles_for_page(match.view_name)
        if needed is None or not roles_of(person).isdisjoint(needed):
            return None
        page = {"label": label_for_page(match.view_name), "access": access_of(request, needed)}
        name = "portal/ui/missing_role.html" + ("#explanation" if is_part_request(request) else "")
        return vary(render(request, name, page, status=403))


class ReaderTime:
    """Shows moments on the clock that the person chose, and reads the browser's own zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing is read before a moment is shown."""

        def person() -> User | None:
            user = getattr(request, "user", None)
            return user if isinstance(user, User) else None

        with active(ReaderClock(person, request.COOKIES.get(ZONE_COOKIE, ""))):
            return self._get_response(request)


class NoStore:
    """What a page shows stays on no disk and in no proxy, and Back after sign-out shows none of it
    (reliability A10). Static files are served before this is asked.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Show it where the page shows nothing of its own."""
        response = self._get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class RejectLargeBodies:
    """What is larger than any form with its files may be is refused by its length alone, before a
    byte of it lies on a disk (reliability A40). The API has a smaller limit of its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse before anybody reads the form; servers read no more than the length states."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > settings.MAX_REQUEST_BYTES:
            self._drain(request, int(length))
            raise RequestDataTooBig("A form with its files is too large.")
        return self._get_response(request)

    def _drain(self, request: HttpRequest, length: int) -> None:
        """Browsers show an answer only when they could send all. Of somebody who is signed in some
        is read and forgotten; who sends more sees the connection end.
        """
        if request.user.is_authenticated and length <= _DRAINED * settings.MAX_REQUEST_BYTES:
            while request.read(65_536):
                pass


class RejectNulBytes:
    """Answers 400 to NUL in what is sent to a page: PostgreSQL can neither store nor search it, and
    no person types it. The API and sign-in refuse it in words of their own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Everything happens when the view is known, after the CSRF token was looked at."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: object, *args: object) -> None:
        """Look through the address and the form."""
        if request.path_info.startswith("/api/"):
            return
        nul = "\x00" in request.path_info or _holds_nul(request.GET)
        nul = nul or (request.method == "POST" and _holds_nul(request.POST))
        if nul and request.user.is_authenticated:
            raise BadRequest("NUL in an address or a form.")


def _holds_nul(values: QueryDict) -> bool:
    return any("\x00" in text for name, texts in values.lists() for text in (name, *texts))
