"""The overview of an incident: past cases, planned work, and checks for and against."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from uuid import UUID

from django.utils.translation import gettext, ngettext

from alerts.incidents.models import Incident, PlannedAlert
from alerts.incidents.page.pattern_history import (
    PatternHistory,
    RecentSightings,
    has_new_pair,
    usual_hours_of,
)
from alerts.incidents.wording import usual_hours_checks, usual_pattern_check
from portal.ui.moments import moment_words
from portal.ui.pieces import ChartPoint
from portal.ui.words import length, number

MAX_WORKS = 3
_ORDER = (PlannedAlert.Fit.LATE, PlannedAlert.Fit.NOT_NAMED, PlannedAlert.Fit.INSIDE)


@dataclass(frozen=True, slots=True)
class PlannedCheck:
    """How one planned work relates to an incident. `is_expected`: the work explains it."""

    work: UUID
    is_expected: bool
    words: str


def planned_checks(incident: Incident, *, now: datetime, zone: tzinfo) -> list[PlannedCheck]:
    """Return how planned work relates to the incident, what counts against it first. Work of a
    file that came after the alert is left out.
    """
    rows = (
        PlannedAlert.objects.filter(
            alert__incidents=incident, known_until=None, is_after_fact=False
        )
        .order_by("ends_at", "alert")
        .values_list("work", "fit", "title", "work_order", "ends_at", "inside_until", "alert__at")
    )
    checks: dict[tuple[UUID, str], PlannedCheck] = {}
    for work, fit, title, order, ends_at, inside_until, at in rows[:500]:
        name = ", ".join(filter(None, (order, title)))
        sentence = _words(
            fit, name, late=at - inside_until, until=moment_words(ends_at, now, zone=zone)
        )
        checks[work, fit] = PlannedCheck(work, fit == PlannedAlert.Fit.INSIDE, sentence)
    ordered = sorted(checks, key=lambda key: _ORDER.index(PlannedAlert.Fit(key[1])))
    return [checks[key] for key in ordered[:MAX_WORKS]]


def _words(fit: str, name: str, *, late: timedelta, until: str) -> str:
    if fit == PlannedAlert.Fit.INSIDE:
        sentence = gettext("Inside planned work %(name)s, until %(until)s")
        return sentence % {"name": name, "until": until}
    if fit == PlannedAlert.Fit.LATE:
        sentence = gettext("Outside planned work %(name)s: %(span)s late")
        return sentence % {"name": name, "span": length(late)}
    sentence = gettext("During planned work %(name)s, but with a device that it does not name")
    return sentence % {"name": name}


def incident_checks(
    incident: Incident,
    sightings: RecentSightings,
    verdicts: PatternHistory | None,
    zone: str,
    *,
    is_doubted: bool,
) -> list[tuple[bool | None, str]]:
    """What can be computed for and against: what OT said, known pair, usual hours. Where the
    history `is_doubted`, none of it speaks for the incident.
    """
    if incident.pattern is None:
        return []
    checks = [] if verdicts is None else [_judged(verdicts, is_doubted=is_doubted)]
    checks.append(_pair(incident, sightings, is_doubted=is_doubted))
    checks += usual_hours_checks(usual_hours_of(incident), zone, is_doubted=is_doubted)
    return checks


def _pair(
    incident: Incident, sightings: RecentSightings, *, is_doubted: bool
) -> tuple[bool | None, str]:
    is_usual, first = usual_pattern_check(sightings.before, sightings.days, is_doubted=is_doubted)
    if is_usual is None or sightings.before:
        return is_usual, first
    if has_new_pair(incident):
        first = gettext("The first day these two were seen together")
    if not sightings.since:
        return False, first
    more = ngettext("%(first)s; %(n)s more since", "%(first)s; %(n)s more since", sightings.since)
    return False, more % {"first": first, "n": number(sightings.since)}


def _judged(verdicts: PatternHistory, *, is_doubted: bool) -> tuple[bool | None, str]:
    sign = verdicts.sign(is_doubted=is_doubted)
    bad = verdicts.counts["suspicious"]
    if bad:
        words = ngettext(
            "OT called it suspicious in %(n)s of %(all)s answer",
            "OT called it suspicious in %(n)s of %(all)s answers",
            verdicts.judged,
        )
        return sign, words % {"n": number(bad), "all": number(verdicts.judged)}
    good = verdicts.counts["routine"] + verdicts.counts["maintenance"]
    words = ngettext(
        "OT called it harmless in %(n)s of %(all)s answer",
        "OT called it harmless in %(n)s of %(all)s answers",
        verdicts.judged,
    )
    return sign, words % {"n": number(good), "all": number(verdicts.judged)}


def points_of(sightings: RecentSightings, *, is_doubted: bool) -> list[ChartPoint]:
    """The weeks as bars. This week, the last, is hot where the history `is_doubted`: nothing is
    alarming about a harmless pattern that comes every week.
    """
    last = len(sightings.weeks) - 1
    return [
        ChartPoint(label, n, is_doubted and at == last and n > 0)
        for at, (label, n) in enumerate(sightings.weeks)
    ]


def bars_title(sightings: RecentSightings) -> str:
    """The bars as text for a screen reader."""
    this = sightings.weeks[-1][1] if sightings.weeks else 0
    words = gettext("Weekly counts for 13 weeks: %(all)s in all, %(this)s this week")
    return words % {"all": number(sightings.count), "this": number(this)}
