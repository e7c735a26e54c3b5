"""A19 and A21 over the API: tokens, wrong sides, old proofs, skipped steps, the same instant."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connections

from alerts.suppression.models import Signature, VersionState
from portal.accounts.models import GrantScope, Role
from portal.accounts.services.people import grant_role
from portal.audit.models import Entry
from tests import cast
from tests.conftest import NOON
from tests.factories import rules

pytestmark = pytest.mark.django_db
NOTHING_SEEN = {"side": "soc", "hash": "0" * 64}


def at(version, verb):
    return f"rules/{version.rule.uuid}/{verb}/"


def stands(version, state=VersionState.PROPOSED, signatures=1):
    version.refresh_from_db()
    assert (version.state, version.signatures.count()) == (state, signatures)


def refusals():
    return Entry.objects.filter(action="suppression.signature.refused").count()


def test_a_signed_in_soc_lead_gives_the_second_signature(signed_in, people, proposal, signature):
    answer = signed_in(people.leo, at(proposal, "sign"), signature)
    assert answer.status_code == 200 and answer.json()["state"] == "canary"
    signers = {signature["side"]: signature["by"] for signature in answer.json()["signatures"]}
    assert signers == {"ot": "Oda Nowak", "soc": people.leo.name}
    stands(proposal, VersionState.IN_TRIAL, 2)


@pytest.mark.abuse("A19")
@pytest.mark.parametrize("look", [{}, {"checked_evidence": False}])
def test_little_evidence_is_not_signed_without_a_look(signed_in, people, proposal, signature, look):
    payload = {
        name: value for name, value in signature.items() if name != "checked_evidence"
    } | look
    answer = signed_in(people.leo, at(proposal, "sign"), payload)
    assert answer.status_code == 409 and "look at the alerts" in answer.json()["detail"]
    stands(proposal)


@pytest.mark.abuse("A19")
@pytest.mark.parametrize("headers", [{}, {"Idempotency_Key": "k-1"}])
def test_a_token_never_signs_and_the_try_is_on_record(programs, proposal, signature, headers):
    answer = programs.leo.post(at(proposal, "sign"), signature, **headers)
    assert answer.status_code == 403
    assert "Only people who have signed in themselves" in answer.json()["detail"]
    stands(proposal)
    assert refusals() == 1


@pytest.mark.abuse("A19")
def test_a_token_never_signs_whatever_state_the_rule_is_in(programs, draft, canary):
    for version in (draft, canary):
        answer = programs.leo.post(at(version, "sign"), NOTHING_SEEN)
        assert (
            answer.status_code == 403
            and "Only people who have signed in themselves" in answer.json()["detail"]
        )


@pytest.mark.abuse("A19")
def test_who_only_runs_the_house_signs_nothing(signed_in, people, proposal, signature):
    people.ada.is_staff = True
    people.ada.save()
    assert signed_in(people.ada, at(proposal, "sign"), signature).status_code == 403
    for person in (people.mia, people.sam):
        assert signed_in(person, at(proposal, "sign"), signature).status_code == 403
    stands(proposal)


@pytest.mark.abuse("A19")
def test_nobody_signs_for_a_side_that_is_not_theirs(
    signed_in, people, proposal, signature, workspace
):
    for person, side in ((people.leo, "ot"), (people.oda, "soc"), (people.olaf, "soc")):
        answer = signed_in(person, at(proposal, "sign"), signature | {"side": side})
        assert answer.status_code == 403 and answer.json()["reasons"], person
    grant_role(
        to=people.oda,
        role=Role.SOC_LEAD,
        scope=GrantScope.WORKSPACE,
        scope_uuid=workspace.uuid,
        by="tests",
        now=NOON,
    )
    answer = signed_in(people.oda, at(proposal, "sign"), signature)
    assert answer.status_code == 403 and "no other" in answer.json()["detail"]
    assert signed_in(people.leo, at(proposal, "sign"), signature | {"side": "x"}).status_code == 400
    stands(proposal)


@pytest.mark.abuse("A19")
def test_who_gave_evidence_does_not_sign_for_the_soc(
    signed_in, people, proposal, signature, workspace
):
    grant_role(
        to=people.olaf,
        role=Role.SOC_LEAD,
        scope=GrantScope.WORKSPACE,
        scope_uuid=workspace.uuid,
        by="tests",
        now=NOON,
    )
    answer = signed_in(people.olaf, at(proposal, "sign"), signature)
    assert answer.status_code == 403 and "for OT only" in answer.json()["detail"]
    stands(proposal)
    assert refusals() == 1


@pytest.mark.abuse("A19")
@pytest.mark.parametrize("ago", [None, timedelta(minutes=5, seconds=1), timedelta(seconds=-1)])
def test_a_proof_of_identity_that_is_not_fresh_does_not_do(
    signed_in, people, proposal, signature, ago
):
    proved_at = None if ago is None else NOON - ago
    answer = signed_in(people.leo, at(proposal, "sign"), signature, proved_at=proved_at)
    assert answer.status_code == 409 and "Enter your password again" in answer.json()["detail"]
    stands(proposal)


@pytest.mark.abuse("A19")
def test_another_hash_than_that_of_the_request_is_not_signed(
    signed_in, people, proposal, signature
):
    answer = signed_in(people.leo, at(proposal, "sign"), signature | {"hash": "0" * 64})
    assert answer.status_code == 409 and "changed since" in answer.json()["detail"]
    stands(proposal)


@pytest.mark.abuse("A25")
def test_the_same_key_again_gives_the_same_answer_and_one_signature(
    signed_in, people, proposal, signature
):
    answers = [
        signed_in(people.leo, at(proposal, "sign"), signature, Idempotency_Key="k-1")
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert answers[1]["Idempotency-Replayed"] == "true"
    stands(proposal, VersionState.IN_TRIAL, 2)


@pytest.mark.abuse("A19")
def test_no_step_can_be_skipped(signed_in, people, draft):
    leo, oda = people.leo, people.oda
    fresh = rules.draft(rules.downloads(), by=oda, evidence=draft.evidence.all(), now=NOON)
    for person, verb, payload in (
        (leo, "sign", NOTHING_SEEN),
        (leo, "resume", {"reason": "Go."}),
        (leo, "request-changes", {"note": "Hm."}),
        (oda, "pause", {"reason": "Stop."}),
        (oda, "retire", {"reason": "Stop."}),
        (oda, "renew", {}),
        (leo, "propose", {}),
    ):
        answer = signed_in(person, at(fresh, verb), payload)
        assert answer.status_code == 409 and answer.json()["reasons"], verb
    stands(fresh, VersionState.DRAFT, 0)
    for missing in ("canary", "live", "deploy", "approve", "state"):
        assert signed_in(leo, at(fresh, missing), {}).status_code == 404


@pytest.mark.abuse("A19")
def test_a_rule_that_acts_is_not_signed_proposed_or_made_live_again(
    signed_in, people, canary, signature
):
    for person, verb, payload in (
        (people.leo, "sign", signature | {"hash": canary.rule_hash}),
        (people.oda, "propose", {}),
        (people.leo, "resume", {"reason": "Go."}),
        (people.leo, "reject", {"note": "No."}),
    ):
        assert signed_in(person, at(canary, verb), payload).status_code == 409, verb
    stands(canary, VersionState.IN_TRIAL, 2)


def test_a_token_proposes_and_signs_nothing_by_it(programs, draft):
    answer = programs.oda.post(at(draft, "propose"), {"note": "Every Tuesday."})
    assert answer.status_code == 200 and answer.json()["state"] == "proposed"
    stands(draft, VersionState.PROPOSED, 0)


def test_a_person_proposes_with_a_fresh_proof_only(signed_in, people, draft):
    old = NOON - timedelta(minutes=6)
    answer = signed_in(people.oda, at(draft, "propose"), {}, proved_at=old)
    assert answer.status_code == 409 and "Enter your password again" in answer.json()["detail"]
    stands(draft, VersionState.DRAFT, 0)
    assert signed_in(people.oda, at(draft, "propose"), {}).status_code == 200
    stands(draft, VersionState.PROPOSED, 1)


def test_who_may_sign_asks_for_changes_or_says_no(programs, proposal):
    assert programs.sam.post(at(proposal, "reject"), {"note": "No."}).status_code == 403
    assert programs.leo.post(at(proposal, "request-changes"), {}).status_code == 400
    answer = programs.leo.post(at(proposal, "request-changes"), {"note": "Name one PLC only."})
    assert answer.status_code == 200 and answer.json()["state"] == "changes-requested"
    assert [signature["void_at"] is None for signature in answer.json()["signatures"]] == [False]
    assert programs.leo.post(at(proposal, "reject"), {"note": "No."}).json()["state"] == "rejected"


@pytest.mark.abuse("A25")
@pytest.mark.abuse("A20")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("keys", [("k-1", "k-2"), ("k-1", "k-1")])
def test_two_signatures_at_the_same_instant_give_one_of_each_side(
    signed_in, make_person, people, proposal, signature, workspace, keys
):
    lea = make_person(
        cast.Person("lea@demo.example", "Lea"),
        (Role.SOC_LEAD, GrantScope.WORKSPACE, workspace.uuid),
    )
    together, statuses = Barrier(2), []

    def sign(person, key):
        together.wait()
        answer = signed_in(person, at(proposal, "sign"), signature, Idempotency_Key=key)
        statuses.append(answer.status_code)
        connections.close_all()

    who = (people.leo, lea) if keys[0] != keys[1] else (people.leo, people.leo)
    threads = [Thread(target=sign, args=pair) for pair in zip(who, keys, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == ([200, 409] if keys[0] != keys[1] else [200, 200])
    signatures = Signature.objects.filter(version=proposal, void_at=None)
    assert sorted(signatures.values_list("side", flat=True)) == ["ot", "soc"]
    stands(proposal, VersionState.IN_TRIAL, 2)


@pytest.mark.abuse("A20")
@pytest.mark.django_db(transaction=True)
def test_both_sides_at_the_same_instant_give_one_signature_each(signed_in, programs, people, draft):
    version = programs.oda.post(at(draft, "propose"), {}).json()  # a token: nobody has signed yet
    payload = {"hash": version["hash"], "note": "Seen with Oda.", "checked_evidence": True}
    together, statuses = Barrier(2), []

    def sign(person, side):
        together.wait()
        answer = signed_in(person, at(draft, "sign"), payload | {"side": side})
        statuses.append(answer.status_code)
        connections.close_all()

    pairs = ((people.leo, "soc"), (people.olaf, "ot"))
    threads = [Thread(target=sign, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200, 200]
    assert sorted(draft.signatures.values_list("side", flat=True)) == ["ot", "soc"]
    stands(draft, VersionState.IN_TRIAL, 2)
