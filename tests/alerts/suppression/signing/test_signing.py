"""Four eyes, two sides: who may sign what, and how two at the same instant end."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connections

from alerts.reviews.models import Verdict
from alerts.rules.guards.signing import SigningSide
from alerts.suppression.drafting.drafts import CannotSaveRule, edit_version
from alerts.suppression.enforcing.acting_rules import attribution_of
from alerts.suppression.models import RuleVersion, Signature, VersionState
from alerts.suppression.signing.awaiting_signature import count_awaiting_signature
from alerts.suppression.signing.propose import CannotProposeRule
from alerts.suppression.signing.request_changes import (
    CannotAnswerProposal,
    reject_rule,
    request_changes,
)
from alerts.suppression.signing.sign import CannotSignRule
from alerts.suppression.transitions import CannotChangeState
from portal.accounts.models import GrantScope, Role, User
from portal.accounts.services.people import grant_role
from portal.audit.models import Entry
from portal.notifications.models import Notification
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.rewriting import rewrite

pytestmark = pytest.mark.django_db


def _refused(version, **more) -> str:
    with pytest.raises(CannotSignRule) as refusal:
        rules.sign(version, **{"now": NOON} | more)
    version.refresh_from_db()
    assert version.state == VersionState.PROPOSED
    return " ".join(str(reason) for reason in refusal.value.reasons)


def test_the_second_side_s_signature_begins_the_canary(proposal, people):
    version = rules.sign(proposal, by=people.leo, now=NOON)
    assert version.state == VersionState.IN_TRIAL
    assert {signature.side: signature.by for signature in version.signatures.all()} == {
        "ot": people.oda,
        "soc": people.leo,
    }
    # Leo, who has just signed, is not notified of his own act
    notification = Notification.objects.get(kind="suppression.canary")
    assert notification.to == people.oda


@pytest.mark.abuse("A19")
def test_who_proposed_for_ot_cannot_sign_for_the_soc(proposal, people, workspace):
    grant_role(
        to=people.oda,
        role=Role.SOC_LEAD,
        scope=GrantScope.WORKSPACE,
        scope_uuid=workspace.uuid,
        by="tests",
        now=NOON,
    )
    assert "no other" in _refused(proposal, by=people.oda)


@pytest.mark.abuse("A19")
def test_who_gave_evidence_signs_for_ot_only(people, history, workspace):
    grant_role(
        to=people.olaf,
        role=Role.SOC_LEAD,
        scope=GrantScope.WORKSPACE,
        scope_uuid=workspace.uuid,
        by="tests",
        now=NOON,
    )
    version = rules.draft(rules.downloads(), by=people.sam, evidence=history.verdicts, now=NOON)
    version = rules.propose(version, by=people.sam, now=NOON)
    assert "for OT only" in _refused(version, by=people.olaf)
    version = rules.sign(version, by=people.olaf, side=SigningSide.OT, now=NOON)
    assert "for OT only" in _refused(version, by=people.olaf)
    assert rules.sign(version, by=people.leo, now=NOON).state == VersionState.IN_TRIAL


@pytest.mark.abuse("A19")
@pytest.mark.parametrize("who", ["sam", "oda", "mia", "ada"])
def test_only_a_soc_lead_of_the_workspace_signs_for_the_soc(proposal, people, who):
    person = getattr(people, who)
    assert f"{person.name} may not sign for the SOC here." in _refused(proposal, by=person)


@pytest.mark.abuse("A19")
@pytest.mark.parametrize("kind", ["token", "service", "superuser"])
def test_nothing_but_a_person_signs(proposal, people, kind):
    assert "Only people who have signed in themselves" in _refused(
        proposal, by=people.leo, kind=kind
    )


@pytest.mark.abuse("A19")
def test_the_signature_is_on_what_was_on_the_screen(proposal, people):
    assert "changed since" in _refused(proposal, by=people.leo, seen_hash="0" * 64)


@pytest.mark.abuse("A19")
@pytest.mark.parametrize("ago", [None, timedelta(minutes=5, seconds=1), timedelta(seconds=-1)])
def test_the_proof_of_identity_is_fresh(proposal, people, ago):
    proved_at = None if ago is None else NOON - ago
    assert "Enter your password again" in _refused(proposal, by=people.leo, proved_at=proved_at)


def test_with_little_evidence_the_soc_says_why_it_is_enough(proposal, people):
    assert "why it is enough" in _refused(proposal, by=people.leo, note=" ")


@pytest.mark.abuse("A19")
def test_with_little_evidence_the_soc_has_looked_at_the_alerts(proposal, people):
    assert proposal.backtest.body["judged"]["trials"] == 9
    assert "look at the alerts yourself" in _refused(
        proposal, by=people.leo, checked_evidence=False
    )
    signed = rules.sign(proposal, by=people.leo, now=NOON)
    assert signed.signatures.get(side="soc").checked_evidence


def test_ten_verdicts_of_two_people_ask_for_no_look(people, workspace, site):
    weeks = rules.routine(workspace, site, weeks=12)
    evidence = rules.judge(weeks[:5], by=people.oda) + rules.judge(weeks[5:10], by=people.olaf)
    rules.noise(workspace, site, n=40)
    version = rules.draft(rules.downloads(), by=people.oda, evidence=evidence, now=NOON)
    version = rules.propose(version, by=people.oda, now=NOON)
    assert version.backtest.body["judged"]["trials"] == 10
    signed = rules.sign(version, by=people.leo, now=NOON, note="", checked_evidence=False)
    assert signed.state == VersionState.IN_TRIAL


def test_the_soc_lead_who_proposes_has_looked_too(people, history):
    version = rules.draft(rules.downloads(), by=people.leo, evidence=history.verdicts, now=NOON)
    with pytest.raises(CannotProposeRule, match="look at the alerts yourself"):
        rules.propose(version, by=people.leo, now=NOON, note="Ten weeks are enough.")
    version = rules.propose(
        version, by=people.leo, now=NOON, note="Ten weeks are enough.", checked_evidence=True
    )
    assert version.signatures.get().checked_evidence


@pytest.mark.abuse("A19")
def test_evidence_of_one_person_needs_the_signer_s_own_look(people, history):
    verdicts = history.verdicts[:5]  # all Oda's
    version = rules.draft(rules.downloads(), by=people.oda, evidence=verdicts, now=NOON)
    version = rules.propose(version, by=people.oda, now=NOON)
    assert "two people judged" in _refused(version, by=people.leo, checked_evidence=False)
    assert rules.sign(version, by=people.leo, now=NOON).state == VersionState.IN_TRIAL


@pytest.mark.abuse("A19")
def test_a_flood_of_verdicts_is_no_evidence(people, history, workspace, site):
    flood = rules.judge(history.incidents[:1] * 61, by=people.sam)
    rewrite(Verdict.objects.filter(pk__in=[verdict.pk for verdict in flood]), given_at=NOON)
    version = rules.draft(rules.downloads(), by=people.oda, evidence=flood[-1:], now=NOON)
    with pytest.raises(CannotProposeRule, match="is still valid"):
        rules.propose(version, by=people.oda, now=NOON)


@pytest.mark.abuse("A19")
def test_signatures_older_than_a_week_count_no_more(proposal, people):
    later = NOON + timedelta(days=7, seconds=1)
    assert "back-test" in _refused(proposal, by=people.leo, now=later)


def lose_account(person):
    User.objects.filter(pk=person.pk).update(is_active=False)


def lose_role(person):
    person.grants.update(revoked_at=NOON)


@pytest.mark.abuse("A05")
@pytest.mark.parametrize("lose", [lose_account, lose_role])
def test_the_word_of_who_lost_account_or_role_before_the_second_signature_counts_no_more(
    proposal, people, lose
):
    lose(people.oda)
    version = rules.sign(proposal, by=people.leo, now=NOON)
    assert version.state == VersionState.PROPOSED
    assert version.signatures.get(by=people.oda).void_at == NOON
    assert (
        rules.sign(version, by=people.olaf, side=SigningSide.OT, now=NOON).state
        == VersionState.IN_TRIAL
    )


def test_a_live_rule_goes_on_when_a_signer_leaves(proposal, people):
    version = rules.sign(proposal, by=people.leo, now=NOON)
    lose_account(people.oda)
    assert attribution_of(version).approver


def test_the_page_says_that_such_a_signature_no_longer_counts(noon, proposal, people, client):
    lose_account(people.oda)
    client.force_login(people.olaf)
    page = client.get(f"/rules/{proposal.uuid}/").text
    assert "No longer counts" in page and "Still to sign for OT" in page
    assert "You sign for OT" in page
    assert count_awaiting_signature(people.olaf) == 1


@pytest.mark.abuse("A19")
def test_a_refused_signature_is_on_record(proposal, people):
    _refused(proposal, by=people.sam)
    entry = Entry.objects.get(action="suppression.signature.refused")
    assert entry.actor_id == people.sam.pk and entry.details["side"] == "soc"


@pytest.mark.abuse("A19")
def test_a_lead_of_one_of_two_workspaces_cannot_sign_for_both(
    people, history, make_person, workspace, site
):
    from tests.factories.incidents import make_workspace

    rules.incident_of(make_workspace("porto"), site, at=NOON)
    version = rules.draft(rules.downloads(), by=people.oda, evidence=history.verdicts, now=NOON)
    assert len(version.workspace_ids) == 2
    with pytest.raises(CannotProposeRule, match="cannot own"):
        rules.propose(version, by=people.oda, now=NOON)


def test_changes_can_be_asked_for_and_void_what_was_signed(proposal, people):
    request_changes(version_id=proposal.pk, by=people.leo, note="Only PLC-07.", now=NOON)
    proposal.refresh_from_db()
    assert proposal.state == VersionState.CHANGES_REQUESTED
    assert not proposal.signatures.filter(void_at=None).exists()
    assert Notification.objects.filter(kind="suppression.changes-requested").count() == 1
    with pytest.raises(CannotSignRule, match="not waiting for signatures"):
        rules.sign(proposal, by=people.leo, now=NOON)


@pytest.mark.abuse("A19")
@pytest.mark.parametrize("judge", [request_changes, reject_rule])
def test_only_signers_judge_and_they_say_why(proposal, people, judge):
    with pytest.raises(CannotAnswerProposal, match="may sign"):
        judge(version_id=proposal.pk, by=people.sam, note="No.", now=NOON)
    with pytest.raises(CannotAnswerProposal, match="why"):
        judge(version_id=proposal.pk, by=people.leo, note=" ", now=NOON)


@pytest.mark.abuse("A20")
@pytest.mark.django_db(transaction=True)
def test_signing_and_editing_at_one_instant_end_one_way(
    proposal, people, history, attempts, long_abuse
):
    """Whoever comes first: a version that was edited never lives, one that lives was not edited."""
    version = proposal
    for _ in range(200 if long_abuse else 2):
        ended = run_concurrently(
            lambda version=version: rules.sign(version, by=people.leo, now=NOON),
            lambda version=version: edit_version(version_id=version.pk, by=people.oda, now=NOON),
        )
        version.refresh_from_db()
        lives = version.state == VersionState.IN_TRIAL
        is_signed = Signature.objects.filter(
            version=version, void_at=None, side=SigningSide.SOC
        ).exists()
        is_consistent = (lives and is_signed) or (
            version.state == VersionState.REPLACED and not is_signed and ended == [CannotSignRule]
        )
        attempts.note((version.state, ended), blocked=is_consistent)
        version = rules.draft(rules.downloads(), by=people.oda, evidence=history.verdicts, now=NOON)
        version = rules.propose(version, by=people.oda, now=NOON)


def run_concurrently(*acts):
    """Carry both out at once; return the kinds of what was refused."""
    start, ended = Barrier(len(acts)), []

    def run(act):
        start.wait()
        try:
            act()
        except (CannotSignRule, CannotSaveRule, CannotChangeState) as refusal:
            ended.append(type(refusal))
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


@pytest.mark.abuse("A19")
def test_ot_of_one_of_two_sites_cannot_sign_for_both(people, history, porto, site):
    version = rules.draft(rules.downloads(), by=people.sam, evidence=history.verdicts, now=NOON)
    version = rules.propose(version, by=people.sam, now=NOON)
    RuleVersion.objects.filter(pk=version.pk).update(site_ids=[site.pk, porto.pk])
    assert "may not sign for OT here" in _refused(version, by=people.olaf, side=SigningSide.OT)
    grant_role(
        to=people.olaf,
        role=Role.OT_ENGINEER,
        scope=GrantScope.SITE,
        scope_uuid=porto.uuid,
        by="tests",
        now=NOON,
    )
    rules.sign(version, by=people.olaf, side=SigningSide.OT, now=NOON)
    assert version.signatures.get().side == "ot"
