"""Planned work in the words of its pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from uuid import UUID

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext, gettext_lazy

from alerts.planned_work.engine.matching import SLACK
from alerts.planned_work.engine.origin import OriginKind
from alerts.planned_work.models import Occurrence, PlannedWork, Revision, WorkKind, WorkStep
from alerts.planned_work.queries import AlertCounts, ScopeNames
from portal.ui.moments import day_of, moment_words, period_words, zone_name
from portal.ui.words import length, number

EXTENDED_BY = timedelta(hours=2)
DAY = timedelta(days=1)
STEPS = {
    "made": gettext_lazy("planned it"),
    "changed": gettext_lazy("changed it"),
    "extended": gettext_lazy("extended it"),
    "confirmed": gettext_lazy("confirmed it as the second person"),
    "done": gettext_lazy("said that it is done"),
    "cancelled": gettext_lazy("cancelled it"),
    "ended": gettext_lazy("ended it"),
    "asked": gettext_lazy("asked whether it still goes on"),
}


@dataclass(frozen=True, slots=True)
class ShownWork:
    """One occurrence with the words that pages need."""

    it: Occurrence
    title: str
    kind: str
    detail: str  # work order · vendor
    hours: str
    end: str  # 13:00
    slack_end: str
    over: str  # how long it is past its end; empty where it is not
    is_recurring: bool
    counts: AlertCounts
    extend_to: str  # as forms send it; empty where it cannot be extended
    extend_words: str


def shown(
    occurrence: Occurrence, *, zone: tzinfo, now: datetime, counts: Mapping[UUID, AlertCounts]
) -> ShownWork:
    """Return an occurrence in words."""
    revision = occurrence.revision
    is_over = (
        occurrence.done_at is None
        and occurrence.late_until is not None
        and occurrence.ends_at <= now
    )
    goal = next_end(occurrence, zone=zone, now=now)
    end = occurrence.ends_at.astimezone(zone)
    return ShownWork(
        it=occurrence,
        title=revision.title,
        kind=str(WorkKind(revision.kind).label),
        detail=" · ".join(filter(None, (revision.work_order, revision.vendor))),
        hours=hours_of(occurrence, zone=zone, now=now),
        end=f"{end:%H:%M}",
        slack_end=f"{end + SLACK:%H:%M}",
        over=length(now - occurrence.ends_at) if is_over else "",
        is_recurring=revision.is_recurring,
        counts=counts.get(occurrence.uuid, AlertCounts()),
        extend_to=goal.isoformat() if occurrence.done_at is None else "",
        extend_words=f"{goal:%H:%M}",
    )


def hours_of(occurrence: Occurrence, *, zone: tzinfo, now: datetime) -> str:
    """Return its hours on the clock of the plant, with the day of the end where it lasts a day or
    longer.
    """
    start, end = occurrence.starts_at.astimezone(zone), occurrence.ends_at.astimezone(zone)
    if occurrence.ends_at - occurrence.starts_at < DAY:
        return f"{start:%H:%M}–{end:%H:%M}"
    return f"{start:%H:%M} – {day_of(end, now.astimezone(zone))}, {end:%H:%M}"


def next_end(occurrence: Occurrence, *, zone: tzinfo, now: datetime) -> datetime:
    """Return the end that one press extends the work to: two hours on, at a full hour."""
    local = (max(now, occurrence.ends_at) + EXTENDED_BY).astimezone(zone)
    return local.replace(minute=0, second=0, microsecond=0)


def work_facts(
    occurrence: Occurrence, names: ScopeNames, *, zone: tzinfo, now: datetime
) -> list[tuple[str, str]]:
    """Return what is planned, as pairs of name and value."""
    revision = occurrence.revision
    when = period_words(
        occurrence.starts_at, occurrence.ends_at, now, zone, is_dated=True, is_local=True
    )
    pairs = [
        (gettext("When"), f"{when} {zone_name(occurrence.starts_at.astimezone(zone))}"),
        (gettext("Repeats"), recurrence_words(revision)),
        (gettext("Work order"), revision.work_order),
        (gettext("Vendor"), revision.vendor),
        (gettext("People"), revision.people),
        (gettext("From"), ", ".join(names.from_)),
        (gettext("To"), ", ".join(names.to)),
        (gettext("Devices"), ", ".join(names.any)),
        (gettext("Whole zone"), revision.zone.name if revision.zone else ""),
        (gettext("Known since"), entry_words(revision, zone=zone, now=now)),
        (gettext("Before that"), origin_words(occurrence, zone=zone, now=now)),
    ]
    return [(name, value) for name, value in pairs if value]


def entry_words(revision: Revision, *, zone: tzinfo, now: datetime) -> str:
    """Return who entered it, and when."""
    return f"{moment_words(revision.known_from, now, zone=zone)}, {revision.by_label}"


def origin_words(occurrence: Occurrence, *, zone: tzinfo, now: datetime) -> str:
    """Return since when history counts this time as known that a file brought after it had begun,
    and by whose word; empty for Tagout's own clock.
    """
    at = moment_words(occurrence.known_from, now, zone=zone)
    if occurrence.origin == OriginKind.CALENDAR:
        text = gettext(
            "from the calendar, written down %(at)s. Back-tests and patterns count it from then "
            "on; it closes nothing that came before Tagout had it."
        )
    elif occurrence.origin == OriginKind.START:
        text = gettext(
            "the file does not say when it was created. Back-tests and patterns count it from its "
            "start, %(at)s, on; it closes nothing that came before Tagout had it."
        )
    else:
        return ""
    return text % {"at": at}


def recurrence_words(revision: Revision) -> str:
    """Return the recurrence in words where it is a plain one, else as RFC 5545 spells it."""
    if not revision.rule:
        return gettext("on other dates too") if revision.is_recurring else ""
    schedule = revision.schedule
    start, end = schedule.starts_at, schedule.starts_at + schedule.length
    day = str(WEEKDAYS[start.weekday()])
    plain = {
        "FREQ=DAILY": gettext("every day"),
        "FREQ=WEEKLY": gettext("every week on %(day)s") % {"day": day},
        "FREQ=WEEKLY;INTERVAL=2": gettext("every second week on %(day)s") % {"day": day},
        "FREQ=MONTHLY": gettext("on day %(n)s of each month") % {"n": number(start.day)},
        "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR": gettext("every working day"),
    }
    words = plain.get(revision.rule, revision.rule)
    return words if schedule.length >= DAY else f"{words}, {start:%H:%M}–{end:%H:%M}"


def work_state_chip(work: PlannedWork, *, has_begun: bool) -> tuple[str, str, str] | None:
    """Return word, colour and icon of work that is done, ended or cancelled."""
    if work.state == PlannedWork.State.DONE:
        return str(work.get_state_display()), "ok", "check"
    if work.state == PlannedWork.State.CANCELLED:
        word = gettext("Ended") if has_begun else str(work.get_state_display())
        return word, "", "calendar-x-2"
    return None


def step_words(step: WorkStep) -> str:
    """Return what somebody did, after their name."""
    return str(STEPS.get(step.code, step.code))
