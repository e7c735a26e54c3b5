"""What each of several rules adds to those that act already and to those before it.

An incident closes only if every alert in it is covered, so what a rule closes alone says little of
what it adds. Counted over the last 90 days, the rule that adds most first.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.rules import sql
from alerts.rules.sql import Sql
from alerts.suppression.backtesting.critical_devices import incidents_for_people
from alerts.suppression.backtesting.history_sql import (
    BackTestTimedOut,
    TimeSpan,
    fetch_rows,
    in_period,
    statement_limit,
)
from alerts.suppression.models import RuleVersion
from alerts.suppression.queries import acting_versions

PERIOD: Final = timedelta(days=90)
MAX_SECONDS: Final = 5.0
_MEMBERS: Final = """
SELECT l.incident_id, l.alert_id FROM incidents_alert_links l
 WHERE l.incident_id IN (SELECT m.incident_id FROM incidents_alert_links m
                          WHERE m.alert_id = ANY(%s))
"""


@dataclass(frozen=True, slots=True)
class Gain:
    """A version, and how many incidents it closes that nothing before it closes."""

    version: RuleVersion
    incidents: int
    is_alone: bool = False  # counted by itself: history could not be read in time


def in_order_of_gain(versions: Sequence[RuleVersion], *, now: datetime) -> list[Gain]:
    """Return the versions in the order in which they are worth a signature, each with its gain.
    Where history cannot be read in time, each comes with what its own back-test counted.
    """
    if not versions:
        return []
    try:
        with statement_limit(MAX_SECONDS):
            return _in_order(versions, TimeSpan(now - PERIOD, now))
    except BackTestTimedOut:
        alone = [Gain(version, closed_alone(version), is_alone=True) for version in versions]
        return sorted(alone, key=lambda gain: -gain.incidents)


def closed_alone(version: RuleVersion) -> int:
    """Return how many incidents the version's frozen back-test would have closed."""
    body = version.backtest.body if version.backtest else {}
    totals = body.get("incident_totals")
    if totals:
        return int(totals["closed"])
    return int(body.get("incidents", 0)) - int(body.get("shared_incidents", 0))


def _in_order(versions: Sequence[RuleVersion], period: TimeSpan) -> list[Gain]:
    matched = alerts_by_version(versions, period)
    left = _Uncovered.of({alert for ids in matched.values() for alert in ids})
    acting = _acting_beside(versions)
    for alerts in alerts_by_version(acting, period, among=list(left.incidents_by_alert)).values():
        left.cover(alerts)
    gains, rest = [], list(versions)
    while rest:
        gain, best = max(
            ((left.gain_of(matched[version.pk]), version) for version in rest),
            key=lambda pair: (pair[0], -pair[1].pk),
        )
        left.cover(matched[best.pk])
        rest.remove(best)
        gains.append(Gain(best, gain))
    return gains


def _acting_beside(versions: Sequence[RuleVersion]) -> list[RuleVersion]:
    """The versions in trial and live of the same places. A next version replaces its rule."""
    rules = {version.rule_id for version in versions}
    workspaces = {pk for version in versions for pk in version.workspace_ids}
    found = acting_versions().filter(workspace_ids__overlap=list(workspaces))
    return [version for version in found if version.rule_id not in rules]


def alerts_by_version(
    versions: Collection[RuleVersion], period: TimeSpan, *, among: Sequence[int] | None = None
) -> Mapping[int, Sequence[int]]:
    """The alerts of the period that each version matches, in one question. Hundreds of rules act:
    they are asked only about the alerts `among` which others look.
    """
    if not versions:
        return {}
    beside = Sql("", ())
    if among is not None:
        beside = Sql(
            "WITH beside AS MATERIALIZED (SELECT * FROM incidents_alerts WHERE id = ANY(%s)) ",
            (list(among),),
        )
    table = "beside" if beside.text else "incidents_alerts"
    pieces = [
        (version.pk, in_period(period, sql.rule_condition_sql(version.definition)))
        for version in versions
    ]
    scans = [
        Sql(f"SELECT %s AS version, a.id FROM {table} a WHERE {piece.text}", (pk, *piece.params))
        for pk, piece in pieces
    ]
    text = " UNION ALL ".join(scan.text for scan in scans)
    params = (*beside.params, *(param for scan in scans for param in scan.params))
    grouped = f"SELECT version, array_agg(id) FROM ({text}) found GROUP BY version"
    found = fetch_rows(beside.text + grouped, params)
    return {version.pk: () for version in versions} | dict(found)


class _Uncovered:
    """Which alerts no rule covers yet, and how many of them each incident still holds."""

    def __init__(
        self, incidents_by_alert: Mapping[int, Sequence[int]], open_alerts: Counter[int]
    ) -> None:
        """Everything is uncovered."""
        self.incidents_by_alert = incidents_by_alert
        self.open_alerts = open_alerts
        self.covered: set[int] = set()

    @classmethod
    def of(cls, alerts: Collection[int]) -> "_Uncovered":
        """Return the incidents of these alerts with all that they hold, without those
        that stay with people: no rule closes them.
        """
        members = fetch_rows(_MEMBERS, [list(alerts)])
        for_people = incidents_for_people({incident for incident, _ in members})
        by_alert: dict[int, list[int]] = defaultdict(list)
        open_alerts = Counter[int]()
        for incident, alert in members:
            if incident not in for_people:
                by_alert[alert].append(incident)
                open_alerts[incident] += 1
        return cls(by_alert, open_alerts)

    def gain_of(self, alerts: Collection[int]) -> int:
        """Return how many incidents hold nothing else that is uncovered."""
        return sum(
            n == self.open_alerts[incident]
            for incident, n in self._count_by_incident(alerts).items()
        )

    def cover(self, alerts: Collection[int]) -> None:
        """Count these as covered from now on."""
        self.open_alerts.subtract(self._count_by_incident(alerts))
        self.covered.update(alerts)

    def _count_by_incident(self, alerts: Collection[int]) -> Counter[int]:
        return Counter(
            incident
            for alert in alerts
            if alert not in self.covered
            for incident in self.incidents_by_alert.get(alert, ())
        )
