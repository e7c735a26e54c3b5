"""Sign, judge, pause and the rest, through their pages."""

from datetime import timedelta

import pytest

from alerts.suppression.models import BackTestRun, RuleVersion, Signature, VersionState
from tests.conftest import NOON
from tests.factories.rewriting import rewrite

PASSWORD = "correct horse battery"


@pytest.fixture
def at(client, noon, proposal):
    """`at(person, "sign", …)` posts to an act of the proposal, as somebody just signed in."""

    def posted(person, verb="", version=proposal, fresh=True, **fields):
        client.logout()
        client.force_login(person)
        if fresh:
            session = client.session
            session["proved_at"] = NOON.isoformat()
            session.save()
        address = f"/rules/{version.uuid}/" + (f"{verb}/" if verb else "")
        answer = client.post(address, fields) if verb else client.get(address)
        version.refresh_from_db()
        return answer

    return posted


@pytest.fixture
def signing_form(proposal):
    return {
        "seen_hash": proposal.rule_hash,
        "side": "soc",
        "note": "Seen with Oda.",
        "checked_evidence": "on",
    }


def text_of(answer):
    return answer.content.decode()


def test_the_other_side_is_offered_to_sign_and_the_proposer_is_not(at, people):
    assert "You sign for the SOC: “We accept the risk.”" in text_of(at(people.leo))
    page = text_of(at(people.oda))
    assert "Still to sign for the SOC:" in page
    assert "Leo Hartmann" in page
    assert "You sign for" not in page
    assert "This version is already signed for OT" in page


def test_with_both_signatures_the_canary_begins(at, people, proposal, signing_form):
    answer = at(people.leo, "sign", **signing_form)
    assert answer.status_code == 302
    assert proposal.state == VersionState.IN_TRIAL
    assert Signature.objects.get(by=people.leo).note == "Seen with Oda."


def test_a_signature_asks_for_the_password_when_the_proof_is_old(
    at, people, proposal, signing_form
):
    assert "Your password again" in text_of(at(people.leo, fresh=False))
    for fields, words in (
        ({}, "Enter your password"),
        ({"password": "guess"}, "not your password"),
    ):
        answer = at(people.leo, "sign", fresh=False, **signing_form, **fields)
        assert answer.status_code == 422
        assert words in text_of(answer)
        assert "Seen with Oda." in text_of(answer)
    assert proposal.state == VersionState.PROPOSED
    assert at(people.leo, "sign", fresh=False, **signing_form, password=PASSWORD).status_code == 302
    assert proposal.state == VersionState.IN_TRIAL


def test_a_wrong_password_and_too_many_of_them_are_told_apart(
    client, people, proposal, signing_form, noon
):
    wrong, waits = "That is not your password.", "Too many wrong passwords. Wait 15 minutes"
    client.force_login(people.leo)

    def sign(password):
        return text_of(
            client.post(f"/rules/{proposal.uuid}/sign/", signing_form | {"password": password})
        )

    for _ in range(8):
        page = sign("guess")
        assert wrong in page and waits not in page
    page = sign(PASSWORD)
    assert waits in page and wrong not in page
    proposal.refresh_from_db()
    assert proposal.state == VersionState.PROPOSED


def test_little_evidence_is_not_signed_without_a_look(at, people, proposal, signing_form):
    assert "Needed: there is little evidence." in text_of(at(people.leo))
    del signing_form["checked_evidence"]
    answer = at(people.leo, "sign", **signing_form)
    assert answer.status_code == 422
    assert "look at the alerts yourself" in text_of(answer)
    assert proposal.state == VersionState.PROPOSED


def test_a_soc_lead_is_asked_for_the_look_when_proposing(at, people, canary, client):
    at(people.leo, "new-version", version=canary)
    draft = RuleVersion.objects.get(state=VersionState.DRAFT)
    assert "checked_evidence" in text_of(client.get(f"/rules/{draft.uuid}/propose/"))
    answer = at(people.leo, "propose", version=draft, words="As before")
    assert answer.status_code == 422 and "look at the alerts yourself" in text_of(answer)
    fields = {"words": "As before", "checked_evidence": "on"}
    assert at(people.leo, "propose", version=draft, **fields).status_code == 302


def test_what_was_not_on_the_screen_is_not_signed(at, people, proposal, signing_form):
    answer = at(people.leo, "sign", **signing_form | {"seen_hash": "0" * 64})
    assert answer.status_code == 422
    assert "The rule has changed since you opened this page" in text_of(answer)
    assert proposal.state == VersionState.PROPOSED


@pytest.mark.parametrize("side", ["", "ot", "everybody"])
def test_nobody_signs_for_a_side_that_is_not_theirs(at, people, proposal, signing_form, side):
    assert at(people.leo, "sign", **signing_form | {"side": side}).status_code == 422
    assert proposal.state == VersionState.PROPOSED


@pytest.mark.parametrize(
    ("verb", "state"), [("request-changes", "changes-requested"), ("reject", "rejected")]
)
def test_a_judge_may_say_something_else_with_a_reason(at, people, proposal, verb, state):
    assert at(people.leo, verb, words="").status_code == 422
    assert at(people.leo, verb, words="Name one PLC only.").status_code == 302
    assert proposal.state == state


def test_acts_that_are_not_offered_do_not_exist(at, people, client, proposal):
    for verb in ("pause", "resume", "renew", "discard", "fly"):
        assert client.get(f"/rules/{proposal.uuid}/{verb}/").status_code in (302, 404)
        client.force_login(people.leo)
    assert at(people.leo, "fly", words="x").status_code == 404


def test_a_rule_is_paused_goes_on_and_is_retired(at, people, canary):
    assert at(people.oda, "pause", version=canary, words="New PLC").status_code == 302
    assert canary.state == VersionState.PAUSED
    assert at(people.leo, "resume", version=canary, words="Checked").status_code == 302
    assert canary.state == VersionState.IN_TRIAL
    assert at(people.oda, "retire", version=canary, words="Line is gone").status_code == 302
    assert canary.state == VersionState.RETIRED


def test_the_dialog_names_the_object_and_the_effect_in_numbers(at, people, canary, client):
    at(people.oda, version=canary)
    page = text_of(client.get(f"/rules/{canary.uuid}/pause/", headers={"HX-Request": "true"}))
    assert "<dialog" in page
    assert canary.rule.label in page
    assert "it labelled or closed 0 incidents" in page


@pytest.mark.parametrize("verb", ["new-version", "renew"])
def test_an_edit_is_a_new_version_in_the_editor(at, people, canary, client, verb):
    answer = at(people.oda, verb, version=canary)
    made = RuleVersion.objects.get(state=VersionState.DRAFT)
    assert answer["Location"] == f"/rules/{made.uuid}/edit/"
    assert made.number == canary.number + 1
    assert client.get(answer["Location"]).status_code == 200


def test_a_draft_is_proposed_with_the_authors_own_signature(at, people, canary):
    at(people.oda, "new-version", version=canary)
    draft = RuleVersion.objects.get(state=VersionState.DRAFT)
    assert at(people.oda, "propose", version=draft, fresh=False).status_code == 422
    assert at(people.oda, "propose", version=draft, words="As before").status_code == 302
    assert draft.state == VersionState.PROPOSED
    assert [signature.side for signature in draft.signatures.all()] == ["ot"]


def test_why_a_draft_cannot_be_proposed_is_said_in_the_dialog(client, people, noon):
    client.force_login(people.oda)
    client.post("/rules/new/")
    draft = RuleVersion.objects.get()
    answer = client.post(f"/rules/{draft.uuid}/propose/", {"password": PASSWORD})
    assert answer.status_code == 422
    assert "The rule has no condition" in text_of(answer)


def test_a_draft_is_discarded_and_stays_on_record(at, people, client, noon):
    client.force_login(people.oda)
    client.post("/rules/new/")
    draft = RuleVersion.objects.get(state=VersionState.DRAFT)
    assert at(people.oda, "discard", version=draft).status_code == 302
    assert draft.state == VersionState.DISCARDED
    page = text_of(at(people.oda, version=draft))
    assert "Discarded" in page and "Rejected" not in page and "Retired" not in page
    assert "Discarded" in text_of(client.get("/rules/?state=ended"))


@pytest.mark.parametrize("who", ["mia", "ada"])
def test_who_only_reads_or_administers_is_offered_nothing(at, people, proposal, who, signing_form):
    person = getattr(people, who, None)
    if person is None:
        pytest.skip("not in this cast")
    answer = at(person)
    assert answer.status_code == 404 or "do/edit/" not in text_of(answer)
    assert at(person, "sign", **signing_form).status_code in (403, 404, 422)
    assert proposal.state == VersionState.PROPOSED


def test_a_rule_begins_with_what_an_incident_says(client, people, noon, history, proposal):
    client.force_login(people.sam)
    incident = history.incidents[0]
    assert client.post(f"/incidents/{incident.pk}/draft-rule/").status_code == 302
    body = RuleVersion.objects.get(state=VersionState.DRAFT).body
    assert {clause["field"]: clause["values"] for clause in body["all_of"]} == {
        "alert_type": [incident.alert_type],
        "site": ["Gdańsk"],
        "source_device": ["ENG-WS-04"],
        "destination_device": ["PLC-PL2-07"],
    }
    assert body["evidence"]
    assert client.post("/incidents/999999/draft-rule/").status_code == 404


def test_a_signed_proposal_that_grew_old_says_so(at, people, proposal, signing_form):
    runs = BackTestRun.objects.filter(pk=proposal.backtest.pk)
    rewrite(runs, ran_at=NOON - timedelta(days=8))
    assert "It must be run again before anybody signs." in text_of(at(people.leo))
    assert at(people.leo, "sign", **signing_form).status_code == 422
