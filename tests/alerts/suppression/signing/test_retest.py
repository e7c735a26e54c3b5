"""A proposal's back-test is run again for those who are to sign, and holds what it finds."""

from datetime import timedelta

import pytest

from alerts.rules.guards.signing import SigningSide
from alerts.suppression.models import BackTestRun, RuleVersion, VersionState
from alerts.suppression.services import sign_rule
from alerts.suppression.signing.request_changes import CannotRetest, retest_proposal
from alerts.suppression.signing.sign import CannotSignRule
from portal.audit.models import Entry
from tests.conftest import NOON
from tests.factories import rules

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=5)


def retest(proposal, by, at=LATER):
    run = retest_proposal(version_id=proposal.pk, by=by, now=at)
    proposal.refresh_from_db()
    return run


def test_the_fresh_result_is_frozen_into_the_request(proposal, people):
    before, digest = proposal.backtest, proposal.rule_hash
    run = retest(proposal, people.leo)
    assert proposal.backtest == run != before
    assert (run.ran_at, run.rule_hash, proposal.rule_hash) == (LATER, digest, digest)
    assert BackTestRun.objects.filter(pk=before.pk).exists()
    entry = Entry.objects.latest("pk")
    assert (entry.action, entry.at) == ("suppression.rule.retested", LATER)


def test_signatures_stay_and_the_rule_can_be_signed(proposal, people):
    retest(proposal, people.leo)
    signed = rules.sign(proposal, by=people.leo, now=LATER)
    assert signed.state == VersionState.IN_TRIAL


def test_what_it_holds_against_the_rule_nobody_can_sign(proposal, people, history):
    rules.judge(history.incidents[10:11], by=people.olaf, verdict="suspicious")
    run = retest(proposal, people.leo)
    assert len(run.body["stops"]) == 1
    with pytest.raises(CannotSignRule, match="not routine"):
        sign_rule(
            version_id=proposal.pk,
            side=SigningSide.SOC,
            by=people.leo,
            seen_hash=proposal.rule_hash,
            now=LATER,
            proved_at=LATER,
            note="Seen.",
            checked_evidence=True,
        )
    assert RuleVersion.objects.get(pk=proposal.pk).state == VersionState.PROPOSED


def test_who_cannot_sign_does_not_run_it(proposal, people):
    with pytest.raises(CannotRetest, match="may sign"):
        retest(proposal, people.sam)


def test_what_is_not_waiting_keeps_its_back_test(canary, people):
    with pytest.raises(CannotRetest, match="not waiting"):
        retest(canary, people.leo)
