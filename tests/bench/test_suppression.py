"""The bench of rules lives with the whole product, and computes nothing of a rule's life itself."""

import ast
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.incidents.models import Incident
from alerts.outbox.models import Change
from alerts.suppression.models import LedgerAct, LedgerEntry, RuleVersion, VersionState
from bench.suppression.account import Account
from bench.suppression.figures import account_of, measure
from bench.suppression.life import live_through
from bench.suppression.outcome import read_outcome
from portal.jobs.models import JobState
from simulator.scenarios.incidents import PRODUCT
from simulator.scenarios.scenario import build_scenario
from tests.architecture.tree import HOME

BENCH = HOME / "bench" / "suppression"
HISTORY, QUESTIONS, DAYS = timedelta(days=18), timedelta(days=1), 1
LIFE = (  # where trials, credit, stops, versions, coverage and plans are worked out
    "alerts.rules.trial",
    "alerts.rules.guards.closing",
    "alerts.rules.guards.holds",
    "alerts.rules.lifetime",
    "alerts.suppression.watching.trials",
    "alerts.suppression.watching.credit",
    "alerts.suppression.watching.roll_back",
    "alerts.suppression.enforcing.judging",
    "alerts.rules.decision",
    "alerts.suppression.enforcing.acting_rules",
    "alerts.patterns.engine",
    "alerts.planned_work.engine",
)
TRUTH = {"truth", "alert_truths", "is_attack", "guard_class", "right_verdict", "right_cause"}


@pytest.fixture(scope="module")
def small_scenario():
    """One site of a building, some weeks before the first signatures and the days after them."""
    scenario = build_scenario("building", 3)
    site, since = scenario.sites[0].name, scenario.split_at - HISTORY
    incidents = tuple(i for i in scenario.incidents if i.site == site and i.at >= since)
    ids = {incident.id for incident in incidents}
    return replace(
        scenario,
        sites=scenario.sites[:1],
        starts_at=since,
        incidents=incidents,
        devices=tuple(device for device in scenario.devices if device.site == site),
        works=tuple(work for work in scenario.works if work.site == site),
        people=tuple(person for person in scenario.people if person.site == site),
        answers=tuple(answer for answer in scenario.answers if answer.incident_id in ids),
        processes=(),
        by_id={incident.id: incident for incident in incidents},
    )


def test_the_product_lives_through_the_days_of_a_plant(small_scenario, db, monkeypatch):
    monkeypatch.setattr("bench.suppression.life.QUESTIONS", QUESTIONS)
    scenario = small_scenario
    account = Account(since=scenario.split_at)
    outcome = read_outcome(live_through(scenario, days=DAYS, account=account))
    came = [i for i in scenario.incidents if i.at < scenario.split_at + timedelta(days=DAYS)]
    of_plant = [i for i in came if any(alert.product_name == PRODUCT for alert in i.alerts)]
    assert Incident.objects.count() == len(of_plant), "what other products saw alone is not read"
    assert RuleVersion.objects.filter(state=VersionState.IN_TRIAL).exists(), "both leads signed"
    assert LedgerEntry.objects.filter(act=LedgerAct.TAGGED, landed_at__isnull=False).exists()
    assert not Change.objects.filter(state=JobState.WAITING).exists(), "all of it was delivered"
    result = measure(scenario, outcome)
    assert outcome.ready, "the first plan had rules to sign"
    assert result["suppressed"] == 0, "a trial closes nothing"
    assert sum(result["versions_per_site"].values()) >= sum(result["rules_per_site"].values()) > 0
    assert result["questions"]
    reached = {i.id for i in of_plant if i.at >= scenario.split_at}
    assert reached == outcome.account.keys(), "of each it is known why it reached people"
    reasons = account_of(scenario, outcome, [i for i in of_plant if i.at >= scenario.split_at])
    points = sum(sum(kinds.values()) for kinds in reasons["by_reason"].values())
    assert points == pytest.approx(100, abs=2), "rules closed nothing, so all points are lost"
    assert "trial: first week" in reasons["by_reason"]


@pytest.mark.parametrize("path", sorted(BENCH.glob("*.py")), ids=lambda path: path.name)
def test_the_bench_works_out_nothing_of_the_life_of_rules(path):
    modules = set(_imported(ast.parse(path.read_text())))
    astray = {module for module in modules for life in LIFE if f"{module}.".startswith(f"{life}.")}
    assert not astray, "the product does that"


@pytest.mark.parametrize("path", sorted(BENCH.glob("*.py")), ids=lambda path: path.name)
def test_only_the_figures_read_the_truth(path):
    if path.name == "figures.py":
        return
    nodes = ast.walk(ast.parse(path.read_text()))
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    assert not read & TRUTH


def _imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
