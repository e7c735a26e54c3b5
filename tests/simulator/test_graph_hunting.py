"""Advanced hunting by Graph: which workspace answers, how far back, in which words."""

import pytest

from simulator.running import running_simulator
from tests.simulator.conftest import START, Graph

DOWNLOAD = "tuesday-download"


@pytest.fixture(scope="module")
def hunted():
    with running_simulator(now=START, incidents=60) as running:
        for place in running.workspaces[:2]:
            running.control.onboard(place.key)
        running.control.inject(kind=DOWNLOAD)
        client = Graph(running)
        yield client
        client.link.close()


def ask(client, text, **more):
    return client("POST", "/runHuntingQuery", json={"query": text, **more})


def test_an_answer_has_a_schema_and_rows_by_name(hunted):
    text = "SecurityIncident | where IncidentNumber > 0 | project IncidentName, TimeGenerated,"
    body = ask(hunted, f"{text} IncidentNumber | take 2", timespan="P30D").json()
    assert body["schema"] == [
        {"name": "IncidentName", "type": "String"},
        {"name": "TimeGenerated", "type": "DateTime"},
        {"name": "IncidentNumber", "type": "Int32"},
    ]
    assert len(body["results"]) == 2 and set(body["results"][0]) == {
        "IncidentName",
        "TimeGenerated",
        "IncidentNumber",
    }


def test_an_unknown_workspace_falls_back_to_the_primary_one_without_an_error(hunted):
    text = "SecurityIncident | distinct TenantId"
    ids = [place.uid("customer") for place in hunted.running.workspaces]
    expected = {ids[0]: ids[0], ids[1]: ids[1], ids[2]: ids[0], "nothing": ids[0]}
    for wish, tenant in expected.items():
        rows = ask(hunted, text, workspaceId=wish).json()["results"]
        assert rows == [{"TenantId": tenant}], wish


def test_thirty_days_are_there_at_most(hunted):
    text = "SecurityIncident | summarize earliest = min(TimeGenerated)"
    for more in ({}, {"timespan": "P120D"}):
        (row,) = ask(hunted, text, **more).json()["results"]
        assert row["earliest"] >= "2026-10-25"


def test_alerts_are_there_when_they_are_in_an_incident(hunted):
    text = "AlertInfo | where Title startswith '(MDIoT) Unauthorized PLC'"
    (row,) = ask(hunted, text).json()["results"]
    assert row["ServiceSource"] == "Microsoft Sentinel"
    wish = f"AlertEvidence | where AlertId == '{row['AlertId']}' and EvidenceRole == 'Destination'"
    (evidence,) = ask(hunted, wish).json()["results"]
    assert evidence["DeviceName"].startswith("PLC-")
    listed = hunted("GET", f"/alerts_v2/{row['AlertId']}").json()
    assert listed["title"] == row["Title"]


def test_a_question_that_makes_no_sense_is_refused(hunted):
    answer = ask(hunted, "Site | take 1")
    assert answer.status_code == 400
    assert "named 'Site'" in answer.json()["error"]["message"]
    for text in ("SecurityIncident |", "", "SecurityIncident | where"):
        assert ask(hunted, text).status_code == 400, text
    assert ask(hunted, "SecurityIncident | take 1", timespan="a while").status_code == 400


def test_hunting_has_a_permission_and_a_limit_of_its_own(hunted):
    control = hunted.running.control
    control.throttle(on=True, limits={"graph hunting": 1})
    codes = [ask(hunted, "SecurityIncident | take 1").status_code for _ in range(2)]
    assert codes == [200, 429]
    assert hunted("GET", "/incidents").status_code == 200
    control.throttle(on=False)
    control.application("portal", permissions=["SecurityIncident.Read.All"])
    hunted.sign_in()
    assert ask(hunted, "SecurityIncident | take 1").status_code == 403
    control.application(
        "portal", permissions=["SecurityIncident.Read.All", "ThreatHunting.Read.All"]
    )
