"""Sign in with a local account."""

from typing import cast

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal import clock
from portal.accounts.actor import actor_of
from portal.accounts.devices import device_of, remember_device
from portal.accounts.middleware import allow_limited_session
from portal.accounts.models import User
from portal.accounts.password_checks import (
    KNOWN_PEOPLE,
    RETRY_AFTER,
    STRANGERS,
    CheckQueue,
    TooManyChecks,
)
from portal.accounts.proof import PasswordCheck, note_proof
from portal.accounts.services import note_sign_in
from portal.accounts.services.attempts import (
    COUNTED_FOR,
    Attempt,
    TooManyAttempts,
    account_of,
    begin_attempt,
    forget_attempt,
    forget_failures,
    note_failure,
)
from portal.accounts.sessions import SessionStore
from portal.accounts.web.forms import SignInForm
from portal.accounts.web.language import remember_language
from portal.proxies import client_address, counted_as


@allow_limited_session
@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with a local account and go on to where the person wanted to go."""
    goal = request.POST.get("next") or request.GET.get("next") or settings.LOGIN_REDIRECT_URL
    if not url_has_allowed_host_and_scheme(goal, {request.get_host()}, request.is_secure()):
        goal = settings.LOGIN_REDIRECT_URL
    if request.user.is_authenticated and not _session_of(request).is_limited:
        return HttpResponseRedirect(goal)
    if request.method == "POST":
        return _try(request, goal)
    known = {}
    if request.user.is_authenticated:  # on a phone that stays signed in
        known = {"username": actor_of(request).email, "stay": True}
    return _page(request, SignInForm(request, initial=known), goal)


def _try(request: HttpRequest, goal: str) -> HttpResponse:
    """Look at the password, unless too many were wrong or are looked at right now."""
    account = account_of(request.POST.get("username", ""))
    device = device_of(request, account)
    queue = KNOWN_PEOPLE if device else STRANGERS
    source = f"device {device}" if device else ""
    attempt = Attempt(account, counted_as(client_address(request)), source)
    try:
        with queue.place(account):
            return _look_at(request, goal, attempt, queue)
    except TooManyAttempts:
        words = gettext(
            "Too many attempts. Wait 15 minutes, then try again, or sign in on a device that you"
            " have used before."
        )
        if device:  # this is one
            words = PasswordCheck.TOO_MANY_TRIES.reason
        waits = int(COUNTED_FOR.total_seconds())
        return _wait(request, goal, words, status=429, seconds=waits)
    except TooManyChecks:
        words = PasswordCheck.TOO_BUSY.reason
        return _wait(request, goal, words, status=503, seconds=RETRY_AFTER)


def _look_at(request: HttpRequest, goal: str, attempt: Attempt, queue: CheckQueue) -> HttpResponse:
    now = clock.unshifted()
    row = begin_attempt(attempt, now=now)
    form = SignInForm(request, request.POST)
    try:
        with queue.turn():
            is_right = form.is_valid()
    except TooManyChecks:
        forget_attempt(row)
        raise
    person = _begin_session(request, form) if is_right else None
    if is_right and person is None:
        form.add_error(None, form.get_invalid_login_error())
    if person is None:
        note_failure(attempt, now=now)
        return _page(request, form, goal, status=422)
    forget_failures(attempt)
    response = HttpResponseRedirect(goal)
    remember_device(request, response, person)
    return remember_language(response, person.language)


@transaction.atomic
def _begin_session(request: HttpRequest, form: SignInForm) -> User | None:
    """Sign the person in, unless their account was disabled since their password was looked at."""
    person = User.objects.lock(form.get_user().pk)
    if not person.is_active:
        return None
    now = clock.now()
    login(request, form.get_user())
    note_proof(request, now=now)
    _session_of(request).begin(stays=form.cleaned_data["stay"])
    note_sign_in(user=person, address=client_address(request), now=now)
    return person


def _session_of(request: HttpRequest) -> SessionStore:
    return cast(SessionStore, request.session)


def _wait(
    request: HttpRequest, goal: str, words: str, *, status: int, seconds: int
) -> HttpResponse:
    typed = {"username": request.POST.get("username", "")[:254], "stay": "stay" in request.POST}
    response = _page(request, SignInForm(request, initial=typed), goal, words, status=status)
    response["Retry-After"] = str(seconds)
    return response


def _page(
    request: HttpRequest, form: SignInForm, goal: str, waits: str = "", *, status: int = 200
) -> HttpResponse:
    is_limited = request.user.is_authenticated
    page = {"form": form, "next": goal, "waits": waits, "is_limited": is_limited}
    return render(request, "portal/accounts/login.html", page, status=status)
