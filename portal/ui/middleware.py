"""What htmx must be told differently from a browser."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url

from portal.ui.htmx import vary


class SignInAgain:
    """When the session ended under an open page, the whole page goes to sign-in and comes back.

    Without this, htmx would follow the redirect and put the sign-in page into a panel.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Turn a redirect to sign-in into one for the page around the part."""
        response = self._get_response(request)
        htmx = getattr(request, "htmx", None)
        sign_in = resolve_url(settings.LOGIN_URL)
        if not htmx or not isinstance(response, HttpResponseRedirect):
            return response
        if not response.url.startswith(f"{sign_in}?"):
            return response
        answer = HttpResponse(status=204)
        query = urlencode({"next": htmx.current_url_abs_path or "/"})
        answer["HX-Redirect"] = f"{sign_in}?{query}"
        return vary(answer)
