"""What the frame and the list of reviews show of suppression: rules to sign, whether it is off, and
what OT is asked about changes of its plant.
"""

from typing import Final
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from alerts.reviews.registry import PlantQuestion
from alerts.suppression.deploying.kill_switch import stops_in_force
from alerts.suppression.drafting.drift_questions import drift_waiting_for
from alerts.suppression.drafting.drift_sentence import drift_sentence
from alerts.suppression.signing.awaiting_signature import count_awaiting_signature
from alerts.suppression.web.drift_words import ask_words
from portal import clock
from portal.accounts.models import User
from portal.ui.shell import FooterLine

MAX_QUESTIONS: Final = 50


def count_rules_to_sign(request: HttpRequest) -> int:
    """Return how many rules wait for the signature of the signed-in person."""
    return count_awaiting_signature(request.user) if isinstance(request.user, User) else 0


def plant_questions_about_drift(person: User) -> list[PlantQuestion]:
    """Return the questions about changes of a plant that wait for this person, as the list of
    reviews shows them.
    """
    return [
        PlantQuestion(
            href=reverse("suppression:drift", args=[row.uuid]),
            title=drift_sentence(
                row, today=clock.now().astimezone(ZoneInfo(row.site.time_zone)).date()
            ),
            ask=ask_words(row),
            site=row.site.name,
            time_zone=row.site.time_zone,
            asked_at=row.asked_at,
        )
        for row in drift_waiting_for(person)[:MAX_QUESTIONS]
    ]


def count_drift_questions(person: User) -> int:
    """Return how many of them there are."""
    return drift_waiting_for(person).count()


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
