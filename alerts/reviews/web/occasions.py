"""The incidents that an answer may be about, to be ticked: one by one, or day by day where there
are many.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import ngettext

from alerts.incidents.models import Incident
from alerts.incidents.page.panel import happened_words
from alerts.incidents.wording import number_words
from portal.ui.moments import day_of, period_words
from portal.ui.words import number
from portal.ui.zones import reader_clock

MAX_SINGLE = 12  # incidents listed one by one
MAX_SHOWN = 4  # rows in sight; the others fold out
FIELD = "incident"


@dataclass(frozen=True, slots=True)
class Occasion:
    """One thing to tick: an incident, or all of a day."""

    ids: tuple[int, ...]
    when: str
    what: str
    is_ticked: bool

    @property
    def value(self) -> str:
        """What the form sends for it."""
        return ",".join(map(str, self.ids))


@dataclass(frozen=True, slots=True)
class Occasions:
    """All of it: how many incidents, from when to when, and what can be ticked, newest first."""

    n: int
    span: str
    rows: Sequence[Occasion]

    @property
    def shown(self) -> Sequence[Occasion]:
        """Those in sight."""
        return self.rows if len(self.rows) <= MAX_SHOWN + 1 else self.rows[:MAX_SHOWN]

    @property
    def folded(self) -> Sequence[Occasion]:
        """The others."""
        return self.rows[len(self.shown) :]


def occasions_of(
    incidents: Iterable[Incident], *, ticked: Collection[int] | None, now: datetime, zone: str
) -> Occasions:
    """Return what can be ticked. `ticked`: what a form that comes back had; None for all."""
    ordered = sorted(incidents, key=lambda each: (each.active_until, each.pk), reverse=True)
    if not ordered:
        return Occasions(0, "", ())
    first, latest = min(each.active_from for each in ordered), ordered[0].active_until
    single = len(ordered) <= MAX_SINGLE
    rows = _singly(ordered, ticked, now, zone) if single else _by_day(ordered, ticked, now, zone)
    return Occasions(len(ordered), period_words(first, latest, now, zone), rows)


def ids_in(values: Iterable[str]) -> list[int]:
    """Read what was ticked. What no form of ours sends is left out."""
    parts = [part for value in values for part in value.split(",")]
    return [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 19]


def _singly(
    incidents: Sequence[Incident], ticked: Collection[int] | None, now: datetime, zone: str
) -> list[Occasion]:
    return [
        Occasion(
            (each.pk,),
            happened_words(each, now, zone),
            number_words(each.number, each.pk),
            ticked is None or each.pk in ticked,
        )
        for each in incidents
    ]


def _by_day(
    incidents: Sequence[Incident], ticked: Collection[int] | None, now: datetime, zone: str
) -> list[Occasion]:
    clock = reader_clock().zone(zone)
    days: dict[date, list[Incident]] = defaultdict(list)
    for each in incidents:
        days[each.active_until.astimezone(clock).date()].append(each)
    return [_day(of_day, ticked, now.astimezone(clock)) for of_day in days.values()]


def _day(
    incidents: Sequence[Incident], ticked: Collection[int] | None, today: datetime
) -> Occasion:
    ids = tuple(each.pk for each in incidents)
    n = len(ids)
    what = ngettext("%(n)s incident", "%(n)s incidents", n) % {"n": number(n)}
    when = day_of(incidents[0].active_until.astimezone(today.tzinfo), today)
    return Occasion(ids, when, what, ticked is None or any(pk in ticked for pk in ids))
