"""What a rule would have done to each incident that it matches, so that the sums add up."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from alerts.suppression.engine.evidence import BENIGN, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentTotals:
    """`matched` = `touched` + `shared` + `closed`; `closed` = the last four."""

    matched: int
    touched: int  # a person was faster than a rule would have been
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
    rows: Iterable[Row],
    *,
    touched: Collection[int],
    shared: Collection[int],
    closed_benign: Collection[int],
) -> IncidentTotals:
    """Count each incident of the matched alerts once, under the first that holds: touched, shared,
    then by what people said of it.
    """
    by_incident: dict[int, list[Row]] = {}
    for row in rows:
        for incident in row.incidents:
            by_incident.setdefault(incident, []).append(row)
    counts = dict.fromkeys(
        ("touched", "shared", "harmless", "suspicious", "closed_benign", "not_judged"), 0
    )
    for incident, members in by_incident.items():
        if incident in touched:
            counts["touched"] += 1
        elif incident in shared:
            counts["shared"] += 1
        else:
            counts[_judgement(members, is_closed_benign=incident in closed_benign)] += 1
    return IncidentTotals(matched=len(by_incident), **counts)


def _judgement(rows: Iterable[Row], *, is_closed_benign: bool) -> str:
    """An incident is as good as the least known of its alerts."""
    members = list(rows)
    if any(row.stoppers for row in members):
        return "suspicious"
    if all(row.verdict in BENIGN for row in members):
        return "harmless"
    return "closed_benign" if is_closed_benign else "not_judged"
