"""What each of several rules adds to those that act already and to those before it.

An incident closes only if every alert in it is covered, so what a rule closes alone says little of
what it adds. Counted over the last 90 days, the rule that adds most first.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.rules import sql
from alerts.rules.guards.closing import grouped_sides
from alerts.rules.rule import RuleDefinition, pinned
from alerts.rules.sql import Sql
from alerts.sites.models import Site
from alerts.suppression.backtesting.guards_of_history import (
    first_of_new_members,
    reasons_whichever_rule,
    refused_alerts,
)
from alerts.suppression.backtesting.history import touched_incidents
from alerts.suppression.backtesting.history_sql import (
    BackTestTimedOut,
    TimeSpan,
    fetch_rows,
    ids_array,
    in_period,
    statement_limit,
)
from alerts.suppression.models import RuleVersion
from alerts.suppression.queries import acting_versions, trials_that_cannot_end

PERIOD: Final = timedelta(days=90)
MAX_SECONDS: Final = 5.0
_MEMBERS: Final = """
SELECT l.incident_id, l.alert_id FROM incidents_alert_links l
 WHERE l.incident_id IN (SELECT m.incident_id FROM incidents_alert_links m
                          WHERE m.alert_id = ANY(%s::bigint[]))
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
    by_id = {version.pk: version for version in versions}
    beside = _acting_beside(versions)
    try:
        with statement_limit(MAX_SECONDS):
            gains = order_by_gain(
                [{pk: version.definition for pk, version in by_id.items()}],
                acting={version.pk: version.definition for version in beside},
                period=TimeSpan(now - PERIOD, now),
            )
        return [Gain(by_id[pk], incidents) for pk, incidents in gains]
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


def order_by_gain(
    groups: Sequence[Mapping[int, RuleDefinition]],
    *,
    acting: Mapping[int, RuleDefinition],
    period: TimeSpan,
) -> list[tuple[int, int]]:
    """Return the rules by their keys, each with how many incidents it adds to the acting ones and
    to those before it: all of the first group before those of the next, in each the one that adds
    most first. Sitting and plan count here. Raises BackTestTimedOut.
    """
    rules = {key: rule for group in groups for key, rule in group.items()}
    left = _Uncovered.of(rules, period)
    for key, alerts in alerts_by_rule(acting, period, among=list(left.by_alert)).items():
        left.cover(left.closable(acting[key], alerts, period=period))
    gains = []
    for group in groups:
        rest = sorted(group)
        while rest:
            gain, best = max(
                ((left.gain_of(left.matched[key]), key) for key in rest),
                key=lambda pair: (pair[0], -pair[1]),
            )
            left.cover(left.matched[best])
            rest.remove(best)
            gains.append((best, gain))
    return gains


def count_closed_by(rules: Mapping[int, RuleDefinition], *, period: TimeSpan) -> int:
    """Return how many incidents of the period these rules close together."""
    left = _Uncovered.of(rules, period)
    for alerts in left.matched.values():
        left.cover(alerts)
    return sum(not n for n in left.open_alerts.values())


def _acting_beside(versions: Sequence[RuleVersion]) -> list[RuleVersion]:
    """The versions in trial and live of the same places, without trials that cannot end, as in the
    plan. A next version replaces its rule.
    """
    rules = {version.rule_id for version in versions}
    workspaces = {pk for version in versions for pk in version.workspace_ids}
    acting = acting_versions().exclude(pk__in=trials_that_cannot_end().values("pk"))
    found = acting.filter(workspace_ids__overlap=list(workspaces))
    return [version for version in found if version.rule_id not in rules]


def alerts_by_rule(
    rules: Mapping[int, RuleDefinition], period: TimeSpan, *, among: Sequence[int] | None = None
) -> Mapping[int, Sequence[int]]:
    """The alerts of the period that each rule matches, in one question. Hundreds of rules act: they
    are asked only about the alerts `among` which others look.
    """
    if not rules:
        return {}
    beside = Sql("", ())
    if among is not None:
        beside = Sql(
            "WITH beside AS MATERIALIZED"
            " (SELECT * FROM incidents_alerts WHERE id = ANY(%s::bigint[])) ",
            (ids_array(among),),
        )
    table = "beside" if beside.text else "incidents_alerts"
    pieces = [(key, in_period(period, sql.rule_condition_sql(rule))) for key, rule in rules.items()]
    scans = [
        Sql(f"SELECT %s AS key, a.id FROM {table} a WHERE {piece.text}", (key, *piece.params))
        for key, piece in pieces
    ]
    text = " UNION ALL ".join(scan.text for scan in scans)
    params = (*beside.params, *(param for scan in scans for param in scan.params))
    grouped = f"SELECT key, array_agg(id) FROM ({text}) found GROUP BY key"
    return dict.fromkeys(rules, ()) | dict(fetch_rows(beside.text + grouped, params))


class _Uncovered:
    """Which alerts no rule covers yet, and how many of them each incident still holds. What rules
    match and may not close stays uncovered.
    """

    def __init__(self, members: Iterable[tuple[int, int]]) -> None:
        """Everything is uncovered. Incidents that stay with people are none of it: no rule closes
        them, but in one that nobody took a person meets the new members of a group.
        """
        rows = list(members)
        incidents = {incident for incident, _ in rows}
        touched, guarded = touched_incidents(incidents), reasons_whichever_rule(incidents)
        self.by_alert: dict[int, list[int]] = defaultdict(list)
        self.open_alerts = Counter[int]()
        self.untouched: dict[int, list[int]] = defaultdict(list)  # by alert
        self.sizes = Counter[int]()
        for incident, alert in rows:
            if incident in touched:
                continue
            self.untouched[alert].append(incident)
            self.sizes[incident] += 1
            if incident not in guarded:
                self.by_alert[alert].append(incident)
                self.open_alerts[incident] += 1
        self.covered: set[int] = set()
        self.matched: dict[int, Sequence[int]] = {}

    @classmethod
    def of(cls, rules: Mapping[int, RuleDefinition], period: TimeSpan) -> "_Uncovered":
        """Return the incidents with alerts of these rules, with all that they hold."""
        matched = alerts_by_rule(rules, period)
        ids = ids_array({pk for alerts in matched.values() for pk in alerts})
        left = cls(fetch_rows(_MEMBERS, [ids]))
        left.matched = {
            key: left.closable(rules[key], alerts, period=period) for key, alerts in matched.items()
        }
        return left

    def closable(
        self, rule: RuleDefinition, alerts: Collection[int], *, period: TimeSpan
    ) -> Sequence[int]:
        """Return those of the alerts that the rule matches which it may also close."""
        refused = set(refused_alerts(rule, alerts, period=period)) if alerts else set()
        if alerts and grouped_sides(rule):
            counts = Counter(pk for alert in alerts for pk in self.untouched.get(alert, ()))
            whole = {incident for incident, n in counts.items() if n == self.sizes[incident]}
            sites = Site.objects.filter(name__in=pinned(rule.all_of, "site"))
            site_ids = list(sites.values_list("pk", flat=True))
            news = first_of_new_members(rule, alerts, site_ids=site_ids, covered=whole)
            refused |= {
                pk for pk in alerts if not news.keys().isdisjoint(self.by_alert.get(pk, ()))
            }
        return [pk for pk in alerts if pk not in refused]

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
            for incident in self.by_alert.get(alert, ())
        )
