"""Who proved who they are within five minutes need not do it again."""

from datetime import datetime

from django.http import HttpRequest
from django.utils.translation import gettext

from alerts.suppression.engine.guards.signing import FRESH
from portal.accounts.proof import check_password_again, proved_at_of


def needs_password(request: HttpRequest, *, now: datetime) -> bool:
    """Whether signing asks for the password again."""
    proved = proved_at_of(request)
    return proved is None or not proved <= now <= proved + FRESH


def reason_not_proved(request: HttpRequest, *, now: datetime) -> str:
    """Takes the password of the form where one is needed; why it does not do, or nothing."""
    if not needs_password(request, now=now):
        return ""
    password = request.POST.get("password", "")
    if not password:
        return gettext("Enter your password to prove that the signature is yours.")
    return check_password_again(request, password, now=now).reason
