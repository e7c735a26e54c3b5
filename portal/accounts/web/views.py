"""Sign in, sign out, set preferences."""

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.actor import actor_of
from portal.accounts.models import User
from portal.accounts.web.forms import PreferencesForm


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with a local account and go on to where the person wanted to go."""
    goal = request.POST.get("next") or request.GET.get("next") or settings.LOGIN_REDIRECT_URL
    if not url_has_allowed_host_and_scheme(goal, {request.get_host()}, request.is_secure()):
        goal = settings.LOGIN_REDIRECT_URL
    if request.user.is_authenticated:
        return HttpResponseRedirect(goal)
    form = AuthenticationForm(request, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        login(request, form.get_user())
        return HttpResponseRedirect(goal)
    page = {"form": form, "next": goal}
    return render(request, "portal/accounts/login.html", page, status=422 if form.errors else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    logout(request)
    return redirect("login")


@require_POST
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
    return HttpResponseRedirect(goal)
