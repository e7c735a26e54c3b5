"""Change one's own password."""

from typing import cast

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from portal import clock
from portal.accounts.actor import actor_of
from portal.accounts.devices import remember_device
from portal.accounts.password_checks import KNOWN_PEOPLE, RETRY_AFTER, TooManyChecks
from portal.accounts.proof import PasswordCheck, check_password_again
from portal.accounts.services import CannotChangePassword, change_password
from portal.accounts.sessions import SessionStore
from portal.accounts.web.forms import PasswordForm
from portal.ui.toasts import leave_toast


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest) -> HttpResponse:
    """Ask for the old password and the new one twice; then all other sessions end."""
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "GET":
        return _page(request, form)
    if not form.is_valid():
        return _page(request, form, status=422)
    given, now = form.cleaned_data, clock.now()
    outcome = check_password_again(request, given["current"], now=now)
    if outcome is not PasswordCheck.RIGHT:
        form.add_error("current", outcome.reason)
        return _refusal(request, form, outcome)
    try:
        with KNOWN_PEOPLE.place(actor_of(request).email), KNOWN_PEOPLE.turn():
            person = change_password(
                person_id=actor_of(request).pk, password=given["new"], by=actor_of(request), now=now
            )
    except TooManyChecks:
        form.add_error(None, PasswordCheck.TOO_BUSY.reason)
        return _refusal(request, form, PasswordCheck.TOO_BUSY)
    except CannotChangePassword as refusal:
        form.add_error("new", list(refusal.reasons))
        return _page(request, form, status=422)
    session = cast(SessionStore, request.session)
    session.create()  # all ended, this one too
    update_session_auth_hash(request, person)
    session.begin(stays=session.stays)
    response = redirect("change-password")
    remember_device(request, response, person)
    told = gettext("Your password was changed. All your other sessions have ended.")
    return leave_toast(request, response, told)


def _refusal(request: HttpRequest, form: PasswordForm, outcome: PasswordCheck) -> HttpResponse:
    statuses = {PasswordCheck.TOO_MANY_TRIES: 429, PasswordCheck.TOO_BUSY: 503}
    response = _page(request, form, status=statuses.get(outcome, 422))
    if outcome is PasswordCheck.TOO_BUSY:
        response["Retry-After"] = str(RETRY_AFTER)
    return response


def _page(request: HttpRequest, form: PasswordForm, *, status: int = 200) -> HttpResponse:
    page = {"form": form}
    return render(request, "portal/accounts/change_password.html", page, status=status)
