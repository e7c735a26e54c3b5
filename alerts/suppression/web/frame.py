"""What the frame of every page shows of suppression: rules to sign, and whether it is off."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from alerts.suppression.deploying.kill_switch import stops_in_force
from alerts.suppression.signing.awaiting_signature import count_awaiting_signature
from portal.accounts.models import User
from portal.ui.shell import FooterLine


def count_rules_to_sign(request: HttpRequest) -> int:
    """Return how many rules wait for the signature of the signed-in person."""
    return count_awaiting_signature(request.user) if isinstance(request.user, User) else 0


def suppression_off_line(request: HttpRequest) -> FooterLine | None:
    """Return where suppression is switched off; None where it is not."""
    if not isinstance(request.user, User) or not (stops := stops_in_force(request.user)):
        return None
    place = stops[0].workspace
    if place is None:
        text = gettext("Suppression is off everywhere")
    else:
        text = gettext("Suppression is off in %(name)s") % {"name": place.name}
    return FooterLine(text, "warn", reverse("suppression:off"))
