"""What a rule would have done: counts, stops, the bound, and what a person should look at.

Takes the rows that matched (the reading in SQL found them) and the near misses; asks no database.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from alerts.suppression.engine.evidence import STOPPERS, Judged, Row, Traits, judged_in
from alerts.suppression.engine.guards.width import SiteShare
from alerts.suppression.engine.words import Sentence


@dataclass(frozen=True, slots=True)
class Look:
    """A row for a person's eye, standing for `times` rows that look the same."""

    row: Row
    times: int
    unlike: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class BackTest:
    """The answer, to be frozen into the request."""

    alerts: int
    incidents: int
    per_day: tuple[tuple[date, int], ...]
    sites: tuple[SiteShare, ...]
    share_of_type: float
    stops: tuple[Row, ...]
    judged: Judged
    unjudged_alerts: int
    check_these: tuple[Look, ...]
    nearest: tuple[Look, ...]
    minutes_saved: float
    evidence: Judged  # of the first two thirds of the period
    outcome: Judged  # of the last third

    @property
    def true_positives(self) -> int:
        """Incidents among the matches that were a true positive, or are linked to one."""
        held = {i for row in self.stops if {"true_positive", "linked"} & row.outcomes
                for i in row.incidents or (-row.alert,)}  # fmt: skip
        return len(held)


def back_test(
    rows: Iterable[Row],
    *,
    near: Iterable[tuple[Row, str]] = (),
    start: datetime,
    end: datetime,
    zone: str = "UTC",
    incidents_by_site: Mapping[str, int],
    alerts_of_type: int,
    minutes_per_incident: float = 0.0,
    most: int = 10,
) -> BackTest:
    """Count the matches of the period. `near` are rows that one line kept out, with its words."""
    held = [row for row in rows if start <= row.at < end]
    incidents = {incident for row in held for incident in row.incidents}
    split = start + (end - start) * 2 / 3
    return BackTest(
        alerts=len(held),
        incidents=len(incidents),
        per_day=_per_day(held, start=start, end=end, zone=ZoneInfo(zone)),
        sites=_sites(held, incidents_by_site),
        share_of_type=len(held) / alerts_of_type if alerts_of_type > 0 else float(bool(held)),
        stops=tuple(sorted((row for row in held if row.stoppers), key=_worst_first)),
        judged=judged_in(held),
        unjudged_alerts=sum(not row.is_judged for row in held),
        check_these=check_these(held, most=most),
        nearest=nearest(held, near, most=most),
        minutes_saved=minutes_per_incident * len(incidents),
        evidence=judged_in(row for row in held if row.at < split),
        outcome=judged_in(row for row in held if row.at >= split),
    )


def check_these(rows: Sequence[Row], *, most: int) -> tuple[Look, ...]:
    """The unjudged matches: first those near a true positive, then those least like the judged
    ones; where none is judged, the rarest.
    """
    known = [row for row in rows if row.is_judged] or rows
    near_case = Sentence("look.near_case")
    looks = _looks(
        ((row, near_case if row.near_case else "") for row in rows if not row.is_judged), known
    )
    found = sorted(looks, key=lambda look: (not look.why, -look.unlike, -look.row.alert))
    return tuple(found[:most])


def nearest(rows: Sequence[Row], near: Iterable[tuple[Row, str]], *, most: int) -> tuple[Look, ...]:
    """The misses most like the matches; those judged suspicious come first."""
    looks = _looks(near, rows)
    return tuple(
        sorted(looks, key=lambda look: (not look.row.stoppers, look.unlike, -look.row.alert))[:most]
    )


def _looks(rows: Iterable[tuple[Row, str]], known: Sequence[Row]) -> list[Look]:
    seen = Counter(trait for row in known for trait in row.traits)
    alike: dict[tuple[Traits, tuple[str, ...], str], list[Row]] = {}
    for row, why in rows:
        alike.setdefault((row.traits, row.stoppers, why), []).append(row)
    total = len(known) or 1
    return [
        Look(
            max(group, key=lambda row: (row.at, row.alert)),
            len(group),
            round(sum(1 - seen[trait] / total for trait in traits), 6),
            why,
        )
        for (traits, _, why), group in alike.items()
    ]


def _per_day(
    rows: Iterable[Row], *, start: datetime, end: datetime, zone: ZoneInfo
) -> tuple[tuple[date, int], ...]:
    """Alerts for each day of the plant, days without one included."""
    counted = Counter(row.at.astimezone(zone).date() for row in rows)
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    days = (date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1))
    found = [(day, counted[day]) for day in days]
    if found and found[-1][1] == 0 and end.astimezone(zone).time().isoformat() == "00:00:00":
        found.pop()  # the period ended with the day before
    return tuple(found)


def _sites(rows: Iterable[Row], incidents_by_site: Mapping[str, int]) -> tuple[SiteShare, ...]:
    matched: dict[str, set[int]] = {}
    for row in rows:
        matched.setdefault(row.site, set()).update(row.incidents)
    return tuple(
        SiteShare(site, len(found), incidents_by_site.get(site, 0))
        for site, found in sorted(matched.items())
    )


def _worst_first(row: Row) -> tuple[int, float, int]:
    return STOPPERS.index(row.stoppers[0]), -row.at.timestamp(), row.alert
