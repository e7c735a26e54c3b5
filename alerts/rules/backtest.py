"""What a rule would have done: counts, stops, the bound, and what a person should look at.

Takes the rows that matched (the reading in SQL found them) and the near misses; asks no database.
Each matched incident is counted once, so that the sums add up.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from alerts.rules.evidence import (
    BENIGN,
    STOPPERS,
    EvidenceRow,
    Judged,
    Total,
    judged_in,
    totals_in,
)
from alerts.rules.guards.caps import Busiest, busiest_of
from alerts.rules.guards.never import SiteShare
from alerts.rules.looks import SampleRow, check_these, nearest
from alerts.rules.sentence import Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentTotals:
    """`matched` = `touched` + `guarded` + `shared` + `closed`; `closed` = the last four."""

    matched: int
    touched: int  # a person was faster than a rule would have been
    guarded: int  # a guard keeps it open, whatever the rule covers
    shared: int  # another alert is inside, which the rule does not match
    harmless: int  # OT judged every alert of it routine or maintenance
    suspicious: int  # somebody judged it suspicious, reopened it, or it was a true positive
    closed_benign: int  # OT did not judge it; the SOC closed it as benign
    not_judged: int

    @property
    def closed(self) -> int:
        """How many the rule alone would have closed."""
        return self.harmless + self.suspicious + self.closed_benign + self.not_judged


def count_incidents(
    rows: Iterable[EvidenceRow],
    *,
    touched: Collection[int],
    guarded: Collection[int],
    shared: Collection[int],
    closed_benign: Collection[int],
) -> IncidentTotals:
    """Count each incident of the matched alerts once, under the first that holds: touched, guarded,
    shared, then by what people said of it.
    """
    by_incident = _by_incident(rows)
    kinds = ("touched", "guarded", "shared", "harmless", "suspicious", "closed_benign")
    counts = dict.fromkeys((*kinds, "not_judged"), 0)
    for incident, members in by_incident.items():
        if incident in touched:
            counts["touched"] += 1
        elif incident in guarded:
            counts["guarded"] += 1
        elif incident in shared:
            counts["shared"] += 1
        else:
            counts[_judgement(members, is_closed_benign=incident in closed_benign)] += 1
    return IncidentTotals(matched=len(by_incident), **counts)


def _by_incident(rows: Iterable[EvidenceRow]) -> dict[int, list[EvidenceRow]]:
    by_incident: dict[int, list[EvidenceRow]] = {}
    for row in rows:
        for incident in row.incidents:
            by_incident.setdefault(incident, []).append(row)
    return by_incident


def _judgement(rows: Iterable[EvidenceRow], *, is_closed_benign: bool) -> str:
    """An incident is as good as the least known of its alerts."""
    members = list(rows)
    if any(row.stoppers for row in members):
        return "suspicious"
    if all(row.verdict in BENIGN for row in members):
        return "harmless"
    return "closed_benign" if is_closed_benign else "not_judged"


@dataclass(frozen=True, slots=True)
class GuardReason:
    """A reason that keeps matched incidents open, and how many; each counts under its first."""

    reason: Sentence
    incidents: int


@dataclass(frozen=True, slots=True)
class BackTest:
    """The answer, to be frozen into the request. `totals` add up to alerts and incidents;
    `shared_incidents` of those hold another alert too, which the rule does not match.
    """

    alerts: int
    incidents: int
    totals: tuple[Total, ...]
    incident_totals: IncidentTotals
    guard_reasons: tuple[GuardReason, ...]  # those of most incidents first; together `guarded`
    shared_incidents: int
    per_day: tuple[tuple[date, int], ...]
    closed_per_day: tuple[tuple[date, int], ...]  # incidents it alone would have closed
    busiest: Busiest  # of all that no guard keeps open, alone or not
    sites: tuple[SiteShare, ...]
    share_of_type: float
    stops: tuple[EvidenceRow, ...]
    judged: Judged
    unjudged_alerts: int
    check_these: tuple[SampleRow, ...]
    nearest: tuple[SampleRow, ...]
    minutes_saved: float
    evidence: Judged  # of the first two thirds of the period
    outcome: Judged  # of the last third

    @property
    def true_positives(self) -> int:
        """Incidents among the matches that were a true positive, or are linked to one."""
        incidents = {
            i
            for row in self.stops
            if {"true_positive", "linked"} & row.outcomes
            for i in row.incidents or (-row.alert,)
        }
        return len(incidents)


def back_test(
    rows: Iterable[EvidenceRow],
    *,
    near: Iterable[tuple[EvidenceRow, Sentence | str]] = (),
    start: datetime,
    end: datetime,
    zone: str = "UTC",
    incidents_by_site: Mapping[str, int],
    alerts_of_type: int,
    is_strict: bool,
    shared: Collection[int] = (),
    touched: Collection[int] = (),
    guard_reasons: Mapping[int, Sequence[Sentence]] = MappingProxyType({}),
    closed_benign: Collection[int] = (),
    minutes_per_incident: float = 0.0,
    most: int = 10,
) -> BackTest:
    """Count the matches of the period. `near` are rows that one line kept out, with its words,
    `shared` the incidents that hold another alert too: those the rule does not close alone,
    `touched` those where a person was faster, `guard_reasons` why guards keep others open,
    `closed_benign` those that the SOC closed so.
    `is_strict`: the rule needs more verdicts, see `bound.is_little`.
    """
    matched = [row for row in rows if start <= row.at < end]
    incidents = {incident for row in matched for incident in row.incidents}
    shared_incidents = len(incidents.intersection(shared))
    split = start + (end - start) * 2 / 3
    totals = count_incidents(
        matched, touched=touched, guarded=guard_reasons, shared=shared, closed_benign=closed_benign
    )
    came = {
        incident: min(row.at for row in members)
        for incident, members in _by_incident(matched).items()
        if incident not in guard_reasons
    }
    not_alone = {*touched, *shared}
    closable = [
        row for row in matched if not row.incidents or set(row.incidents) - guard_reasons.keys()
    ]
    return BackTest(
        alerts=len(matched),
        incidents=len(incidents),
        totals=totals_in(matched),
        incident_totals=totals,
        guard_reasons=_count_guard_reasons(incidents - set(touched), guard_reasons),
        shared_incidents=shared_incidents,
        per_day=_per_day((row.at for row in matched), start=start, end=end, zone=ZoneInfo(zone)),
        closed_per_day=_per_day(
            (at for incident, at in came.items() if incident not in not_alone),
            start=start,
            end=end,
            zone=ZoneInfo(zone),
        ),
        busiest=busiest_of(came.values()),
        sites=_sites(matched, incidents_by_site),
        share_of_type=len(matched) / alerts_of_type if alerts_of_type > 0 else float(bool(matched)),
        stops=tuple(sorted((row for row in matched if row.stoppers), key=_worst_first)),
        judged=judged_in(matched, is_strict=is_strict),
        unjudged_alerts=sum(not row.is_judged for row in matched),
        check_these=check_these(closable, most=most),
        nearest=nearest(matched, near, most=most),
        minutes_saved=minutes_per_incident * totals.closed,
        evidence=judged_in((row for row in matched if row.at < split), is_strict=is_strict),
        outcome=judged_in((row for row in matched if row.at >= split), is_strict=is_strict),
    )


def _count_guard_reasons(
    incidents: Iterable[int], reasons: Mapping[int, Sequence[Sentence]]
) -> tuple[GuardReason, ...]:
    counts: Counter[Sentence] = Counter(reasons[pk][0] for pk in incidents if pk in reasons)
    found = [GuardReason(reason, n) for reason, n in counts.items()]
    return tuple(sorted(found, key=lambda kept: (-kept.incidents, str(kept.reason))))


def _per_day(
    moments: Iterable[datetime], *, start: datetime, end: datetime, zone: ZoneInfo
) -> tuple[tuple[date, int], ...]:
    """Return how many fall on each day of the plant, days without one included."""
    counts = Counter(moment.astimezone(zone).date() for moment in moments)
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    days = (date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1))
    found = [(day, counts[day]) for day in days]
    if found and found[-1][1] == 0 and end.astimezone(zone).time().isoformat() == "00:00:00":
        found.pop()  # the period ended with the day before
    return tuple(found)


def _sites(
    rows: Iterable[EvidenceRow], incidents_by_site: Mapping[str, int]
) -> tuple[SiteShare, ...]:
    matched: dict[str, set[int]] = {}
    for row in rows:
        matched.setdefault(row.site, set()).update(row.incidents)
    return tuple(
        SiteShare(site, len(found), incidents_by_site.get(site, 0))
        for site, found in sorted(matched.items())
    )


def _worst_first(row: EvidenceRow) -> tuple[int, float, int]:
    return STOPPERS.index(row.stoppers[0]), -row.at.timestamp(), row.alert
