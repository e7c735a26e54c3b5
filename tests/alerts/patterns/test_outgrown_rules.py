"""A pattern that covers more than the rule that was made of it: the next version, from the plan."""

from datetime import timedelta

import pytest

from alerts.patterns.models import Pattern
from alerts.patterns.queries.plan import StepState, site_plans_for
from alerts.patterns.queries.questions import questions_at
from alerts.patterns.services.decide import CannotDecidePattern, draft_next_version
from alerts.patterns.services.plan import Proposing, propose_patterns
from alerts.suppression.models import DriftQuestion, RuleVersion, VersionState
from alerts.suppression.transitions import move
from tests.alerts.patterns.conftest import POLLING, store
from tests.alerts.suppression.past import judge
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_device, new_incident
from tests.factories.rewriting import rewrite

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
    with pytest.raises(CannotDecidePattern, match=f"Another version of {live.rule.label} is in"):
        draft_next_version(pattern_id=step.pattern.pk, by=oda, now=NOON)
    rules.sign(version, by=leo, now=NOON)
    version.refresh_from_db()
    assert version.state == VersionState.IN_TRIAL and version.keeps_trial_of is None
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


def line(field, *values):
    return {"field": field, "operator": "is", "values": list(values)}


def narrow(live, member, *lines):
    """The live version as somebody narrowed it by hand."""
    body = live.body | {member: [*live.body[member], *lines]}
    rewrite(RuleVersion.objects.filter(pk=live.pk), body=body)


def refused_next(live, by, words):
    pattern = Pattern.objects.get(rule=live.rule)
    with pytest.raises(CannotDecidePattern, match=words):
        draft_next_version(pattern_id=pattern.pk, by=by, now=NOON)
    assert RuleVersion.objects.count() == 1
    return True


def test_what_ot_called_something_else_comes_into_no_next_version(meters, live, site, oda, leo):
    judge(meters[-1:], oda)
    assert the_step(leo).state is StepState.READY
    DriftQuestion.objects.create(
        site=site,
        kind=DriftQuestion.Kind.JOINED,
        after="mtr-1",
        first_on=NOON.date(),
        against=[],
        in_favour=[],
        asked_at=NOON,
        found_at=NOON,
        state=DriftQuestion.State.NO,
        answered_by=oda,
        answered_at=NOON,
    )
    step = the_step(leo)
    assert (step.state, step.share, step.gain) == (StepState.LIVE, 0, 0)
    assert refused_next(live, oda, "something else than what R-1 is about: (MTR|mtr)-1")


def test_what_people_excepted_stays_excepted(meters, live, oda, leo):
    judge(meters[-1:], oda)  # of the third meter
    narrow(live, "except_any", line("destination_device", "MTR-1"))
    step = the_step(leo)
    assert step.state is StepState.READY
    draft = draft_next_version(pattern_id=step.pattern.pk, by=oda, now=NOON)
    assert draft.body["except_any"] == [line("destination_device", "MTR-1")]


def test_what_people_excepted_is_no_growth(meters, live, oda, leo):
    judge(meters[-1:], oda)
    narrow(live, "except_any", line("destination_device", "MTR-3"))
    assert the_step(leo).state is StepState.EVIDENCE
    assert refused_next(live, oda, "what is new in it is routine")


def test_a_line_that_people_added_is_not_dropped(meters, live, oda, leo):
    judge(meters[-1:], oda)
    narrow(live, "all_of", line("protocol", "MODBUS"))
    step = the_step(leo)
    assert (step.state, step.share) == (StepState.LIVE, 0)
    assert refused_next(live, oda, "lines narrower than this pattern")
