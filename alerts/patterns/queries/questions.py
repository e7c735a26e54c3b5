"""The questions whose answers move the curve of the plan most, one incident each, and those that
shorten the trial of a rule.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, Final

from alerts.incidents.models import Incident
from alerts.incidents.queries import incidents_visible_to
from alerts.patterns.engine.cells import OUTSIDE
from alerts.patterns.engine.evidence import MIN_JUDGED_SHARE
from alerts.patterns.engine.rule_text import rule_for
from alerts.patterns.models import Pattern, PlanQuestion
from alerts.patterns.queries.growth import growth_sql
from alerts.patterns.queries.plan import TO_SIGN, PlanStep, SitePlan, StepState
from alerts.reviews.policies import is_ot_at, ot_people_at
from alerts.rules.sql import Sql, rule_condition_sql
from alerts.rules.trial import CREDIT_PERIOD, credit_wanted
from alerts.suppression.backtesting.history_sql import fetch_rows
from alerts.suppression.watching.looks import count_within_limits, harmless_looks, looks_for
from portal.accounts.models import User

MAX_A_DAY: Final = 5  # to one person, whoever asks
MAX_STEPS: Final = 10  # of the plan whose trials are looked at in one go
DAY: Final = timedelta(days=1)
# OFFSET 0 keeps the steps apart. However wrong the planner's statistics are, no step then looks at
# more than each pair of two tables; as one join it looked at triples, and /plan/ timed out.
_UNJUDGED: Final = """
SELECT sorted.incident_id FROM (
    SELECT found.* FROM (
        SELECT l.incident_id, max(a.at) AS newest FROM incidents_alerts a
          JOIN incidents_alert_links l ON l.alert_id = a.id
         WHERE {scope} {unit} AND a.site_id = %s
         GROUP BY l.incident_id OFFSET 0) found
      JOIN incidents_incidents i ON i.id = found.incident_id
     WHERE i.gone_at IS NULL AND i.merged_into IS NULL
     ORDER BY found.newest DESC, found.incident_id DESC OFFSET 0) sorted
 WHERE NOT EXISTS (SELECT FROM reviews_verdict_incidents n
                     JOIN reviews_verdicts v ON v.id = n.annotation_id
                    WHERE n.incident_id = sorted.incident_id AND v.withdrawn_at IS NULL OFFSET 0)
   AND NOT EXISTS (SELECT FROM reviews_question_incidents q
                     JOIN reviews_questions r ON r.id = q.review_id
                    WHERE q.incident_id = sorted.incident_id AND r.state <> 'withdrawn' OFFSET 0)
 ORDER BY sorted.newest DESC, sorted.incident_id DESC LIMIT 1
"""
MAX_INCIDENTS: Final = 200  # the newest; eight of them are enough
_COVERED: Final = """
(SELECT %s::bigint, sorted.incident_id FROM (
    SELECT found.* FROM (
        SELECT l.incident_id, max(a.at) AS newest FROM incidents_alerts a
          JOIN incidents_alert_links l ON l.alert_id = a.id
         WHERE {scope} AND a.site_id = %s AND a.at >= %s
         GROUP BY l.incident_id OFFSET 0) found
      JOIN incidents_incidents i ON i.id = found.incident_id
     WHERE i.created_at >= %s AND i.gone_at IS NULL AND i.merged_into IS NULL
     ORDER BY found.newest DESC, found.incident_id DESC OFFSET 0) sorted
 WHERE NOT EXISTS (SELECT FROM incidents_alerts a
                    WHERE a.id = ANY(ARRAY(SELECT o.alert_id FROM incidents_alert_links o
                                            WHERE o.incident_id = sorted.incident_id))
                      AND ({scope}) IS NOT TRUE OFFSET 0)
 ORDER BY sorted.newest DESC, sorted.incident_id DESC LIMIT %s)
"""
_TOUCHED: Final = """
SELECT n.incident_id FROM reviews_verdict_incidents n
  JOIN reviews_verdicts v ON v.id = n.annotation_id
 WHERE n.incident_id = ANY(%s) AND v.withdrawn_at IS NULL
UNION
SELECT q.incident_id FROM reviews_question_incidents q
  JOIN reviews_questions r ON r.id = q.review_id
 WHERE q.incident_id = ANY(%s) AND r.state <> 'withdrawn'
"""


@dataclass(frozen=True, slots=True)
class IncidentToAsk:
    """One incident to ask OT about, and the step of the plan that its answer helps."""

    step: PlanStep
    incident: Incident
    about: str  # the device, or the kind and zone, that nobody has judged yet
    is_for_trial: bool = False  # the evidence is enough: the trial would count the answer


@dataclass(frozen=True, slots=True)
class Questions:
    """What to ask at a site now. `share` is gained once all of these are answered as harmless."""

    all: list[IncidentToAsk]
    share: float
    allowed: int  # of them today, so that nobody is asked more than MAX_A_DAY
    people: list[User]

    @property
    def today(self) -> list[IncidentToAsk]:
        """Those that may be asked today."""
        return self.all[: self.allowed]


def questions_at(plan: SitePlan, user: User | None, *, now: datetime) -> Questions:
    """Return the questions of a site's plan: steps with the largest gain an answer first, and of a
    step only as many as it needs; then what makes the trials of the steps to sign shorter.
    Incidents that somebody was asked about are passed over.
    """
    chosen: list[IncidentToAsk] = []
    complete: list[PlanStep] = []
    waiting = _waiting_by_pattern(plan)
    steps = plan.steps_in(StepState.EVIDENCE)
    for step in sorted(steps, key=lambda step: -step.gain / answers_needed(step.pattern)):
        needed = answers_needed(step.pattern) - waiting.get(step.pattern.pk, 0)
        questions = _questions_of(step, user, limit=min(needed, MAX_A_DAY - len(chosen)), now=now)
        chosen += questions
        if len(questions) >= needed:
            complete.append(step)
        if len(chosen) >= MAX_A_DAY:
            break
    chosen += _for_trials(plan, user, limit=MAX_A_DAY - len(chosen), now=now)
    people = _people_at(plan, chosen[0].incident, user) if chosen else []
    allowed = allowance(people, chosen[0].incident, now=now) if chosen else MAX_A_DAY
    return Questions(chosen, sum(step.share for step in complete), allowed, people)


def _for_trials(
    plan: SitePlan, user: User | None, *, limit: int, now: datetime
) -> list[IncidentToAsk]:
    """Return what the trials of the steps to sign would count, in the order of the plan, a few
    steps at a time: where their credit is complete, the next ones are looked at.
    """
    targets = {step.pattern.pk: credit_wanted(step.gain / plan.whole_days) for step in plan.steps}
    steps = [step for step in plan.steps_in(*TO_SIGN) if targets[step.pattern.pk]]
    chosen: list[IncidentToAsk] = []
    for few in batched(steps, MAX_STEPS, strict=False):
        if len(chosen) >= limit:
            break
        asked = {question.incident.pk for question in chosen}
        found = _for_trials_of(few, user, targets=targets, now=now)
        chosen += [question for question in found if question.incident.pk not in asked]
    return chosen[: max(limit, 0)]


def _for_trials_of(
    steps: Sequence[PlanStep], user: User | None, *, targets: Mapping[int, int], now: datetime
) -> list[IncidentToAsk]:
    waiting = Counter(
        PlanQuestion.objects.filter(
            pattern__in=[step.pattern.pk for step in steps], question__settled_at=None
        )
        .exclude(question__state="withdrawn")
        .values_list("pattern", flat=True)
    )
    missing = {
        step.pattern.pk: targets[step.pattern.pk] - waiting[step.pattern.pk] for step in steps
    }
    incidents = incidents_for_trials([step.pattern for step in steps], targets=missing, now=now)
    visible = Incident.objects.all() if user is None else incidents_visible_to(user)
    rows = visible.select_related("workspace__organisation").in_bulk(
        [pk for ids in incidents.values() for pk in ids]
    )
    return [
        IncidentToAsk(step, rows[pk], "", is_for_trial=True)
        for step in steps
        for pk in incidents[step.pattern.pk]
        if pk in rows
    ]


def _people_at(plan: SitePlan, incident: Incident, user: User | None) -> list[User]:
    """Who would be asked: everybody who speaks for OT there, without who asks."""
    people = ot_people_at(plan.totals.site, incident.workspace)
    return [person for person in people if person != user]


def answers_needed(pattern: Pattern) -> int:
    """Return how many more answers, each about another unit, hold enough of its alerts."""
    total = pattern.alerts or 1
    share, needed = pattern.judged_share, 0
    for unit in pattern.open_units:
        if share >= MIN_JUDGED_SHARE:
            break
        share += int(unit["alerts"]) / total
        needed += 1
    return max(needed, 1)


def allowance(people: Sequence[User], incident: Incident, *, now: datetime) -> int:
    """Return how many more questions of a plan the most asked of these people may get today."""
    lately = list(
        PlanQuestion.objects.filter(asked_at__gt=now - DAY, asked_at__lte=now).select_related(
            "site"
        )
    )
    counts = [
        sum(is_ot_at(person, question.site, incident.workspace) for question in lately)
        for person in people
    ]
    return max(MAX_A_DAY - max(counts, default=0), 0)


def _waiting_by_pattern(plan: SitePlan) -> dict[int, int]:
    """How many questions of each step wait for an answer, or were answered since it was mined."""
    ids = [step.pattern.pk for step in plan.steps_in(StepState.EVIDENCE)]
    since = plan.totals.mining.ran_at
    rows = PlanQuestion.objects.filter(pattern__in=ids).exclude(question__state="withdrawn")
    counts: dict[int, int] = {}
    for row in rows.select_related("question"):
        settled = row.question.settled_at
        if row.pattern_id is not None and (settled is None or settled > since):
            counts[row.pattern_id] = counts.get(row.pattern_id, 0) + 1
    return counts


def _questions_of(
    step: PlanStep, user: User | None, *, limit: int, now: datetime
) -> list[IncidentToAsk]:
    if limit <= 0:
        return []
    pattern = step.pattern
    units: Sequence[dict[str, Any]] = pattern.open_units or [{"kind": "", "name": "", "zone": ""}]
    if step.version is None:
        scope = rule_condition_sql(rule_for(pattern.process, time_zone=pattern.time_zone, now=now))
    else:  # it outgrew its rule: what is new in it
        scope = growth_sql(pattern, step.version)
        units = [{"kind": "", "name": "", "zone": ""}]
    questions: list[IncidentToAsk] = []
    incident_ids: set[int] = set()
    for unit in units:
        if len(questions) >= limit:
            break
        pk = _unjudged_incident(pattern, unit, scope=scope)
        if pk is None or pk in incident_ids:
            continue
        visible = Incident.objects.all() if user is None else incidents_visible_to(user)
        incident = visible.filter(pk=pk).select_related("workspace__organisation").first()
        if incident is not None:
            incident_ids.add(pk)
            about = " · ".join(filter(None, (unit["name"], unit.get("zone", ""))))
            questions.append(IncidentToAsk(step, incident, about))
    return questions


def _unjudged_incident(pattern: Pattern, unit: dict[str, Any], *, scope: Sql) -> int | None:
    """The newest incident of the unit that nobody judged or was asked about."""
    clause, params = _unit_clause(unit)
    text = _UNJUDGED.format(scope=f"({scope.text})", unit=clause)
    rows = fetch_rows(text, (*scope.params, *params, pattern.site_id))
    return rows[0][0] if rows else None


def _unit_clause(unit: dict[str, Any]) -> tuple[str, tuple[Any, ...]]:
    """SQL that holds the alerts to one unit: a device by name or address, a kind in a zone, or what
    is beyond the plant, which has no kind in alerts.
    """
    name, kind, zone = unit.get("name", ""), unit.get("kind", ""), unit.get("zone", "")
    if not name:
        return "", ()
    if kind == "target":
        return "AND %s IN (a.destination_device, a.destination_address)", (name,)
    if kind == "source" and not zone:
        return "AND %s IN (a.source_device, a.source_address, a.source_kind)", (name,)
    side = "source" if kind == "source" else "destination"
    params = ("", "") if name == OUTSIDE else (name, zone)
    return f"AND a.{side}_kind = %s AND a.{side}_zone = %s", params


def incidents_for_trials(
    patterns: Sequence[Pattern], *, targets: Mapping[int, int], now: datetime
) -> dict[int, list[int]]:
    """Return, by the key of each pattern, incidents of the last 28 days that it covers
    whole and that nobody of OT has seen, the newest first: as many as are missing to `targets` that
    a person found harmless. No incident is named twice.
    """
    covered = _covered(patterns, now=now)
    everything = [incident for incidents in covered.values() for incident in incidents]
    looks = harmless_looks(everything)
    used = {row[0] for row in fetch_rows(_TOUCHED, (everything, everything))}
    strict = {pattern.pk for pattern in patterns if pattern.process.is_strict}
    chosen: dict[int, list[int]] = {}
    for pattern, incidents in covered.items():
        own_looks = looks_for(looks, is_strict=pattern in strict)
        credit = count_within_limits(own_looks[pk] for pk in incidents if pk in own_looks)
        missing = max(targets[pattern] - credit, 0)
        left = [incident for incident in incidents if incident not in used | own_looks.keys()]
        chosen[pattern] = left[:missing]
        used.update(chosen[pattern])
    return chosen


def _covered(patterns: Sequence[Pattern], *, now: datetime) -> dict[int, list[int]]:
    """Return, by the key of each pattern, the newest incidents that it covers whole."""
    start, params, texts = now - CREDIT_PERIOD, [], []
    for pattern in patterns:
        scope = rule_condition_sql(rule_for(pattern.process, time_zone=pattern.time_zone, now=now))
        texts.append(_COVERED.format(scope=f"({scope.text})"))
        params += [
            pattern.pk,
            *scope.params,
            pattern.site_id,
            start,
            start,
            *scope.params,
            MAX_INCIDENTS,
        ]
    covered: dict[int, list[int]] = {pattern.pk: [] for pattern in patterns}
    for pattern, incident in fetch_rows(" UNION ALL ".join(texts), params) if texts else []:
        covered[pattern].append(incident)
    return covered
