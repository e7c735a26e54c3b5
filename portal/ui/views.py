"""The gallery of the kit, the choice of a theme, and what is shown when something went wrong."""

import logging
import secrets
import sys

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

from portal import clock
from portal.accounts.sessions import actor_of, allow_limited_session, is_not_work
from portal.api.problems import problem_response
from portal.ui import gallery as samples
from portal.ui.context import SCRIPTS_COOKIE, THEME_COOKIE, THEMES
from portal.ui.navigation import groups_for
from portal.ui.palette import MAX_TEXT, find_everything
from portal.ui.responses import is_part_request, post_only, render_page, vary

logger = logging.getLogger(__name__)

A_YEAR = 365 * 24 * 3600


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """Every piece of the kit in every state; `?theme=dark` shows it dark."""
    return _sample_page(request, "portal/ui/gallery.html")


@require_safe
def gallery_frame(request: HttpRequest, layout: str) -> HttpResponse:
    """One whole page of sample data: the list with its preview, or the phone's answer page."""
    templates = {"list": "portal/ui/gallery_list.html", "phone": "portal/ui/gallery_phone.html"}
    return _sample_page(request, templates.get(layout, "portal/ui/gallery.html"))


def _sample_page(request: HttpRequest, template: str) -> HttpResponse:
    if not actor_of(request).is_staff:
        raise PermissionDenied
    if request.GET.get("theme") in THEMES:
        request.COOKIES[THEME_COOKIE] = request.GET["theme"]
    now = clock.now()
    return render(request, template, {"now": now, **samples.everything(now)})


@allow_limited_session
@require_safe
def without_scripts(request: HttpRequest) -> HttpResponse:
    """An empty style sheet that only browsers without scripts fetch: from the next page on, parts
    that a script would fetch come with the page.
    """
    answer = HttpResponse(content_type="text/css")
    answer.set_cookie(SCRIPTS_COOKIE, "off", samesite="Lax", secure=request.is_secure())
    return answer


@is_not_work
@allow_limited_session
@require_safe
def foot(request: HttpRequest) -> HttpResponse:
    """The foot of the rail once more, so that the age it shows stays true while a page is open.
    With `about` what the page shows on top of late data: of that workspace, or of all (empty).
    """
    part = "layouts/_stale.html" if "about" in request.GET else "layouts/_foot.html"
    return vary(render(request, part))


@is_not_work
@allow_limited_session
@require_safe
def counts(request: HttpRequest) -> HttpResponse:
    """The links of the rail and the bell once more, so that their numbers agree with the page."""
    groups = groups_for(request, at=request.GET.get("at", ""))
    return vary(render(request, "layouts/_counts.html", {"groups": groups}))


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Everything that a text finds: a page, or for the palette its results. What the text names
    exactly opens at once where no palette asks.
    """
    text = " ".join(request.GET.get("q", "")[:MAX_TEXT].split())
    found, in_palette = find_everything(request, text), is_part_request(request)
    if not in_palette and found.exact is not None:
        return HttpResponseRedirect(found.exact.url)
    context = {"found": found, "in_palette": in_palette}
    return render_page(request, "portal/ui/search.html", context, part="results")


@allow_limited_session
@post_only(otherwise=lambda: "/")
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie; an empty choice follows the system again."""
    goal = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(goal, {request.get_host()}, request.is_secure()):
        goal = "/"
    answer = HttpResponseRedirect(goal)
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        answer.set_cookie(
            THEME_COOKIE, chosen, max_age=A_YEAR, samesite="Lax", secure=request.is_secure()
        )
    else:
        answer.delete_cookie(THEME_COOKIE, samesite="Lax")
    return answer


def _failure(request: HttpRequest, status: int, *, is_stale: bool = False) -> HttpResponse:
    """The page (or, for htmx, the block) that shows what failed, with a number to name it by."""
    reference = secrets.token_hex(4)
    logger.warning("%s answered %s, reference %s", request.path, status, reference)
    if request.path.startswith("/api/"):
        return problem_response(
            status, "The request did not get as far as the API.", reference=reference
        )
    name = "portal/ui/failure.html"
    if is_part_request(request):
        name += "#block"
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    frame = {"theme": chosen if chosen in THEMES else ""}
    # Rendered without context processors: the database may be what failed.
    limit = settings.MAX_REQUEST_BYTES // (1024 * 1024)
    page = {
        "status": status,
        "is_stale": is_stale,
        "reference": reference,
        "shell": frame,
        "limit": limit,
    }
    body = render_to_string(name, page)
    return vary(HttpResponse(body, status=status))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400: the request could not be understood; or 413 where it is too large."""
    return _failure(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: not within this person's rights."""
    return _failure(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: nothing here, or nothing that this person may see."""
    return _failure(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our own mistake; or 503 when it is the database that does not answer."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return unavailable(request)
    return _failure(request, 500)


def unavailable(request: HttpRequest) -> HttpResponse:
    """503: the portal is not ready to answer."""
    return _failure(request, 503)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form was older than the sign-in, or came from elsewhere."""
    logger.warning("A form for %s was refused: %s", request.path, reason)
    return _failure(request, 403, is_stale=True)
