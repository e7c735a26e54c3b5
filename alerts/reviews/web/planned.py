"""“Planned until”: the times that an answer offers, and the one that was chosen."""

from datetime import datetime, timedelta

from django.utils.translation import gettext

from alerts.planned_work.services import CannotPlanWork
from alerts.reviews.models import Annotation
from alerts.reviews.web.forms import OVER
from portal.moments import in_utc
from portal.ui.pieces import Choice
from portal.ui.zones import zone_of

_STEPS = (timedelta(hours=2), timedelta(hours=4))


def until_choices(time_zone: str, *, now: datetime) -> list[Choice]:
    """Return that it is over, and two full hours on the clock of the plant."""
    local = now.astimezone(zone_of(time_zone))
    hours = [(local + step).replace(minute=0, second=0, microsecond=0) for step in _STEPS]
    return [
        Choice(OVER, gettext("It is over")),
        *(Choice(each.isoformat(), f"{each:%H:%M}") for each in hours),
    ]


def read_until(text: str, given: Annotation) -> datetime:
    """Return the moment that was chosen; without an offset it is on the clock of the plant."""
    try:
        until = datetime.fromisoformat(text)
        if until.tzinfo is None:
            sites = given.alerts.exclude(site=None)
            names = set(sites.values_list("site__time_zone", flat=True))
            until = until.replace(tzinfo=zone_of(min(names, default="UTC")))
        return in_utc(until)
    except ValueError:
        raise CannotPlanWork(gettext("Enter a day and a time.")) from None
