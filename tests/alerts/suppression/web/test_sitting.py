"""A sitting: the rules that wait for a person, one at a time, with one proof of identity."""

import re
from datetime import timedelta

import pytest

from alerts.sites.models import Site
from alerts.suppression.models import BackTestRun, Signature, VersionState
from alerts.suppression.web.sitting import place_of_rule
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.rewriting import rewrite
from tests.reuse import reuse_rows

PASSWORD = "correct horse battery"
ADDRESS = "/approvals/sitting/"


@reuse_rows
def second(people, history, proposal):
    """A second proposal of Oda's, about fewer incidents."""
    rule = rules.downloads(title="Downloads to one PLC")
    draft = rules.draft(rule, by=people.oda, evidence=history.verdicts, now=NOON)
    return rules.propose(draft, by=people.oda, now=NOON)


@pytest.fixture
def at(client, noon, people):
    """`at(person, "sign/", version, …)` posts to the sitting; without words it opens it."""

    def sent(person, act="", version=None, proved_at=NOON, **fields):
        if client.session.get("_auth_user_id") != str(person.pk):
            client.force_login(person)
        session = client.session
        session["proved_at"] = proved_at.isoformat()
        session.save()
        path = f"{ADDRESS}{version.uuid}/{act}" if version else f"{ADDRESS}{act}"
        return client.post(path, fields) if act else client.get(path)

    return sent


def words_of(answer):
    return " ".join(answer.content.decode().split())


def signing(version):
    return {
        "seen_hash": version.rule_hash,
        "side": "soc",
        "note": "Seen with Oda.",
        "checked_evidence": "on",
    }


def test_the_rule_that_is_up_is_shown_with_all_that_a_signature_rests_on(at, people, proposal):
    page = words_of(at(people.leo))
    assert "Rule 1 of 1" in page
    assert "Planned recipe downloads" in page
    assert "Closes an incident when every alert in it is Unauthorized PLC Programming" in page
    assert "What could go wrong" in page and "unseen, 2.0 h a week." in page
    assert "We accept this risk" in page and "Oda Nowak" in page
    assert "At least 71.7 % harmless" in page and "That is little evidence." in page
    assert "bound is-ok" not in page


def test_chips_state_where_the_rule_acts_and_up_to_which_severity(at, people, history):
    rule = rules.downloads()
    zone = rules.clause("zone", "within", "Gdańsk / Packaging 2")
    limit = rules.clause("severity", "at_most", "High")
    rule = rules.downloads(all_of=(*rule.all_of, zone, limit))
    draft = rules.draft(rule, by=people.oda, evidence=history.verdicts, now=NOON)
    rules.propose(draft, by=people.oda, now=NOON)
    page = words_of(at(people.leo))
    assert "Gdańsk · Packaging 2</span>" in page
    assert re.search(r'at most</span> <span class="severity is-high">.*?High</span>', page)


def test_the_place_of_a_rule_goes_from_zone_to_zone():
    zones = rules.clause("source_zone", "is", "L3"), rules.clause("destination_zone", "is", "L1")
    assert place_of_rule(rules.downloads(all_of=zones)) == "L3 → L1"


def test_of_many_names_a_few_are_shown_and_all_of_them_unfold(at, people, history):
    names = [f"PLC-{n}" for n in range(7)]
    lines = [
        rules.clause("destination_device", "is_one_of", "PLC-PL2-07", *names)
        if line.field == "destination_device"
        else line
        for line in rules.downloads().all_of
    ]
    wide = rules.downloads(all_of=tuple(lines))
    rules.propose(
        rules.draft(wide, by=people.oda, evidence=history.verdicts, now=NOON),
        by=people.oda,
        now=NOON,
    )
    page = words_of(at(people.leo))
    assert "or 3 others" in page and "All names, as you sign them" in page
    whole = page.split("All names, as you sign them")[1].split("</details>")[0]
    assert all(name in whole for name in names) and "others" not in whole


def test_the_totals_reconcile(at, people, proposal):
    assert "suspicions held open then is not taken off." in at(people.leo).text
    totals = BackTestRun.objects.get().body["incident_totals"]
    names = ("harmless", "suspicious", "closed_benign", "not_judged")
    assert totals["closed"] == sum(totals[name] for name in names)
    assert totals["matched"] == totals["touched"] + totals["shared"] + totals["closed"] == 12
    assert (totals["harmless"], totals["closed_benign"]) == (9, 3)


def test_signing_shows_the_next_rule_with_the_same_proof(at, people, proposal, second, client):
    at(people.leo)
    assert at(people.leo, "sign/", proposal, **signing(proposal)).status_code == 302
    page = words_of(at(people.leo))
    assert "Rule 2 of 2" in page and "Downloads to one PLC" in page
    assert "Your password again" in page  # there for when the proof ends, but hidden
    assert at(people.leo, "sign/", second, **signing(second)).status_code == 302
    page = words_of(at(people.leo))
    assert "You signed 2 rules" in page and page.count("You signed R-") == 1, "not as a toast, too"
    assert "What happens next" in page and page.count("Live at the earliest:") == 2
    assert '<span class="unbroken">R-1</span></span> <span>' in page, "a space before the title"
    assert f'href="/plan/?site={Site.objects.get(pk=second.site_ids[0]).uuid}"' in page
    assert ">1 Dec<" in page.split("Live at the earliest:")[1]
    for version in (proposal, second):
        version.refresh_from_db()
        assert version.state == VersionState.IN_TRIAL
    assert Signature.objects.filter(by=people.leo, side="soc").count() == 2


def test_when_the_proof_ran_out_only_sign_asks_again_and_the_place_is_kept(
    at, people, proposal, second
):
    old = NOON - timedelta(minutes=6)
    at(people.leo, proved_at=old)
    at(people.leo, "skip/", proposal, proved_at=old)
    assert "Downloads to one PLC" in words_of(at(people.leo, proved_at=old))
    answer = at(people.leo, "sign/", second, proved_at=old, **signing(second))
    assert answer.status_code == 422
    page = words_of(answer)
    assert "Enter your password" in page and "Downloads to one PLC" in page
    assert "Seen with Oda." in page
    fields = signing(second) | {"password": PASSWORD}
    assert at(people.leo, "sign/", second, proved_at=old, **fields).status_code == 302
    second.refresh_from_db()
    assert second.state == VersionState.IN_TRIAL


def test_a_skipped_rule_stays_waiting_and_comes_back(at, people, proposal, client):
    at(people.leo)
    at(people.leo, "skip/", proposal)
    page = words_of(at(people.leo))
    assert "Look at the one you skipped" in page
    proposal.refresh_from_db()
    assert proposal.state == VersionState.PROPOSED
    at(people.leo, "again/")
    assert "Planned recipe downloads" in words_of(at(people.leo))


def test_a_skip_is_taken_back(at, people, proposal, second):
    at(people.leo)
    at(people.leo, "skip/", proposal)
    page = words_of(at(people.leo))
    assert "Rule 2 of 2" in page and "You skipped R-1; it stays waiting." in page
    assert at(people.leo, "back/", proposal).status_code == 302
    page = words_of(at(people.leo))
    assert "Rule 1 of 2" in page and "You skipped" not in page


def test_a_signature_stays_but_its_rule_is_stopped_at_once(at, people, proposal, second):
    at(people.leo)
    at(people.leo, "sign/", proposal, **signing(proposal))
    page = words_of(at(people.leo))
    assert "You signed R-1. A signature stays on record." in page and "Pause R-1" in page
    assert "Say why" in words_of(at(people.leo, "stop/", proposal, words=" "))
    assert at(people.leo, "stop/", proposal, words="Wrong PLC.").status_code == 302
    proposal.refresh_from_db()
    assert (proposal.state, proposal.paused_from) == (VersionState.PAUSED, VersionState.IN_TRIAL)
    page = words_of(at(people.leo))
    assert "You stopped R-1." in page and "1 passed over" in page
    assert Signature.objects.filter(by=people.leo, void_at=None).exists()


def test_where_the_other_side_has_not_signed_the_proposal_is_rejected(at, people, proposal):
    proposal.signatures.all().delete()
    at(people.leo)
    at(people.leo, "sign/", proposal, **signing(proposal))
    assert "Reject R-1" in words_of(at(people.leo))
    at(people.leo, "stop/", proposal, words="Wrong PLC.")
    proposal.refresh_from_db()
    assert proposal.state == VersionState.REJECTED


def test_changes_are_asked_for_with_a_reason(at, people, proposal):
    at(people.leo)
    answer = at(people.leo, "request-changes/", proposal, words=" ")
    assert answer.status_code == 422 and "Say why" in words_of(answer)
    assert at(people.leo, "request-changes/", proposal, words="Name one PLC.").status_code == 302
    proposal.refresh_from_db()
    assert proposal.state == VersionState.CHANGES_REQUESTED


def test_what_was_not_on_the_screen_is_not_signed(at, people, proposal):
    answer = at(people.leo, "sign/", proposal, **signing(proposal) | {"seen_hash": "0" * 64})
    assert answer.status_code == 422
    assert "The rule has changed since you opened this page" in words_of(answer)
    proposal.refresh_from_db()
    assert proposal.state == VersionState.PROPOSED


def test_a_stale_back_test_is_not_shown_and_nothing_is_signed_on_it(at, people, proposal, client):
    rewrite(BackTestRun.objects.all(), ran_at=NOON - timedelta(days=8))
    page = words_of(at(people.leo))
    assert "The back-test is too old to show" in page
    assert "What it would have done" not in page and "sign/" not in page
    assert at(people.leo, "retest/", proposal).status_code == 302
    page = words_of(at(people.leo))
    assert "What it would have done" in page and "sign/" in page


def test_checks_come_with_a_reason_and_are_remembered_once_opened(at, people, proposal, client):
    page = words_of(at(people.leo))
    assert "Look at these 2 first" in page or "Look at this one first" in page
    answer = client.get(f"{ADDRESS}{proposal.uuid}/check/1/")
    assert answer.status_code == 302 and answer["Location"].startswith("/incidents/")
    assert "1 opened" in words_of(at(people.leo))
    assert client.get(f"{ADDRESS}{proposal.uuid}/check/9/").status_code == 404


def test_a_corrected_verdict_is_worth_a_look(at, people, proposal, history):
    (first,) = rules.judge(history.incidents[11:], by=people.oda, verdict="suspicious")
    (then,) = rules.judge(history.incidents[11:], by=people.olaf)
    first.superseded_by = then
    first.save()
    page = words_of(at(people.leo))
    assert "Once judged suspicious, then corrected" in page
    assert "Oda Nowak called it suspicious; Olaf" in page


def test_ot_signs_in_a_sitting_too(at, people, history):
    draft = rules.draft(rules.downloads(), by=people.leo, evidence=history.verdicts, now=NOON)
    proposal = rules.propose(draft, by=people.leo, now=NOON, note="Seen.", checked_evidence=True)
    page = words_of(at(people.olaf))
    assert "This is routine here" in page and "Leo Hartmann" in page
    fields = {"seen_hash": proposal.rule_hash, "side": "ot"}
    assert at(people.olaf, "sign/", proposal, **fields).status_code == 302
    proposal.refresh_from_db()
    assert proposal.state == VersionState.IN_TRIAL


def test_who_has_nothing_to_sign_is_told_so(at, people, proposal):
    for person in (people.oda, people.sam, people.mia):
        assert "Nothing is waiting for your signature" in words_of(at(person))
        answer = at(person, "sign/", proposal, **signing(proposal))
        assert answer.status_code == 422
    proposal.refresh_from_db()
    assert proposal.state == VersionState.PROPOSED


def test_what_somebody_else_settled_is_marked(at, people, proposal, second):
    at(people.leo)
    rules.sign(proposal, by=people.leo, now=NOON)
    page = words_of(at(people.leo))
    assert "Downloads to one PLC" in page and "no longer waiting" in page


def test_the_sums_of_a_sitting_add_up(at, people, proposal, second):
    page = words_of(at(people.leo))
    assert "This one adds</th><td>12" in page
    assert "2 rules </th> <td>12" in page


def test_the_list_of_approvals_leads_to_the_sitting(client, people, proposal, noon):
    client.force_login(people.leo)
    assert ADDRESS in client.get("/approvals/").content.decode()
    client.force_login(people.oda)
    assert f'"{ADDRESS}"' not in client.get("/approvals/").content.decode()
