"""A proposal is checked, tested on history and frozen before anybody is asked to sign."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.incidents.models import IncidentStatus
from alerts.reviews.models import Verdict
from alerts.rules.rule import rule_hash
from alerts.sites.models import Criticality
from alerts.suppression.models import BackTestRun, Signature, VersionState
from alerts.suppression.signing.propose import CannotProposeRule
from portal.notifications.models import Notification
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_device

pytestmark = pytest.mark.django_db


def _refused(rule, people, history, *, by=None, now=NOON, **more) -> str:
    version = rules.draft(rule, by=by or people.oda, evidence=history.verdicts, now=NOON)
    with pytest.raises(CannotProposeRule) as refusal:
        rules.propose(version, by=by or people.oda, now=now, **more)
    version.refresh_from_db()
    assert version.state == VersionState.DRAFT and not version.signatures.exists()
    return " ".join(str(reason) for reason in refusal.value.reasons)


def test_a_proposal_freezes_rule_and_back_test(proposal, history):
    assert proposal.state == VersionState.PROPOSED
    assert proposal.rule_hash == rule_hash(proposal.definition)
    assert proposal.backtest.rule_hash == proposal.rule_hash
    assert proposal.backtest.body["incidents"] == len(history.incidents)
    assert proposal.backtest.body["judged"]["trials"] == 9


def test_proposing_signs_for_one_s_own_side(proposal, people):
    signature = Signature.objects.get()
    assert (signature.side, signature.by, signature.rule_hash) == (
        "ot",
        people.oda,
        proposal.rule_hash,
    )
    assert proposal.proposer_side == "ot"


def test_an_analyst_s_proposal_signs_nothing(people, history):
    version = rules.draft(rules.downloads(), by=people.sam, evidence=history.verdicts, now=NOON)
    version = rules.propose(version, by=people.sam, now=NOON)
    assert version.state == VersionState.PROPOSED and not version.signatures.exists()


def test_a_token_proposes_but_signs_nothing(draft, people):
    version = rules.propose(draft, by=people.oda, now=NOON, kind="token", proved_at=None)
    assert version.state == VersionState.PROPOSED and not version.signatures.exists()


def test_who_can_sign_for_the_other_side_is_asked(proposal, people):
    notifications = Notification.objects.filter(kind="suppression.proposed")
    assert {notification.to for notification in notifications} == {people.leo}
    assert notifications[0].path == f"/rules/{proposal.uuid}/"


def test_an_old_proof_of_identity_is_not_enough(people, history):
    reasons = _refused(rules.downloads(), people, history, proved_at=NOON - timedelta(minutes=6))
    assert "Enter your password again" in reasons


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"reason": ""}, "Say why"),
        ({"owner_soc": ""}, "owner on each side"),
        ({"owner_soc": "sam@demo.example"}, "cannot own"),
        ({"owner_ot": "leo@demo.example"}, "cannot own"),
        ({"expires_at": None}, "Choose a date on which the rule ends"),
        ({"expires_at": NOON - timedelta(days=1)}, "in the past"),
        ({"expires_at": NOON + timedelta(days=91)}, "more than 90 days"),
    ],
)
def test_what_a_proposal_lacks_is_said(people, history, change, found):
    assert found in _refused(rules.downloads(**change), people, history)


def test_lines_that_are_too_wide_are_refused(people, history):
    rule = rules.downloads()
    assert "device" in _refused(replace(rule, all_of=rule.all_of[:2]), people, history)
    assert "window" in _refused(replace(rule, all_of=rule.all_of[:4]), people, history)


def test_a_rule_without_verdicts_is_refused(people, history):
    version = rules.draft(rules.downloads(), by=people.oda, evidence=(), now=NOON)
    with pytest.raises(CannotProposeRule, match="verdicts"):
        rules.propose(version, by=people.oda, now=NOON)


def test_verdicts_about_something_else_are_no_evidence(people, history, workspace, site):
    other = rules.incident_of(workspace, site, at=NOON, source="ELSEWHERE", destination="PLC-1")
    verdicts = rules.judge([other], by=people.oda)
    version = rules.draft(rules.downloads(), by=people.oda, evidence=verdicts, now=NOON)
    with pytest.raises(CannotProposeRule, match="None of the chosen verdicts is about"):
        rules.propose(version, by=people.oda, now=NOON)


def test_a_withdrawn_verdict_is_no_evidence(people, history, draft):
    Verdict.objects.update(withdrawn_at=NOON)
    with pytest.raises(CannotProposeRule, match="is still valid"):
        rules.propose(draft, by=people.oda, now=NOON)


def test_one_suspicious_match_stops_the_proposal_until_it_is_corrected(people, history, draft):
    odd = rules.judge([history.incidents[11]], by=people.olaf, verdict="suspicious")[0]
    with pytest.raises(CannotProposeRule, match="not routine"):
        rules.propose(draft, by=people.oda, now=NOON)
    better = rules.judge([history.incidents[11]], by=people.oda)[0]
    Verdict.objects.filter(pk=odd.pk).update(superseded_by=better)
    assert rules.propose(draft, by=people.oda, now=NOON).state == VersionState.PROPOSED


def test_a_true_positive_among_the_matches_refuses_the_rule(people, history, draft):
    bad = history.incidents[3]
    bad.classification, bad.status = "TruePositive", IncidentStatus.CLOSED
    bad.save()
    with pytest.raises(CannotProposeRule, match="true positive"):
        rules.propose(draft, by=people.oda, now=NOON)


def test_a_rule_that_swallows_a_site_is_refused(people, workspace, site):
    weeks = rules.routine(workspace, site)
    verdicts = rules.judge(weeks, by=people.oda)
    version = rules.draft(rules.downloads(), by=people.oda, evidence=verdicts, now=NOON)
    with pytest.raises(CannotProposeRule, match="of all incidents of Gdańsk"):
        rules.propose(version, by=people.oda, now=NOON)


def test_a_safety_system_is_never_silenced(people, history, site, draft):
    make_device(site, "PLC-PL2-07", "10.1.2.7", criticality=Criticality.SAFETY)
    with pytest.raises(CannotProposeRule, match="safety system"):
        rules.propose(draft, by=people.oda, now=NOON)


@pytest.mark.parametrize("criticality", [Criticality.SAFETY, Criticality.CROWN_JEWEL])
def test_nor_is_one_that_the_rule_names_by_its_address(people, history, site, criticality):
    make_device(site, "SIS-01", "10.1.2.7", criticality=criticality)
    target = rules.clause("destination_address", "is", "10.1.2.7")
    rule = rules.downloads(all_of=(*rules.downloads().all_of, target))
    assert "10.1.2.7 is a" in _refused(rule, people, history)


def test_another_s_draft_cannot_be_proposed(draft, people):
    with pytest.raises(CannotProposeRule, match="your own draft"):
        rules.propose(draft, by=people.olaf, now=NOON)


def test_what_was_refused_left_no_frozen_test_behind(people, history):
    _refused(rules.downloads(reason=""), people, history)
    assert not BackTestRun.objects.exists()
