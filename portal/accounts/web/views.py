"""Sign in, sign out, set preferences."""

from typing import cast

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal import clock
from portal.accounts.actor import actor_of
from portal.accounts.middleware import allow_limited_session
from portal.accounts.models import User
from portal.accounts.proof import note_proof
from portal.accounts.services import note_failure, note_sign_in, too_many_failures
from portal.accounts.sessions import SessionStore
from portal.accounts.web.forms import PreferencesForm, SignInForm
from portal.ui.forms_only import post_only


@allow_limited_session
@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with a local account and go on to where the person wanted to go."""
    goal = request.POST.get("next") or request.GET.get("next") or settings.LOGIN_REDIRECT_URL
    if not url_has_allowed_host_and_scheme(goal, {request.get_host()}, request.is_secure()):
        goal = settings.LOGIN_REDIRECT_URL
    session = cast(SessionStore, request.session)
    if request.user.is_authenticated and not session.is_limited:
        return HttpResponseRedirect(goal)
    known = None
    if request.user.is_authenticated:  # on a phone that stays signed in
        known = {"username": actor_of(request).email, "stay": True}
    form = SignInForm(request, request.POST if request.method == "POST" else None, initial=known)
    status, waits = 200, ""
    if request.method == "POST":
        email = request.POST.get("username", "")
        address = request.META.get("REMOTE_ADDR") or None  # never a forwarded header
        if too_many_failures(email=email, address=address, now=clock.unshifted()):
            form = SignInForm(request)  # unbound: the password is not even tried
            waits = _("Too many attempts. Wait 15 minutes, then try again.")
            status = 429
        elif form.is_valid():
            login(request, form.get_user())
            now = clock.now()
            note_sign_in(user=actor_of(request), address=address, now=now)
            note_proof(request, now=now)
            session.begin(stays=form.cleaned_data["stay"])
            return _with_language(HttpResponseRedirect(goal), actor_of(request).language)
        else:
            note_failure(email=email, address=address, now=clock.unshifted())
            status = 422
    page = {"form": form, "next": goal, "waits": waits, "is_limited": known is not None}
    return render(request, "portal/accounts/login.html", page, status=status)


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
    return _with_language(HttpResponseRedirect(goal), str(chosen.get("language", "")))


def _with_language(answer: HttpResponse, language: str) -> HttpResponse:
    """Remember the person's language where Django looks for it."""
    if language:
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 86400,
            samesite="Lax", secure=settings.LANGUAGE_COOKIE_SECURE,
        )  # fmt: skip
    return answer
