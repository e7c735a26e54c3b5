"""Sign out, set preferences."""

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from portal.accounts.actor import actor_of
from portal.accounts.middleware import allow_limited_session
from portal.accounts.models import User
from portal.accounts.web.forms import PreferencesForm
from portal.accounts.web.language import remember_language
from portal.ui.forms_only import post_only


@allow_limited_session
@post_only(otherwise=lambda: "/")
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    logout(request)
    return redirect("login")


@allow_limited_session
@post_only(otherwise=lambda: "/")
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep a choice of the person's own: time display, language, shortcut keys."""
    form = PreferencesForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"errors": form.errors}, status=422)
    chosen = {name: value for name, value in form.cleaned_data.items() if name in request.POST}
    User.objects.filter(pk=actor_of(request).pk).update(**chosen) if chosen else None
    goal = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(goal, {request.get_host()}, request.is_secure()):
        goal = "/"
    return remember_language(HttpResponseRedirect(goal), str(chosen.get("language", "")))
