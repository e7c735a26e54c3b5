"""Planned work beside the alerts of an incident, in words: what speaks for and against."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from uuid import UUID

from django.utils.translation import gettext

from alerts.incidents.models import Incident, PlannedAlert
from portal.ui.moments import moment_words
from portal.ui.words import length

MAX_WORKS = 3
_ORDER = (PlannedAlert.Fit.LATE, PlannedAlert.Fit.NOT_NAMED, PlannedAlert.Fit.INSIDE)


@dataclass(frozen=True, slots=True)
class PlannedCheck:
    """What one planned work says of an incident. `is_expected`: it speaks for it."""

    work: UUID
    is_expected: bool
    words: str


def planned_checks(incident: Incident, *, now: datetime, zone: tzinfo) -> list[PlannedCheck]:
    """Return what planned work says of the incident, what speaks against it first."""
    rows = (
        PlannedAlert.objects.filter(alert__incidents=incident, known_until=None)
        .order_by("ends_at", "alert")
        .values_list("work", "fit", "title", "work_order", "ends_at", "inside_until", "alert__at")
    )
    found: dict[tuple[UUID, str], PlannedCheck] = {}
    for work, fit, title, order, ends_at, inside_until, at in rows[:500]:
        name = ", ".join(filter(None, (order, title)))
        told = _words(
            fit, name, late=at - inside_until, until=moment_words(ends_at, now, zone=zone)
        )
        found[work, fit] = PlannedCheck(work, fit == PlannedAlert.Fit.INSIDE, told)
    ordered = sorted(found, key=lambda key: _ORDER.index(PlannedAlert.Fit(key[1])))
    return [found[key] for key in ordered[:MAX_WORKS]]


def _words(fit: str, name: str, *, late: timedelta, until: str) -> str:
    if fit == PlannedAlert.Fit.INSIDE:
        told = gettext("Inside planned work %(name)s, until %(until)s")
        return told % {"name": name, "until": until}
    if fit == PlannedAlert.Fit.LATE:
        told = gettext("Outside planned work %(name)s: %(span)s late")
        return told % {"name": name, "span": length(late)}
    told = gettext("During planned work %(name)s, but with a device that it does not name")
    return told % {"name": name}
