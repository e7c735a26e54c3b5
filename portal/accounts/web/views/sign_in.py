"""Sign in and out with a local account; a person's own password and preferences."""

from typing import cast

from django.conf import settings
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal import clock
from portal.accounts.devices import device_of, remember_device
from portal.accounts.models import User
from portal.accounts.password_checks import (
    OWN_DEVICES,
    RETRY_AFTER,
    STRANGERS,
    CheckQueue,
    PasswordCheck,
    TooManyChecks,
    check_password_again,
    note_proof,
)
from portal.accounts.services.attempts import (
    COUNTED_FOR,
    SignInAttempt,
    TooManyAttempts,
    account_of,
    begin_attempt,
    delete_attempt,
    delete_failures,
    note_wrong_password,
)
from portal.accounts.services.people import CannotChangePassword, change_password, note_sign_in
from portal.accounts.sessions import SessionStore, actor_of, allow_limited_session
from portal.accounts.web.forms import PasswordForm, PreferencesForm, SignInForm
from portal.runtime.proxies import client_address, counted_as
from portal.ui.responses import leave_toast, post_only

A_YEAR = 365 * 24 * 3600


def remember_language(response: HttpResponse, language: str) -> HttpResponse:
    """Have the browser keep the language; where none was chosen it keeps what it has."""
    if language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=A_YEAR,
            samesite="Lax",
            secure=settings.LANGUAGE_COOKIE_SECURE,
        )
    return response


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
    initial = {}
    if request.user.is_authenticated:  # on a phone that stays signed in
        initial = {"username": actor_of(request).email, "stay": True}
    return _page(request, SignInForm(request, initial=initial), goal)


def _try(request: HttpRequest, goal: str) -> HttpResponse:
    """Look at the password, unless too many were wrong or are looked at right now."""
    account = account_of(request.POST.get("username", ""))
    device = device_of(request, account)
    queue = OWN_DEVICES if device else STRANGERS
    source = f"device {device}" if device else ""
    attempt = SignInAttempt(account, counted_as(client_address(request)), source)
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


def _look_at(
    request: HttpRequest, goal: str, attempt: SignInAttempt, queue: CheckQueue
) -> HttpResponse:
    now = clock.unshifted()
    row = begin_attempt(attempt, now=now)
    form = SignInForm(request, request.POST)
    try:
        with queue.turn():
            is_right = form.is_valid()
    except TooManyChecks:
        delete_attempt(row)
        raise
    person = _begin_session(request, form) if is_right else None
    if is_right and person is None:
        form.add_error(None, form.get_invalid_login_error())
    if person is None:
        note_wrong_password(attempt, now=now)
        return _page(request, form, goal, status=422)
    delete_failures(attempt)
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


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """Ask for the old password and the new one twice; then all other sessions end."""
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "GET":
        return _password_page(request, form)
    if not form.is_valid():
        return _password_page(request, form, status=422)
    values, now = form.cleaned_data, clock.now()
    outcome = check_password_again(request, values["current"], now=now)
    if outcome is not PasswordCheck.RIGHT:
        form.add_error("current", outcome.reason)
        return _refusal(request, form, outcome)
    try:
        with OWN_DEVICES.place(actor_of(request).email), OWN_DEVICES.turn():
            person = change_password(
                person_id=actor_of(request).pk,
                password=values["new"],
                by=actor_of(request),
                now=now,
            )
    except TooManyChecks:
        form.add_error(None, PasswordCheck.TOO_BUSY.reason)
        return _refusal(request, form, PasswordCheck.TOO_BUSY)
    except CannotChangePassword as refusal:
        form.add_error("new", list(refusal.reasons))
        return _password_page(request, form, status=422)
    session = cast(SessionStore, request.session)
    session.create()  # all ended, this one too
    update_session_auth_hash(request, person)
    session.begin(stays=session.stays)
    response = redirect("change-password")
    remember_device(request, response, person)
    message = gettext("Your password was changed. All your other sessions have ended.")
    return leave_toast(request, response, message)


def _refusal(request: HttpRequest, form: PasswordForm, outcome: PasswordCheck) -> HttpResponse:
    statuses = {PasswordCheck.TOO_MANY_TRIES: 429, PasswordCheck.TOO_BUSY: 503}
    response = _password_page(request, form, status=statuses.get(outcome, 422))
    if outcome is PasswordCheck.TOO_BUSY:
        response["Retry-After"] = str(RETRY_AFTER)
    return response


def _password_page(request: HttpRequest, form: PasswordForm, *, status: int = 200) -> HttpResponse:
    page = {"form": form}
    return render(request, "portal/accounts/change_password.html", page, status=status)


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
