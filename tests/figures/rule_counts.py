"""What rules of a demo close by its plan, drafts and sittings, beside a replay of enforcement."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import connection

from alerts.incidents.models import DetailsState, Incident, IncidentStatus
from alerts.patterns.models import Pattern
from alerts.patterns.queries.patterns import rule_as_mined
from alerts.patterns.services.history_tables import acting_rules_at
from alerts.patterns.services.mine_patterns import mine_patterns
from alerts.rules.rule import RuleDefinition
from alerts.rules.sentinel_conditions import PRODUCTS
from alerts.sites.models import Site
from alerts.suppression.backtesting.backtest import preview_backtest
from alerts.suppression.backtesting.history_sql import TimeSpan
from alerts.suppression.backtesting.marginal_gains import PERIOD, in_order_of_gain, order_by_gain
from alerts.suppression.enforcing.judging import read_surroundings
from alerts.suppression.enforcing.plant_holds import BlockingDevices
from alerts.suppression.models import ACTING, OPEN, RuleVersion, VersionState
from alerts.suppression.queries import acting_versions, facts_by_incident, trials_that_cannot_end
from portal import clock
from portal.accounts.models import User
from tests.alerts.suppression.replay import Replay, stored_version

_PAGE, _FIRST_NUMBER = 500, 900_000
_FOR_PEOPLE = """
SELECT i.id FROM incidents_incident i
 WHERE i.gone_at IS NOT NULL OR i.merged_into IS NOT NULL OR EXISTS (
   SELECT 1 FROM incidents_timelineitem t WHERE t.incident_id = i.id
      AND t.at <= i.created_at + interval '5 minutes' AND (t.by_id IS NOT NULL
        OR t.side = 'sentinel' AND t.code IN ('status', 'owner', 'labels', 'reopened')))
"""


@dataclass(frozen=True)
class Count:
    """What a place counts: of rules by their keys, how many incidents they close beside others."""

    where: str
    of: str
    rules: frozenset[int]
    beside: frozenset[int]
    incidents: int


@dataclass
class Counts:
    """All counts, and the rules that they are about, as rows that could be signed now."""

    now: datetime
    by: User
    rules: dict[int, RuleDefinition] = field(default_factory=dict)
    found: list[Count] = field(default_factory=list)

    def add_rule(self, rule: RuleDefinition) -> int:
        """Store a rule, with those who are in its groups now; return its key."""
        number = _FIRST_NUMBER + len(self.rules)
        version = stored_version(number, rule, by=self.by, now=self.now)
        self.rules[version.pk] = rule
        return version.pk

    def add_alone(self, name: str, key: int) -> None:
        """Count one rule as a draft and as a sitting of one, with no rule beside it."""
        rule, period = self.rules[key], TimeSpan(self.now - PERIOD, self.now)
        preview = preview_backtest(rule=rule, now=self.now)
        closed = preview.body["incident_totals"]["closed"] if preview.body else -1
        self._add("draft", name, {key}, set(), closed)
        ((_, gain),) = order_by_gain([{key: rule}], acting={}, period=period)
        self._add("sitting of one", name, {key}, set(), gain)

    def add_in_turn(self, where: str, gains: list[tuple[str, int, int]], acting: set[int]) -> None:
        """Add what each of several rules gains beside those that act and those before it."""
        before = set(acting)
        for name, key, gain in gains:
            self._add(where, name, {key}, before, gain)
            before = before | {key}

    def _add(self, where: str, of: str, rules: set[int], beside: set[int], n: int) -> None:
        self.found.append(Count(where, of, frozenset(rules), frozenset(beside), n))


def print_differences() -> int:
    """Print a line a count; return how many differ. It mines and writes: give it a copy."""
    counts = Counts(clock.now(), User.objects.order_by("pk")[0])
    mine_patterns(now=counts.now)
    count_versions(counts)
    count_plans(counts)
    replay = enforce(counts)
    wrong = 0
    for count in counts.found:
        with_it = len(replay.closed[count.rules | count.beside])
        closed = with_it - len(replay.closed[count.beside])
        wrong += closed != count.incidents
        outcome = "ok   " if closed == count.incidents else "WRONG"
        print(f"{outcome} {count.where}: {count.of}: {count.incidents}, enforcement {closed}")
    print(f"{len(counts.found)} counts of {len(counts.rules)} rules compared; {wrong} differ.")
    return wrong


def count_versions(counts: Counts) -> None:
    """Every rule that is drafted, waits, acts or rests, alone; and the sitting of those that wait,
    beside those that act.
    """
    states = (*OPEN, *ACTING, VersionState.PAUSED)
    keys = {}
    for version in RuleVersion.objects.filter(state__in=states).select_related("rule"):
        keys[version.pk] = counts.add_rule(version.definition)
        counts.add_alone(f"{version.rule} v{version.number}", keys[version.pk])
    waiting = RuleVersion.objects.filter(state=VersionState.PROPOSED).select_related("rule")
    gains = in_order_of_gain(list(waiting), now=counts.now)
    acting = acting_versions().exclude(pk__in=trials_that_cannot_end().values("pk"))
    beside = acting.exclude(rule__in=waiting.values("rule"))
    counts.add_in_turn(
        "sitting",
        [(str(gain.version.rule), keys[gain.version.pk], gain.incidents) for gain in gains],
        {keys[pk] for pk in beside.values_list("pk", flat=True)},
    )


def count_plans(counts: Counts) -> None:
    """Every step of the plan of each site, beside the rules that act there; and alone."""
    steps = Pattern.objects.exclude(plan_order=None)
    for site in Site.objects.order_by("name"):
        acting = {counts.add_rule(rule) for rule in acting_rules_at(site.name).values()}
        gains = []
        for step in steps.filter(site=site).order_by("plan_order"):
            key = counts.add_rule(rule_as_mined(step, now=counts.now))
            name = f"{site.name} {step.plan_order}. {step.title}"
            counts.add_alone(name, key)
            gains.append((name, key, step.plan_gain))
        counts.add_in_turn("plan", gains, acting)


def enforce(counts: Counts) -> Replay[Hashable]:
    """Return what becomes of the incidents as they came, as if nobody had done anything later."""
    keys = {key for count in counts.found for key in (count.beside, count.rules | count.beside)}
    replay = Replay[Hashable](
        {key: {pk: counts.rules[pk] for pk in key} for key in keys}, counts.now
    )
    with connection.cursor() as cursor:
        cursor.execute(_FOR_PEOPLE)
        for_people = {pk for (pk,) in cursor.fetchall()}
    since = counts.now - PERIOD
    rows = Incident.objects.filter(created_at__gte=since - timedelta(days=1)).exclude(
        pk__in=for_people
    )
    for page in _pages(list(rows.order_by("created_at", "pk"))):
        facts = facts_by_incident([row.pk for row in page], as_of_alert=True)
        among = [
            row
            for row in page
            if all(since <= alert.at < counts.now for alert in facts[row.pk].values())
            and replay.covers_some_of(facts[row.pk])
        ]
        for row in among:
            _as_it_came(row, len(facts[row.pk]))
        around = read_surroundings(among, alerts=facts, now=counts.now)
        around = replace(
            around,
            comments={},
            worked_on=frozenset(),
            reopened=frozenset(),
            asked=frozenset(),
            judged=frozenset(),
            holds=dict.fromkeys(around.holds, BlockingDevices()),
            minutes_old=dict.fromkeys(around.minutes_old, 0.0),
        )
        for row in among:
            at = row.created_at + timedelta(minutes=1)
            replay.judge(row, alerts=facts[row.pk], around=around, at=at)
    return replay


def _pages(rows: list[Incident]) -> Iterator[list[Incident]]:
    for start in range(0, len(rows), _PAGE):
        yield rows[start : start + _PAGE]


def _as_it_came(row: Incident, alerts: int) -> None:
    row.status, row.owner_name, row.owner_id, row.labels = IncidentStatus.NEW, "", "", []
    row.comments_count, row.ot_state, row.alerts_count = 0, "", alerts
    row.details_state, row.details_due_at = DetailsState.FETCHED, None
    row.product_names = row.product_names or list(PRODUCTS)
