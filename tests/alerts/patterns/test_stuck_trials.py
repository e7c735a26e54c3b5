"""A trial that labelled a true positive cannot end: the plan offers the rule without that pair."""

import pytest

from alerts.incidents.models import Incident, IncidentAlert, IncidentStatus
from alerts.patterns.models import Pattern
from alerts.patterns.queries.plan import StepState, site_plans_for
from alerts.patterns.services.decide import CannotDecidePattern, draft_next_version
from alerts.patterns.services.plan import Proposing, propose_patterns
from alerts.suppression.models import (
    Ending,
    LedgerAct,
    LedgerEntry,
    RuleVersion,
    VersionState,
    Where,
)
from tests.alerts.suppression.past import judge
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.rewriting import rewrite

pytestmark = pytest.mark.django_db


@pytest.fixture
def trial(polling, run_mining, oda, leo):
    """The rule of the historian that polls five gateways, in its trial."""
    by_gateway = polling(5)
    for name in ("GW-1", "GW-2", "GW-3", "GW-4"):
        judge(by_gateway[name][:1], oda)
    (pattern,) = run_mining()
    proposing = Proposing(by=oda, proved_at=NOON)
    (outcome,) = propose_patterns(pattern_ids=[pattern.pk], proposing=proposing, now=NOON)
    rules.sign(outcome.version, by=leo, now=NOON)
    return RuleVersion.objects.get(), by_gateway


def call_true_positive(version, incident):
    """The SOC closes what the trial labelled as a true positive."""
    LedgerEntry.objects.create(
        incident=incident,
        rule=version.rule,
        version=version,
        rule_hash=version.rule_hash,
        act=LedgerAct.TAGGED,
        where=Where.TAGOUT,
        at=NOON,
        landed_at=NOON,
        ending=Ending.TRUE_POSITIVE,
        ended_at=NOON,
        reason="routine",
        signed_ot="Oda",
        signed_soc="Leo",
    )
    Incident.objects.filter(pk=incident.pk).update(
        status=IncidentStatus.CLOSED, classification="TruePositive"
    )


@pytest.fixture
def stuck(trial, run_mining):
    version, by_gateway = trial
    call_true_positive(version, by_gateway["GW-1"][-1])
    run_mining()
    return version


def the_step(leo):
    (step,) = site_plans_for(leo)[0].steps
    return step


def test_a_trial_that_goes_on_is_no_step_to_sign(trial, run_mining, leo, oda):
    run_mining()
    assert site_plans_for(leo)[0].steps_in(StepState.READY) == []
    with pytest.raises(CannotDecidePattern, match="already made from it"):
        draft_next_version(pattern_id=Pattern.objects.get().pk, by=oda, now=NOON)


def test_a_trial_that_labelled_a_true_positive_gives_way_to_the_rule_without_it(stuck, leo, oda):
    step = the_step(leo)
    assert (step.state, step.version) == (StepState.READY, stuck)
    assert step.gain > 60, "the trial takes nothing off people"
    proposing = Proposing(by=oda, proved_at=NOON)
    (outcome,) = propose_patterns(pattern_ids=[step.pattern.pk], proposing=proposing, now=NOON)
    assert outcome.reasons == ()
    next_version = outcome.version
    assert next_version.number == 2
    (exception,) = next_version.definition.except_any
    assert (exception.field, exception.values) == ("destination_device", ("GW-1",))
    rules.sign(next_version, by=leo, now=NOON)
    stuck.refresh_from_db()
    next_version.refresh_from_db()
    assert (stuck.state, next_version.state) == (VersionState.REPLACED, VersionState.IN_TRIAL)
    assert next_version.keeps_trial_of is None


def test_a_pattern_that_still_covers_it_is_no_way_out(trial, run_mining, leo, oda):
    version, by_gateway = trial
    run_mining()
    call_true_positive(version, by_gateway["GW-1"][-1])  # since history was looked at
    assert site_plans_for(leo)[0].steps_in(StepState.READY) == []
    with pytest.raises(CannotDecidePattern, match="does not leave out the true positive"):
        draft_next_version(pattern_id=Pattern.objects.get().pk, by=oda, now=NOON)


def test_harm_whose_alerts_were_removed_leaves_no_way_out(stuck, leo):
    assert the_step(leo).state is StepState.READY
    IncidentAlert.objects.filter(incident__classification="TruePositive").delete()
    assert the_step(leo).state is StepState.TRIAL, "nobody can see any more what to leave out"


def test_what_somebody_narrowed_by_hand_is_not_offered_wider(stuck, leo):
    line = {"field": "protocol", "operator": "is", "values": ["Modbus"]}
    rewrite(
        RuleVersion.objects.filter(pk=stuck.pk),
        body=stuck.body | {"all_of": [*stuck.body["all_of"], line]},
    )
    step = the_step(leo)
    assert (step.state, step.gain) == (StepState.TRIAL, 0), "as it is, it takes nothing off people"


def test_what_is_new_beside_it_must_be_judged(stuck, trial, leo, oda):
    _, by_gateway = trial
    pattern = Pattern.objects.get()
    destination = pattern.definition["destination"]
    listed = {**destination, "rung": "listed", "kinds": [], "zones": []}
    rewrite(
        Pattern.objects.filter(pk=pattern.pk),
        definition=pattern.definition
        | {"destination": listed | {"members": ["GW-2", "GW-3", "GW-4", "GW-5"]}},
    )
    others = [line for line in stuck.body["all_of"] if not line["field"].startswith("destination")]
    three = {"field": "destination_device", "operator": "is_one_of"}
    rewrite(
        RuleVersion.objects.filter(pk=stuck.pk),
        body=stuck.body | {"all_of": [*others, three | {"values": ["GW-2", "GW-3", "GW-4"]}]},
    )
    assert the_step(leo).state is StepState.TRIAL
    judge(by_gateway["GW-5"][:1], oda)
    assert the_step(leo).state is StepState.READY
