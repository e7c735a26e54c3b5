"""What each of several rules adds to those that act already and to those before it.

An incident closes only if every alert in it is covered, so what a rule closes alone says little of
what it adds. Counted over the last 90 days, the rule that adds most first.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched
from typing import Final

from alerts.rules import sql
from alerts.rules.rule import Clause, RuleDefinition
from alerts.rules.sql import Sql
from alerts.suppression.backtesting.guards_of_history import (
    late_ends,
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

type _Place = tuple[str, str, str]  # of a device at one end of an alert

PERIOD: Final = timedelta(days=90)
MAX_SECONDS: Final = 5.0
MAX_COLUMNS: Final = 1000  # PostgreSQL has 1,664 in a result
_NO_PLACES: Final = frozenset[_Place]()
_MEMBERS: Final = """
SELECT l.incident_id, l.alert_id FROM incidents_alert_links l
  JOIN incidents_incidents i ON i.id = l.incident_id
 WHERE l.incident_id IN (SELECT m.incident_id FROM incidents_alert_links m
                          WHERE m.alert_id = ANY(%s::bigint[]))
 ORDER BY i.created_at, i.id
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
    replay, matches = _Replay.of(rules, period, beside=acting)
    gains = []
    for group in groups:
        rest = sorted(group)
        while rest:
            gain, best = max(
                ((replay.gain_of(matches[key]), key) for key in rest),
                key=lambda pair: (pair[0], -pair[1]),
            )
            replay.add(matches[best])
            rest.remove(best)
            gains.append((best, gain))
    return gains


def count_closed_by(rules: Mapping[int, RuleDefinition], *, period: TimeSpan) -> int:
    """Return how many incidents of the period these rules close together."""
    if not rules:
        return 0
    replay, matches = _Replay.of(rules, period, beside={})
    return sum(replay.add(match) for match in matches.values())


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
    rules: Mapping[int, RuleDefinition], period: TimeSpan
) -> Mapping[int, Sequence[int]]:
    """Return the alerts of the period that each rule matches. The alerts of a site are read once,
    however many of the rules name it.
    """
    by_site: dict[Clause | None, dict[int, RuleDefinition]] = defaultdict(dict)
    for key, rule in rules.items():
        site = next((line for line in rule.all_of if line.field == "site"), None)
        by_site[site][key] = rule
    matched: dict[int, Sequence[int]] = {}
    for site, group in by_site.items():
        clauses = [] if site is None else [sql.clause_sql(site)]
        matched |= _matched(group, in_period(period, *clauses, sql.where_any(group.values())))
    return matched


def alerts_by_rule_among(
    rules: Mapping[int, RuleDefinition], alerts: Sequence[int], *, period: TimeSpan
) -> Mapping[int, Sequence[int]]:
    """Return which of these alerts each rule matches, as `alerts_by_rule` does."""
    among = Sql("a.id = ANY(%s::bigint[])", (ids_array(alerts),))
    return _matched(rules, in_period(period, among))


def _matched(rules: Mapping[int, RuleDefinition], scope: Sql) -> dict[int, Sequence[int]]:
    """Ask all rules in one pass over the alerts of the scope: cheaper than one for each."""
    matched: dict[int, Sequence[int]] = {}
    for batch in batched(rules.items(), MAX_COLUMNS, strict=False):
        pieces = [sql.rule_condition_sql(rule) for _, rule in batch]
        columns = ", ".join(f"array_agg(a.id) FILTER (WHERE {piece.text})" for piece in pieces)
        params = [param for piece in pieces for param in piece.params]
        (row,) = fetch_rows(
            f"SELECT {columns} FROM incidents_alerts a WHERE {scope.text}",
            [*params, *scope.params],
        )
        matched |= {key: found or () for (key, _), found in zip(batch, row, strict=True)}
    return matched


@dataclass(frozen=True, slots=True)
class _RuleMatches:
    """The alerts that a rule matches, those of them that it may close, and by alert the devices in
    its groups that are no members of them: a person meets these first.
    """

    alerts: frozenset[int] = frozenset()
    closable: frozenset[int] = frozenset()
    late: Mapping[int, frozenset[_Place]] = field(default_factory=dict)


class _Replay:
    """The incidents with alerts of some rules, and which of them those rules close that were added.

    An alert is covered where some rule matches it, and closed where one does that may close it. In
    most incidents nothing depends on their order: there alerts are counted. Those with a device
    that joined a group are gone through as they came: where all of one is covered, and it stays
    open, a person meets the device.
    """

    def __init__(self, members: Iterable[tuple[int, int]], matches: Iterable[_RuleMatches]) -> None:
        rows = list(members)
        incidents = dict.fromkeys(incident for incident, _ in rows)
        touched, guarded = touched_incidents(incidents), reasons_whichever_rule(incidents)
        late = {alert for match in matches for alert in match.late}
        alerts: dict[int, list[int]] = defaultdict(list)
        for incident, alert in rows:
            if incident not in touched:
                alerts[incident].append(alert)
        # Incidents that stay with people whichever rule covers them count only for who is met.
        self.in_order = {
            incident: (found, incident not in guarded)
            for incident, found in alerts.items()
            if not late.isdisjoint(found)
        }
        self.open_alerts = Counter[int]()
        self.by_alert: dict[int, list[int]] = defaultdict(list)
        for incident, found in alerts.items():
            if incident not in guarded and incident not in self.in_order:
                self.open_alerts[incident] = len(found)
                for alert in found:
                    self.by_alert[alert].append(incident)
        self.alerts_in_order = {alert for found, _ in self.in_order.values() for alert in found}
        self.added: list[_RuleMatches] = []
        self.closed = set[int]()
        self.closed_in_order = 0

    @classmethod
    def of(
        cls,
        rules: Mapping[int, RuleDefinition],
        period: TimeSpan,
        *,
        beside: Mapping[int, RuleDefinition],
    ) -> tuple["_Replay", dict[int, _RuleMatches]]:
        """Return the incidents of these rules, where those `beside` them have been added, and what
        each of the rules matches.
        """
        found = alerts_by_rule(rules, period)
        rows = fetch_rows(_MEMBERS, [ids_array({pk for alerts in found.values() for pk in alerts})])
        matches = {
            key: _matches_of(rules[key], alerts, period=period) for key, alerts in found.items()
        }
        among = list({alert for _, alert in rows})
        others = [
            _matches_of(beside[key], alerts, period=period)
            for key, alerts in alerts_by_rule_among(beside, among, period=period).items()
        ]
        replay = cls(rows, [*matches.values(), *others])
        for match in others:
            replay.add(match)
        return replay, matches

    def gain_of(self, match: _RuleMatches) -> int:
        """Return how many more incidents close with this rule."""
        counted = self._count_by_incident(match)
        gain = sum(n == self.open_alerts[incident] for incident, n in counted.items())
        if self.alerts_in_order.isdisjoint(match.alerts):
            return gain
        return gain + self._count_in_order([*self.added, match]) - self.closed_in_order

    def add(self, match: _RuleMatches) -> int:
        """Add the rule; return how many more incidents close."""
        gain = self.gain_of(match)
        self.open_alerts.subtract(self._count_by_incident(match))
        self.closed |= match.closable
        self.added.append(match)
        self.closed_in_order = self._count_in_order(self.added)
        return gain

    def _count_by_incident(self, match: _RuleMatches) -> Counter[int]:
        return Counter(
            incident
            for alert in match.closable - self.closed
            for incident in self.by_alert.get(alert, ())
        )

    def _count_in_order(self, matches: Sequence[_RuleMatches]) -> int:
        by_alert: dict[int, list[_RuleMatches]] = defaultdict(list)
        for match in matches:
            for alert in self.alerts_in_order & match.alerts:
                by_alert[alert].append(match)
        met, closed = set[_Place](), 0
        for alerts, may_close in self.in_order.values():
            if not all(alert in by_alert for alert in alerts):
                continue
            waiting = [
                alert
                for alert in alerts
                if not any(
                    alert in match.closable and match.late.get(alert, _NO_PLACES) <= met
                    for match in by_alert[alert]
                )
            ]
            closed += may_close and not waiting
            for alert in waiting:
                met.update(*(match.late.get(alert, _NO_PLACES) for match in by_alert[alert]))
        return closed


def _matches_of(rule: RuleDefinition, alerts: Collection[int], *, period: TimeSpan) -> _RuleMatches:
    if not alerts:
        return _RuleMatches()
    late = late_ends(rule, alerts)
    # What has neither address nor name is met by nobody.
    nameless = {alert for alert, ends in late.items() if not all(end.handle for end in ends)}
    refused = nameless.union(refused_alerts(rule, alerts, period=period))
    return _RuleMatches(
        frozenset(alerts),
        frozenset(alerts) - refused,
        {alert: frozenset(end.place for end in ends if end.handle) for alert, ends in late.items()},
    )
