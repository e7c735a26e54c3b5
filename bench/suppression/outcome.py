"""What Tagout's tables hold when the days are over: closes, rules, versions, stops, questions."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from alerts.dashboards.engine.periods import ReportSpan
from alerts.dashboards.queries.decision_counts import decisions_by_group
from alerts.incidents.models import Incident
from alerts.reviews.models import Opinion
from alerts.rules.fields import FieldValues
from alerts.rules.guards.never import reasons_against_alert
from alerts.rules.match import holds
from alerts.rules.rule import RuleDefinition
from alerts.rules.sql import rule_condition_sql
from alerts.suppression.backtesting.history_sql import fetch_rows
from alerts.suppression.models import (
    ACTING,
    DriftLine,
    DriftQuestion,
    Ending,
    LedgerAct,
    LedgerEntry,
    RuleVersion,
    Step,
    VersionState,
)
from alerts.suppression.queries import facts_by_incident
from bench.suppression.account import trial_records
from bench.suppression.azure_bodies import name_of
from bench.suppression.figures import Outcome
from bench.suppression.life import LifeRecord
from portal.audit.models import Entry

GIVEN_BACK = (Ending.NOT_SENT, Ending.REOPENED, Ending.JOINED)
PIECE = 500


def read_outcome(life_record: LifeRecord) -> Outcome:
    """Return what became of the incidents since the first signatures."""
    by_name = {
        name_of(incident_id): incident_id for incident_id in life_record.company.scenario.by_id
    }
    return Outcome(
        until=life_record.until,
        closed={by_name[name]: places for name, places in _closed().items()},
        ready=frozenset(by_name[name] for name in _matched_by_ready(life_record)),
        figures=_figures(life_record),
        account=_account(life_record, by_name),
        amended=tuple(_amended(by_name)),
        decisions=_decisions(life_record),
    )


def _decisions(life_record: LifeRecord) -> int:
    since, until = life_record.company.scenario.split_at, life_record.until
    days = ReportSpan(since, until, until - since)
    counts = decisions_by_group(Incident.objects.all(), days, "")
    return sum(sum(periods.values()) for periods in counts.values())


def _amended(by_name: Mapping[str, str]) -> Iterator[frozenset[str]]:
    """Of each version that both sides signed and that words one line anew: the incidents with an
    alert that it matches and what it amends does not.
    """
    signed = RuleVersion.objects.filter(steps__to_state=VersionState.IN_TRIAL)
    for version in signed.exclude(amends=None).select_related("amends").distinct():
        assert version.amends is not None  # the filter
        new, old = (
            rule_condition_sql(version.definition),
            rule_condition_sql(version.amends.definition),
        )
        rows = fetch_rows(
            "SELECT DISTINCT i.name FROM incidents_alerts a"
            " JOIN incidents_alert_links l ON l.alert_id = a.id"
            " JOIN incidents_incidents i ON i.id = l.incident_id"
            f" WHERE ({new.text}) AND ({old.text}) IS NOT TRUE",
            (*new.params, *old.params),
        )
        yield frozenset(by_name[name] for (name,) in rows)


def _account(life_record: LifeRecord, by_name: dict[str, str]) -> dict[str, tuple[str, str]]:
    if life_record.account is None:
        return {}
    answers = life_record.account.result(life_record.until)
    return {by_name[name]: answer for name, answer in answers.items()}


def _closed() -> dict[str, list[int]]:
    """The names of incidents that rules closed and that stayed away from people, with the place of
    each of these rules among those of its site.
    """
    places = _places_of_rules()
    lines = LedgerEntry.objects.filter(act=LedgerAct.CLOSED)
    back = set(lines.filter(ending__in=GIVEN_BACK).values_list("incident", flat=True))
    closed: dict[str, list[int]] = defaultdict(list)
    for pk, name, rule in lines.values_list("incident", "incident__name", "rule"):
        if pk not in back:
            closed[name].append(places[rule])
    return dict(closed)


def _places_of_rules() -> dict[int, int]:
    """By rule, which of its site it is, in the order in which they were signed by both."""
    places: dict[int, int] = {}
    counts: Counter[int] = Counter()
    steps = Step.objects.filter(to_state=VersionState.IN_TRIAL).order_by("at", "pk")
    for rule, sites in steps.values_list("version__rule", "version__site_ids"):
        if rule not in places:
            counts[sites[0]] += 1
            places[rule] = counts[sites[0]]
    return places


def _matched_by_ready(life_record: LifeRecord) -> set[str]:
    """The incidents of which the rules that the first plan had ready cover every alert, with what
    was known when each came.
    """
    found: set[str] = set()
    since = life_record.company.scenario.split_at
    for site, rules in life_record.ready.items():
        rows = Incident.objects.filter(
            site_ids__contains=[life_record.company.sites[site].pk], created_at__gte=since
        )
        names = dict(rows.values_list("pk", "name"))
        ids = list(names)
        for start in range(0, len(ids), PIECE):
            facts = facts_by_incident(ids[start : start + PIECE], as_of_alert=True)
            found |= {names[pk] for pk, alerts in facts.items() if _covers(rules, alerts.values())}
    return found


def _covers(rules: Iterable[RuleDefinition], alerts: Iterable[FieldValues]) -> bool:
    rows = list(alerts)
    return bool(rows) and all(
        any(holds(rule, row) and not reasons_against_alert(row, rule) for rule in rules)
        for row in rows
    )


def _figures(life_record: LifeRecord) -> dict[str, Any]:
    sites = {site.pk: name for name, site in life_record.company.sites.items()}
    acting: Counter[str] = Counter(dict.fromkeys(sites.values(), 0))
    for site_ids in _acting_rules().values():
        acting[sites[site_ids[0]]] += 1
    signed: Counter[str] = Counter(dict.fromkeys(sites.values(), 0))
    trials = Step.objects.filter(to_state=VersionState.IN_TRIAL)
    for site_ids in trials.values_list("version__site_ids", flat=True):
        signed[sites[site_ids[0]]] += 1
    return {
        "rules_per_site": dict(acting),
        "versions_per_site": dict(signed),
        "ready_at_first": {name: len(rules) for name, rules in life_record.ready.items()},
        "stops": _stops(),
        "days_stopped": round(_days_stopped(life_record), 1),
        "mean_credit": _mean_credit(),
        "questions": life_record.leads.questions,
        "drift_questions": dict(Counter(DriftQuestion.objects.values_list("state", flat=True))),
        "amendments": DriftLine.objects.exclude(amendment=None).count(),
        "amendments_refused": DriftLine.objects.exclude(refusal="").count(),
        "second_opinions": Opinion.objects.filter(state=Opinion.State.ANSWERED).count(),
        "refused": dict(life_record.leads.refused.most_common()),
        "kept_open": _kept_open(),
        "trials": trial_records() if life_record.account else [],
        "customs": {name: row.as_json() for name, row in life_record.company.customs.items()},
    }


def _acting_rules() -> dict[int, list[int]]:
    rows = RuleVersion.objects.filter(state__in=ACTING)
    return dict(rows.values_list("rule", "site_ids"))


def _stops() -> dict[str, int]:
    """How many times a rule stopped itself, by what became of the close that stopped it."""
    stops = Entry.objects.filter(action="suppression.close.rolled_back")
    endings = Counter(str(row["ending"]) for row in stops.values_list("details", flat=True))
    stopped = Entry.objects.filter(action="suppression.rule.stopped").count()
    return dict(endings) | {"versions": stopped}


def _days_stopped(life_record: LifeRecord) -> float:
    """For how many days rules that had lived did not, until one of their versions lived again."""
    total = timedelta(0)
    since: dict[int, Any] = {}
    steps = Step.objects.order_by("at", "pk")
    rows = steps.values_list("version__rule", "from_state", "to_state", "at")
    for rule, before, state, at in rows:
        if state == VersionState.PAUSED and before == VersionState.LIVE:
            since.setdefault(rule, at)
        elif (
            state in (VersionState.LIVE, VersionState.RETIRED, VersionState.EXPIRED)
            and rule in since
        ):
            total += at - since.pop(rule)
    total += sum((life_record.until - at for at in since.values()), timedelta(0))
    return total / timedelta(days=1)


def _mean_credit() -> float:
    """How many matches of the weeks before a trial began with, on average."""
    rows = RuleVersion.objects.filter(steps__to_state=VersionState.IN_TRIAL, keeps_trial_of=None)
    credits = [len(ids or ()) for ids in rows.values_list("credited_incident_ids", flat=True)]
    return round(sum(credits) / len(credits), 2) if credits else 0.0


def _kept_open() -> dict[str, int]:
    """Why guards kept incidents open that a trial covered, by the code of the first reason."""
    lines = LedgerEntry.objects.filter(act=LedgerAct.TAGGED).exclude(kept_open=[])
    rows = lines.values_list("incident", "kept_open")
    return dict(Counter(reasons[0][0] for reasons in dict(rows).values()))
