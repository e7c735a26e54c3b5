"""Store what mining found at a site: known processes go on, new ones begin, all have their place in
the plan, and the obstacles to a rule are noted.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from alerts.patterns.engine.pattern import MinedPattern
from alerts.patterns.engine.plan import MAX_RULES, RuleStep, make_plan
from alerts.patterns.engine.process import process_key, recognise
from alerts.patterns.engine.rule_text import rule_for
from alerts.patterns.engine.width import critical_pairs
from alerts.patterns.models import Pattern, PatternState
from alerts.patterns.services.figures import ShapeIndex, make_row
from alerts.patterns.services.history_tables import acting_rules_at, live_rules_at
from alerts.patterns.services.site_history import SiteHistory
from alerts.rules.guards.never import (
    WANTED_DAYS,
    SiteShare,
    assets_of,
    reasons_against_reach,
)
from alerts.rules.guards.signing import reasons_against_draft
from alerts.suppression.backtesting.history_sql import (
    BackTestTimedOut,
    TimeSpan,
    statement_limit,
)
from alerts.suppression.backtesting.marginal_gains import count_closed_by, order_by_gain

type Obstacle = tuple[str, dict[str, Any]]
_STABLE_FIELDS: Final = frozenset(
    {  # of a known row: who it is, and what people made of it
        "id",
        "uuid",
        "key",
        "state",
        "state_by",
        "state_at",
        "state_reason",
        "snoozed_until",
        "rule",
    }
)
_FIGURES: Final = tuple(
    field.name for field in Pattern._meta.concrete_fields if field.name not in _STABLE_FIELDS
)


MAX_SECONDS: Final = 60.0  # for a question about one site
MAX_LACKING: Final = 10  # steps that lack evidence, beside as many that are ready as may be


def obstacles_of(
    pattern: MinedPattern, *, history: SiteHistory, incidents: int, now: datetime
) -> list[Obstacle]:
    """Return why no rule can come of it now, as codes with details; nothing where one can. The
    miner's own obstacles go before what the guards would find of the same.
    """
    obstacles: list[Obstacle] = []
    evidence = pattern.evidence
    if evidence.suspicious:
        obstacles.append(("suspicious", {"count": str(evidence.suspicious)}))
    if evidence.true_positives:
        obstacles.append(("true_positive", {"count": str(evidence.true_positives)}))
    if pattern.obstacle and pattern.obstacle != "suspicious":
        obstacles.append((pattern.obstacle, {"kind": pattern.planned_work}))
    if obstacles:
        return obstacles
    zone = history.site.time_zone
    rule = rule_for(pattern, time_zone=zone, now=now)
    criticality = {
        name: history.criticality[name.casefold()]
        for name in assets_of(rule)
        if name.casefold() in history.criticality
    }
    reasons = reasons_against_draft(rule, now=now, plant_zones=[zone], criticality=criticality)
    share = SiteShare(history.site.name, incidents, history.incidents)
    reasons += reasons_against_reach(
        sites=(share,), days=WANTED_DAYS, history_days=WANTED_DAYS, true_positives=0
    )
    obstacles += [(reason.code, dict(reason.detail)) for reason in reasons]
    if not obstacles and (stops := history.count_stops(rule)):
        obstacles.append(("stops", {"count": str(stops)}))
    return obstacles


def store_patterns(
    patterns: Sequence[MinedPattern],
    *,
    history: SiteHistory,
    days: int,
    max_days_seen: int,
    usual_minutes: float | None,
    period: TimeSpan,
    now: datetime,
) -> int:
    """Store the patterns of a site. Return how many of its incidents no longer reach the SOC with
    the rules that act and the whole plan.
    """
    stored = Pattern.objects.filter(site=history.site).select_related("state_by", "rule")
    known_rows = {row.pk: row for row in stored}
    continued = recognise(
        {pk: row.process for pk, row in known_rows.items()}, patterns, history.cells
    )
    index, critical = ShapeIndex.of(history.shapes), critical_pairs(history.cells)
    rows: list[Pattern] = []
    keys = {row.key for row in known_rows.values()}
    for position, pattern in enumerate(patterns):
        incidents = index.count_touched(pattern)
        row = make_row(
            pattern,
            history=history,
            critical=critical,
            incidents=incidents,
            days=days,
            max_days_seen=max_days_seen,
            usual_minutes=usual_minutes,
            now=now,
        )
        row.obstacles = [
            list(obstacle)
            for obstacle in obstacles_of(pattern, history=history, incidents=incidents, now=now)
        ]
        former = known_rows.get(continued.get(position, -1))
        if former is None:
            row.key = _new_key(pattern, history, keys)
        else:
            _carry_over(row, former)
        rows.append(row)
    steps = plan_site(patterns, rows=rows, history=history, now=now)
    places = {id(pattern): place for place, pattern in enumerate(patterns)}
    enough = [rows[places[id(step.pattern)]].has_enough_evidence for step in steps]
    ready = {place for place, is_ready in enumerate(enough) if is_ready}
    steps = count_as_sittings(steps, ready=ready, history=history, period=period, now=now)
    _number(rows, places, steps)
    _store(rows, known_ids=set(known_rows), continued_ids=set(continued.values()))
    return round(steps[-1].share * history.incidents) if steps else history.living_incidents


def plan_site(
    patterns: Sequence[MinedPattern],
    *,
    rows: Sequence[Pattern],
    history: SiteHistory,
    now: datetime,
) -> list[RuleStep]:
    """Give each row its step in the plan: first what may be proposed now, by what each adds on top
    of the rules that act and of those before it; then what still lacks evidence. The best of that
    have places of their own: small rules that are ready would else take them all, and nobody would
    ask about the large ones. Places that are left then go to what is ready.
    """
    positions = {id(pattern): position for position, pattern in enumerate(patterns)}
    able = [
        place
        for place, row in enumerate(rows)
        if not row.obstacles and not _is_declined(row, now=now)
    ]
    ready = [place for place in able if rows[place].has_enough_evidence]
    lacking = [place for place in able if not rows[place].has_enough_evidence]

    def plan(places: Sequence[int], *, room: int, after: Sequence[RuleStep] = ()) -> list[RuleStep]:
        return make_plan(
            [patterns[place] for place in places],
            history.cells,
            history.open_shapes,
            living=[step.pattern for step in after],
            max_rules=room,
        )

    room = MAX_RULES
    if lacking and len(ready) > MAX_RULES - MAX_LACKING:
        best = plan([*ready, *lacking], room=MAX_RULES)
        lack = {id(patterns[place]) for place in lacking}
        room -= min(sum(id(step.pattern) in lack for step in best), MAX_LACKING)
    steps = plan(ready, room=room)
    steps += plan(lacking, room=MAX_RULES - len(steps), after=steps)
    if room < MAX_RULES and len(steps) < MAX_RULES:
        placed = {id(step.pattern) for step in steps}
        left = [place for place in ready if id(patterns[place]) not in placed]
        steps += plan(left, room=MAX_RULES - len(steps), after=steps)
    _number(rows, positions, steps)
    return steps


def count_as_sittings(
    steps: Sequence[RuleStep],
    *,
    ready: Collection[int],
    history: SiteHistory,
    period: TimeSpan,
    now: datetime,
) -> list[RuleStep]:
    """Return the steps with what their rules add beside those that act, as a sitting counts it and
    guards asked: the shapes of incidents only choose among thousands of patterns. First the places
    that are `ready`, then the others, without those that add nothing. Where history cannot be read
    in time, the counts of the shapes stay.
    """
    zone = history.site.time_zone
    rules = {
        place: rule_for(step.pattern, time_zone=zone, now=now) for place, step in enumerate(steps)
    }
    acting, live = acting_rules_at(history.site.name), live_rules_at(history.site.name)
    groups = [
        {place: rule for place, rule in rules.items() if (place in ready) == is_ready}
        for is_ready in (True, False)
    ]
    try:
        with statement_limit(MAX_SECONDS):
            closed = count_closed_by(acting, period=period)
            closed_live = (
                closed if live.keys() == acting.keys() else count_closed_by(live, period=period)
            )
            gains = order_by_gain(groups, acting=acting, period=period)
    except BackTestTimedOut:
        return list(steps)
    history.living_incidents, history.live_incidents = closed, closed_live
    counted = []
    for place, gain in gains:
        if gain:
            closed += gain
            share = closed / (history.incidents or 1)
            counted.append(RuleStep(steps[place].pattern, gain, share))
    return counted


def _number(rows: Sequence[Pattern], places: Mapping[int, int], steps: Iterable[RuleStep]) -> None:
    """Write the steps down in the rows; `places` are those of the patterns, by their ids."""
    for row in rows:
        row.plan_order, row.plan_gain, row.plan_share = None, 0, 0.0
    for order, step in enumerate(steps, start=1):
        row = rows[places[id(step.pattern)]]
        row.plan_order, row.plan_gain, row.plan_share = order, step.gain, round(step.share, 6)


def _is_declined(row: Pattern, *, now: datetime) -> bool:
    """Whether people said that no rule shall come of it, or not now."""
    if row.state == PatternState.SNOOZED:
        return row.snoozed_until is not None and row.snoozed_until > now
    return row.state == PatternState.REJECTED


def _carry_over(row: Pattern, former: Pattern) -> None:
    """Carry over who the process is and what people decided about it."""
    row.key = former.key
    row.state, row.state_reason = former.state, former.state_reason
    row.state_by, row.state_at = former.state_by, former.state_at
    row.snoozed_until, row.rule = former.snoozed_until, former.rule


def _new_key(pattern: MinedPattern, history: SiteHistory, keys: set[UUID]) -> UUID:
    """Return the key of a process that was not known. Two that look alike are told apart by the
    order in which they were found.
    """
    key = process_key(pattern, history.cells)
    while key in keys:
        key = uuid5(key, "another")
    keys.add(key)
    return key


def _store(rows: list[Pattern], *, known_ids: set[int], continued_ids: set[int]) -> None:
    lost = Pattern.objects.filter(pk__in=known_ids - continued_ids)
    lost.filter(state=PatternState.OPEN).delete()
    lost.update(plan_order=None, plan_gain=0, plan_share=0)
    for row in rows:
        # As PostgreSQL spells arrays: 168 numbers checked and spelled one by one would take longer
        # than all the rest of a row.
        row.rhythm = f"{{{','.join(map(str, row.rhythm))}}}"
    Pattern.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["key"], update_fields=_FIGURES, batch_size=500
    )
