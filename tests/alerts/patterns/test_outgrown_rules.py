"""A pattern that covers more than the rule that was made of it: the next version, from the plan."""

from datetime import timedelta

import pytest

from alerts.patterns.models import Pattern
from alerts.patterns.queries.plan import StepState, site_plans_for
from alerts.patterns.queries.questions import questions_at
from alerts.patterns.services.decide import CannotDecidePattern, draft_next_version
from alerts.patterns.services.plan import Proposing, propose_patterns
from alerts.suppression.models import RuleVersion, VersionState
from alerts.suppression.transitions import move
from tests.alerts.patterns.conftest import POLLING, store
from tests.alerts.suppression.past import judge
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_device, new_incident

pytestmark = pytest.mark.django_db


@pytest.fixture
def live(polling, run_mining, oda, leo):
    """The rule of the historian that polls four gateways, live since yesterday."""
    by_gateway = polling(4)
    for rows in by_gateway.values():
        judge(rows[:1], oda)
    (pattern,) = run_mining()
    proposing = Proposing(by=oda, proved_at=NOON)
    (outcome,) = propose_patterns(pattern_ids=[pattern.pk], proposing=proposing, now=NOON)
    rules.sign(outcome.version, by=leo, now=NOON)
    version = RuleVersion.objects.get()
    move(version, to=VersionState.LIVE, by=None, by_label="Tagout", now=NOON - timedelta(days=1))
    return version


@pytest.fixture
def meters(live, workspace, site, run_mining):
    """Since then it polls meters, too."""
    incidents = []
    for n in (1, 2, 3):
        make_device(site, f"MTR-{n}", f"10.2.0.{n}", kind="Meter")
        rows = [
            new_incident(
                workspace,
                title=POLLING,
                source="HIST-01",
                destination=f"MTR-{n}",
                site_ids=[site.pk],
                created_at=NOON - timedelta(days=back, hours=(back * 5 + n * 7) % 24),
            )
            for back in range(8, 0, -1)
        ]
        store(
            rows,
            site,
            source_kind="Historian",
            source_zone="Operations",
            destination_kind="Meter",
            destination_zone="Packaging 2",
        )
        incidents += rows
    run_mining()
    return incidents


def the_step(leo):
    (step,) = site_plans_for(leo)[0].steps
    return step


def test_what_is_new_in_a_pattern_is_a_step_of_the_plan_that_asks_for_a_verdict(meters, live, leo):
    step = the_step(leo)
    assert (step.state, step.gain, step.version) == (StepState.EVIDENCE, len(meters), live)
    (question,) = questions_at(site_plans_for(leo)[0], leo, now=NOON).all
    assert question.incident in meters, "the rule closes the others already"


def test_without_a_verdict_on_what_is_new_there_is_no_next_version(meters, live, oda):
    pattern = Pattern.objects.get(rule=live.rule)
    assert pattern.has_enough_evidence, "by what the rule closes already"
    with pytest.raises(CannotDecidePattern, match="what is new in it is routine"):
        draft_next_version(pattern_id=pattern.pk, by=oda, now=NOON)
    assert RuleVersion.objects.count() == 1


def test_once_it_is_judged_the_next_version_is_proposed_from_the_plan(
    meters, live, oda, leo, run_mining
):
    judge(meters[-1:], oda)
    run_mining()
    step = the_step(leo)
    assert (step.state, step.version) == (StepState.READY, live)
    proposing = Proposing(by=oda, proved_at=NOON)
    (outcome,) = propose_patterns(pattern_ids=[step.pattern.pk], proposing=proposing, now=NOON)
    version = outcome.version
    assert (version.rule, version.number, version.state) == (live.rule, 2, VersionState.PROPOSED)
    assert "Meter" in str(version.body) or "MTR-1" in str(version.body)
    assert version.body["owner_ot"] == live.body["owner_ot"]
    assert (the_step(leo).state, the_step(leo).version) == (StepState.SOC, version)
    rules.sign(version, by=leo, now=NOON)
    version.refresh_from_db()
    assert version.state == VersionState.CANARY and version.keeps_trial_of is None
    assert the_step(leo).state is StepState.TRIAL


def test_a_version_that_would_lose_what_the_rule_closes_is_not_drafted(meters, live, oda):
    judge(meters[-1:], oda)
    pattern = Pattern.objects.get(rule=live.rule)
    pattern.definition = pattern.definition | {"exceptions": ["GW-1"]}
    pattern.save()
    with pytest.raises(CannotDecidePattern, match="no longer cover"):
        draft_next_version(pattern_id=pattern.pk, by=oda, now=NOON)


def test_a_few_incidents_more_are_not_worth_two_signatures(meters, live, leo):
    Pattern.objects.filter(rule=live.rule).update(plan_gain=4)
    assert the_step(leo).state is StepState.LIVE
