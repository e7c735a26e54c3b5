"""Rules over the API: lists, one rule with all of it, drafts, and stopping."""

import pytest

from alerts.incidents.models import Incident
from alerts.suppression.models import RuleVersion
from tests.conftest import NOON
from tests.factories import rule_rows, rules
from tests.factories.incidents import make_workspace
from tests.worker_roles import without_triggers

pytestmark = pytest.mark.django_db


@pytest.fixture
def rows(people, workspace, site):
    """`rows("live")` makes a rule in that state."""
    here = {"ot": people.oda, "soc": people.leo, "workspace": workspace, "site": site}
    return lambda state, **more: rule_rows.make_version(
        state, **{"of": rules.downloads()} | here | more
    )


def listed(program, **query):
    answer = program.get("rules/", query)
    assert answer.status_code == 200, answer.content
    return [row["number"] for row in answer.json()["results"]]


def test_a_program_writes_a_draft_changes_it_and_reads_it(programs, body):
    made = programs.oda.post("rules/", body()).json()
    assert (made["state"], made["version"], made["revision"], made["hash"]) == ("draft", 1, 0, "")
    assert made["sites"] == ["Gdańsk"] and made["owner_ot"] == "oda@demo.example"
    address = f"rules/{made['id']}/"
    payload = body(title="Recipe downloads of Packaging 2") | {"revision": 0}
    assert programs.oda.post(f"{address}edit/", payload).json()["revision"] == 1
    again = programs.oda.post(f"{address}edit/", payload)
    assert again.status_code == 409 and "another window" in again.json()["detail"]
    read = programs.oda.get(address).json()
    assert read["title"] == read["rule"]["title"] == "Recipe downloads of Packaging 2"
    assert programs.oda.post(f"{address}discard/").json()["state"] == "discarded"


def test_the_next_version_is_begun_only_without_a_revision(programs, draft, canary, body):
    address = f"rules/{canary.rule.uuid}/"
    payload = body(title="Narrower downloads")
    stale = programs.olaf.post(f"{address}edit/", payload | {"revision": 0})
    assert stale.status_code == 409 and "not your draft" in stale.json()["detail"]
    made = programs.olaf.post(f"{address}edit/", payload).json()
    assert (made["state"], made["version"], made["in_work"]) == ("canary", 1, 2)
    again = programs.olaf.post(f"{address}edit/", payload)
    assert again.status_code == 400 and again.json()["errors"]["revision"]
    newest, first = programs.olaf.get(f"{address}versions/").json()["results"]
    assert (newest["version"], newest["title"]) == (2, "Narrower downloads")
    assert (first["version"], first["state"]) == (1, "canary")


def test_refusals_come_in_the_language_that_is_asked_for(programs, draft, body):
    payloads = [
        programs.oda.post("rules/", body(all_of=[]), Accept_Language=language).json()["errors"]
        for language in ("en", "de")
    ]
    assert payloads[0] != payloads[1] and "Bedingung" in payloads[1]["rule"][0]
    address = f"rules/{draft.rule.uuid}/sign/"
    payload = {"side": "soc", "hash": "0" * 64}
    reasons = programs.leo.post(address, payload, Accept_Language="de").json()["reasons"]
    assert reasons and "Personen" in reasons[0]


def test_the_same_key_makes_one_draft(programs, body):
    answers = [programs.oda.post("rules/", body(), Idempotency_Key="d-1") for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert RuleVersion.objects.count() == 1


def test_only_those_who_propose_write_drafts(programs, body):
    assert programs.mia.post("rules/", body()).status_code == 403


def test_one_rule_tells_all_that_signers_need(programs, proposal, history):
    address = f"rules/{proposal.rule.uuid}/"
    row = programs.leo.get(address).json()
    assert row["hash"] == proposal.rule_hash and row["state"] == "proposed"
    assert row["rule"] == proposal.body and len(row["rule"]["evidence"]) == 9
    assert [(signature["side"], signature["by"]) for signature in row["signatures"]] == [
        ("ot", "Oda Nowak")
    ]
    assert row["versions"][0]["hash"] == proposal.rule_hash
    test = programs.leo.get(f"{address}backtest/").json()
    assert test["backtest"] == proposal.backtest.body and test["hash"] == proposal.rule_hash
    verdicts = programs.leo.get(f"{address}evidence/").json()["results"]
    assert {verdict["id"] for verdict in verdicts} == set(row["rule"]["evidence"])
    steps = programs.leo.get(f"{address}steps/").json()["results"]
    assert [step["to_state"] for step in steps] == ["proposed", "draft"]


def incidents_listed(body):
    looks = [look for name in ("stops", "check_these", "nearest") for look in body[name]]
    return {pk for look in looks for pk in look["incidents"]}


def test_a_back_test_lists_no_incident_that_is_out_of_reach(programs, proposal, history):
    listed = incidents_listed(proposal.backtest.body)
    elsewhere = min(listed)
    other = make_workspace("Elsewhere")
    with without_triggers():
        Incident.objects.filter(pk=elsewhere).update(workspace=other)
    backtest = programs.leo.get(f"rules/{proposal.rule.uuid}/backtest/").json()["backtest"]
    assert incidents_listed(backtest) == listed - {elsewhere}
    assert backtest["incidents"] == proposal.backtest.body["incidents"]


def test_a_draft_has_no_back_test_yet(programs, draft):
    assert programs.oda.get(f"rules/{draft.rule.uuid}/backtest/").status_code == 404


def test_what_acts_speaks_for_the_rule_and_the_next_version_stands_beside_it(programs, rows):
    live = rows("live", at=NOON)
    rows("proposed", rule=live.rule, of=rules.downloads(title="Narrower downloads"))
    address = f"rules/{live.rule.uuid}/"
    row = programs.leo.get(address).json()
    assert (row["version"], row["state"], row["in_work"]) == (1, "live", 2)
    assert [version["state"] for version in row["versions"]] == ["live", "proposed"]
    versions = programs.leo.get(f"{address}versions/", {"fields": "version,rule,hash"}).json()
    titles = {version["version"]: version["rule"]["title"] for version in versions["results"]}
    assert titles == {1: "Planned recipe downloads", 2: "Narrower downloads"}
    test = programs.leo.get(f"{address}backtest/").json()
    assert test["version"] == 2  # what is asked for, not what was


def test_the_list_runs_by_its_latest_change_and_is_filtered(programs, rows, workspace):
    from datetime import timedelta

    for days, state in enumerate(("live", "paused", "expired", "draft")):
        rows(state, at=NOON - timedelta(days=days))
    assert listed(programs.leo) == [1, 2, 3, 4]
    assert listed(programs.leo, state="live,paused") == [1, 2]
    assert listed(programs.leo, site="Gdańsk", number=3) == [3]
    assert listed(programs.leo, workspace=workspace.name) == [1, 2, 3, 4]
    assert listed(programs.leo, workspace="elsewhere") == listed(programs.leo, site="Porto") == []
    assert listed(programs.leo, enforcement="sentinel") == []
    first = programs.leo.get("rules/", {"page_size": 3}).json()
    rest = programs.leo.get("rules/", {"page_size": 3, "cursor": first["next"]}).json()
    assert [row["number"] for row in rest["results"]] == [4] and rest["next"] is None
    assert programs.leo.get("rules/", {"cursor": "eHx5fDF8MQ"}).status_code == 400
    assert programs.leo.get("rules/", {"state": "alive"}).status_code == 400


def test_any_right_hand_stops_a_rule_and_those_who_sign_let_it_go_on(programs, canary):
    address = f"rules/{canary.rule.uuid}/"
    assert programs.sam.post(f"{address}pause/", {}).status_code == 400
    paused = programs.sam.post(f"{address}pause/", {"reason": "Odd."}).json()
    assert paused["state"] == "paused"
    assert programs.sam.post(f"{address}resume/", {"reason": "Fine."}).status_code == 403
    assert programs.leo.post(f"{address}resume/", {"reason": "Fine."}).json()["state"] == "canary"
    renewed = programs.oda.post(f"{address}renew/").json()
    assert (renewed["version"], renewed["state"], renewed["in_work"]) == (1, "canary", 2)
    assert programs.oda.post(f"{address}retire/", {"reason": "Done."}).status_code == 200


def test_the_ledger_is_told_whole_and_of_one_rule(programs, rows, workspace, site):
    live, other = rows("live"), rows("live")
    line = rule_rows.make_entry(live, workspace=workspace, site=site)
    rule_rows.make_entry(other, workspace=workspace, site=site, act="tagged")
    (row,) = programs.leo.get(f"rules/{live.rule.uuid}/ledger/").json()["results"]
    assert (row["incident"], row["act"], row["ending"]) == (line.incident_id, "closed", "stands")
    assert (row["signed_ot"], row["signed_soc"]) == ("Oda Nowak", "Leo Hartmann")
    assert len(programs.leo.get("ledger/").json()["results"]) == 2
    (tagged,) = programs.leo.get("ledger/", {"act": "tagged"}).json()["results"]
    assert tagged["rule_number"] == other.rule.number
    assert (
        programs.leo.get("ledger/", {"rule": live.rule.uuid, "look_again": "true"}).json()[
            "results"
        ]
        == []
    )


def test_what_waits_for_a_second_look_is_ticked_off(programs, rows, workspace, site):
    line = rule_rows.make_entry(rows("live"), workspace=workspace, site=site, review_again_at=NOON)
    (row,) = programs.sam.get("ledger/", {"look_again": "true"}).json()["results"]
    answer = programs.sam.post(f"ledger/{row['id']}/looked-at/")
    assert answer.status_code == 200 and answer.json()["looked_at"]
    assert programs.sam.post(f"ledger/{line.pk}/looked-at/").status_code == 409
