"""The control addresses: time, people at work, merges, scripts, the plant behind it."""

import pytest

from simulator.client import ControlRefused
from simulator.running import running_simulator
from simulator.server import is_loopback
from tests.simulator.conftest import CLOSING, START, Arm, a_rule


def incident(arm, summary):
    return arm("GET", f"/incidents/{summary['name']}").json()


def test_the_plant_lives_on_while_time_passes():
    with running_simulator(now=START, living=True) as running:
        running.control.settings(per_day=60)
        result = running.control.advance(12 * 3600)
        count = sum(
            sum(by_status.values()) for by_status in running.control.state()["incidents"].values()
        )
    assert result["now"].startswith("2026-11-24T18:00:00")
    assert 5 < result["created"] == count


def test_rules_run_on_what_the_plant_does():
    with running_simulator(now=START, living=True) as running:
        for place in running.workspaces:
            running.control.rule(place.key, "all", properties=a_rule())
        running.control.advance(12 * 3600)
        names = {run["incident"] for run in running.control.runs()["rule"]}
        created = len(running.control.truth())
    assert len(names) == created > 0


def test_history_is_there_at_once_and_the_truth_with_it():
    with running_simulator(now=START, incidents=300) as running:
        counts = running.control.state()["incidents"]
        truth = running.control.truth()
    assert sum(sum(by_status.values()) for by_status in counts.values()) == 300
    assert len(truth) == 300
    assert {"process", "benign", "verdict"} <= truth[0]["truth"].keys()


def test_a_history_that_broke_off_is_loaded_again(tmp_path):
    with running_simulator(now=START, incidents=50, data=tmp_path) as running:
        store = running.simulator.store
        with store.transaction():
            store.keep("history", {**store.fact("history"), "whole": False})
    with running_simulator(now=START, incidents=80, data=tmp_path) as running:
        counts = running.control.state()["incidents"]
    assert sum(sum(by_status.values()) for by_status in counts.values()) == 80


def test_a_store_survives_a_restart(tmp_path):
    with running_simulator(now=START, incidents=50, data=tmp_path) as running:
        running.control.advance(3600)
        arm = Arm(running)
        summary = arm.put("5d1f6f2e-3c7e-4d1f-9a5e-000000000001").json()
        authority = running.ca_file.read_text()
        secret, token = running.application().secret, arm.token
        arm.link.close()
    with running_simulator(now=START, incidents=50, data=tmp_path) as running:
        arm = Arm(running)
        arm.token = token
        assert running.ca_file.read_text() == authority
        assert running.application().secret == secret
        assert incident(arm, summary)["etag"] == summary["etag"]
        assert running.control.state()["now"].startswith("2026-11-24T07:00:00")
        arm.link.close()


def test_what_stands_in_the_plant_is_told(control, pretend):
    facts = control.plant()
    assert len(facts["workspaces"]) == 3
    assert {site["time_zone"] for site in facts["sites"]}
    assert facts["sites"][0]["zones"] and facts["sites"][0]["sensors"]
    assert {application["key"] for application in facts["applications"]} == {
        "portal",
        "reader",
        "responder",
        "contributor",
    }


def test_a_person_edits_and_the_journal_names_them(arm, control):
    summary = control.inject()
    control.edit(summary["name"], by="Piet", owner="marta", properties=CLOSING, add_labels=["seen"])
    now = incident(arm, summary)["properties"]
    assert now["owner"]["assignedTo"] == "Marta Kowalczyk"
    assert now["status"] == "Closed"
    (entry,) = control.journal(path=summary["name"])
    assert entry["principal"] == "Piet"


def test_a_person_comments(arm, control):
    summary = control.inject()
    control.comment(summary["name"], "looks fine", by="elif")
    (comment,) = arm("GET", f"/incidents/{summary['name']}/comments").json()["value"]
    assert comment["properties"]["author"]["name"] == "Elif Demir"


def test_a_merge_closes_the_loser_and_points_at_the_survivor(arm, control):
    alert = {"id": "/x/a1", "name": "a1", "kind": "SecurityAlert", "properties": {}}
    loser, survivor = control.inject(alerts=[alert]), control.inject()
    control.merge(loser["name"], survivor["name"])
    gone = incident(arm, loser)["properties"]
    assert gone["status"] == "Closed"
    assert gone["labels"] == [{"labelName": "Redirected", "labelType": "AutoAssigned"}]
    assert gone["additionalData"]["mergedIncidentNumber"] == str(survivor["number"])
    joined = arm("POST", f"/incidents/{survivor['name']}/alerts").json()["value"]
    assert [alert["name"] for alert in joined] == ["a1"]


def test_a_deleted_incident_vanishes(arm, control):
    summary = control.inject()
    control.delete(summary["name"])
    assert arm("GET", f"/incidents/{summary['name']}").status_code == 404
    with pytest.raises(ControlRefused):
        control.delete(summary["name"])


def test_a_script_plays_faults_and_events_in_their_time(pretend, arm, control):
    pretend.simulator.plant_clock.load_script(
        {
            "faults": [{"at": 60, "path": "/incidents", "status": 503, "count": 1}],
            "events": [
                {"at": 30, "do": "inject", "properties": {"title": "From the script"}},
                {
                    "at": "2026-11-24T06:02:00Z",
                    "do": "workspace",
                    "workspace": arm.workspace.key,
                    "connector": "Disabled",
                },
            ],
        }
    )
    control.advance(45)
    (resource,) = arm("GET", "/incidents").json()["value"]
    assert resource["properties"]["createdTimeUtc"].startswith("2026-11-24T06:00:30")
    control.advance(20)
    assert arm("GET", "/incidents").status_code == 503
    control.advance(60)
    assert control.state()["events_waiting"] == 0
    (connector,) = arm("GET", "/dataConnectors").json()["value"]
    assert connector["properties"]["dataTypes"]["alerts"]["state"] == "Disabled"


def test_nonsense_is_refused_with_a_sentence(control):
    for work in (
        lambda: control.advance(-1),
        lambda: control.inject(kind="tea party"),
        lambda: control.inject(mangle="gently"),
        lambda: control.workspace("nowhere"),
        lambda: control.workspace(control.plant()["workspaces"][0]["key"], colour="red"),
        lambda: control.edit("no-such-incident"),
        lambda: control.application("portal", roles=["king"]),
    ):
        with pytest.raises(ControlRefused):
            work()


def test_five_thousand_load_in_seconds_and_list_fast():
    with running_simulator(now=START, incidents=5_000) as running:
        arm = Arm(running)
        count, seconds = 0, 0.0
        for place in running.workspaces:
            arm.workspace = place
            arm.token = arm.sign_in().json()["access_token"]
            answer = arm("GET", "/incidents", **{"$top": 1000})
            while True:
                page = answer.json()
                count, seconds = (
                    count + len(page["value"]),
                    seconds + answer.elapsed.total_seconds(),
                )
                if "nextLink" not in page:
                    break
                answer = arm.follow(page["nextLink"])
        arm.link.close()
    assert count == 5_000
    assert seconds < 15  # 20,000 a minute


@pytest.mark.parametrize(
    ("client", "near"),
    [
        (("127.0.0.1", 1), True),
        (("::1", 1), True),
        (("10.1.2.3", 1), False),
        (("odd", 1), False),
        (None, False),
    ],
)
def test_only_this_machine_may_steer(client, near):
    assert is_loopback({"client": client}) is near


def test_the_office_brings_incidents_of_other_products_with_words_to_search_for(
    arm, control, pretend
):
    key = pretend.workspaces[0].key
    control.inject(kind="historian-polling", workspace=key)
    made = control.office(key, count=5, days=10, mixed=1)
    assert len(made["incidents"]) == 5
    assert len(set(made["planted"])) == 15
    products = [
        incident(arm, summary)["properties"]["additionalData"]["alertProductNames"]
        for summary in made["incidents"]
    ]
    assert len({product for (product,) in products}) == 5
    (mixed,) = made["mixed"]
    names = incident(arm, mixed)["properties"]["additionalData"]["alertProductNames"]
    assert names == ["Azure Security Center for IoT", "Microsoft Defender for Endpoint"]
    assert not set(made["planted"]) & set(made["planted_in_mixed"])
