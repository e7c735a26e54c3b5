"""Log Analytics of the pretend Azure: any KQL over its tables, with the documented limits."""

import json

import pytest

from simulator.people import person_named
from simulator.running import running_simulator
from tests.simulator.conftest import START, Arm

LOGS = "https://api.loganalytics.io/.default"


class Logs:
    """Asks in KQL as one application."""

    def __init__(self, running, key="portal"):
        self.arm = Arm(running, key)
        self.token = self.arm.sign_in(scope=LOGS).json()["access_token"]
        self.workspace = self.arm("GET", "", at=self.arm.workspace.path, version="2022-10-01")
        self.id = self.workspace.json()["properties"]["customerId"]

    def ask(self, text, *, id=None, headers=None, **more):
        return self.arm.link.post(
            f"{self.arm.running.endpoint}/v1/workspaces/{id or self.id}/query",
            json={"query": text, **more},
            headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
            timeout=60,
        )

    def rows(self, text, **more):
        answer = self.ask(text, **more)
        assert answer.status_code == 200, answer.text
        assert "error" not in answer.json()
        table = answer.json()["tables"][0]
        assert table["name"] == "PrimaryResult"
        names = [column["name"] for column in table["columns"]]
        return [dict(zip(names, row, strict=True)) for row in table["rows"]]


@pytest.fixture(scope="module")
def running():
    with running_simulator(now=START, incidents=400) as running:
        yield running


@pytest.fixture
def logs(running):
    client = Logs(running)
    yield client
    client.arm.link.close()
    running.control.log_limits(rows=500_000, bytes=100 * 1024 * 1024, seconds=600, calls=200)
    running.control.throttle(on=True)
    running.control.clear_faults()


def test_every_incident_is_there_with_the_version_that_sentinel_lists(logs, running):
    (row,) = logs.rows("SecurityIncident | summarize n = dcount(IncidentName)")
    key = running.workspaces[0].key
    assert row["n"] == sum(running.control.state()["incidents"][key].values())
    listed = logs.arm("GET", "/incidents").json()["value"][0]
    (latest,) = logs.rows(
        f'SecurityIncident | where IncidentName == "{listed["name"]}"'
        " | summarize arg_max(TimeGenerated, *) by IncidentName"
    )
    properties = listed["properties"]
    assert latest["Status"] == properties["status"]
    assert latest["IncidentNumber"] == properties["incidentNumber"]
    assert json.loads(latest["AdditionalData"]) == properties["additionalData"]
    alerts = logs.arm("POST", f"/incidents/{listed['name']}/alerts").json()["value"]
    ids = [alert["properties"]["systemAlertId"] for alert in alerts]
    assert json.loads(latest["AlertIds"]) == ids


def test_what_changes_adds_a_row(logs, running):
    name = running.control.inject(workspace=running.workspaces[0].key)["name"]
    count = f'SecurityIncident | where IncidentName == "{name}" | count'
    assert logs.rows(count)[0]["Count"] == 1
    running.control.edit(name, properties={"severity": "High"})
    assert logs.rows(count)[0]["Count"] == 2
    (row,) = logs.rows(
        f'SecurityIncident | where IncidentName == "{name}" | summarize arg_max(TimeGenerated, *)'
        " by IncidentName | project Severity"
    )
    assert row["Severity"] == "High"


def test_a_row_names_who_changed_the_incident_and_since_when_it_is_closed(logs, running):
    name = running.control.inject(workspace=running.workspaces[0].key)["name"]
    closing = {"status": "Closed", "classification": "Undetermined"}
    running.control.edit(name, properties=closing, by="marta")
    running.control.edit(name, add_labels=["later"], by="olga")
    rows = logs.rows(
        f'SecurityIncident | where IncidentName == "{name}" | sort by TimeGenerated asc'
        " | project Status, ModifiedBy, LastModifiedTime, ClosedTime"
    )
    people = [person_named(key).email for key in ("marta", "olga")]
    assert [row["ModifiedBy"] for row in rows][-2:] == people
    closed, later = rows[-2:]
    assert closed["LastModifiedTime"] == closed["ClosedTime"] == later["ClosedTime"]
    assert rows[0]["ClosedTime"] is None


def test_alerts_of_rules_stand_beside_those_of_the_sensors(logs):
    (row,) = logs.rows("""
        SecurityAlert | where ProviderName == "ASI Scheduled Alerts"
        | extend Details = parse_json(tostring(parse_json(ExtendedProperties)["Custom Details"]))
        | extend VendorId = tostring(Details.VendorOriginalId[0])
        | join kind=inner (SecurityAlert | where ProviderName == "IoTSecurity"
            | summarize arg_max(TimeGenerated, *) by VendorOriginalId)
            on $left.VendorId == $right.VendorOriginalId
        | summarize Together = count(), Named = countif(isnotempty(ExtendedProperties1))
    """)
    (made,) = logs.rows('SecurityAlert | where ProviderName == "ASI Scheduled Alerts" | count')
    assert row["Together"] == row["Named"] == made["Count"] > 0


def test_some_alerts_never_become_incidents(logs):
    rows = logs.rows("""
        let ids = SecurityIncident | mv-expand AlertId = AlertIds to typeof(string)
            | summarize by AlertId;
        let known = SecurityAlert | where SystemAlertId in (ids)
            | extend Bag = parse_json(ExtendedProperties)
            | extend Details = parse_json(tostring(Bag["Custom Details"]))
            | extend OfRule = tostring(Details.VendorOriginalId[0])
            | summarize by VendorId = coalesce(OfRule, VendorOriginalId);
        SecurityAlert | where ProviderName == "IoTSecurity" and SystemAlertId !in (ids)
        | where VendorOriginalId !in (known) | summarize n = count() by DisplayName
    """)
    from simulator.plant.catalogue import alert_types

    assert rows
    assert all(alert_types()[row["DisplayName"]].rule is None for row in rows)


@pytest.mark.parametrize("limits", [{"rows": 7}, {"bytes": 4000}])
def test_too_much_comes_as_a_part_with_the_error_beside_it(logs, running, limits):
    running.control.log_limits(**limits)
    answer = logs.ask("SecurityAlert | project SystemAlertId, Description")
    assert answer.status_code == 200
    whole = answer.json()
    assert whole["error"]["code"] == "PartialError"
    assert "E_QUERY_RESULT_SET_TOO_LARGE" in answer.text
    assert 0 < len(whole["tables"][0]["rows"]) < 200


def test_what_takes_too_long_is_stopped(logs):
    answer = logs.ask(
        """let All = SecurityAlert | extend k = 1 | project k, n = strlen(Description);
        All | join kind=inner All on k | extend m = n * n1 % 7 | project k, m
        | join kind=inner All on k | join kind=inner All on k | summarize sum(m * n)""",
        headers={"Prefer": "wait=1"},
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "GatewayTimeout")


def test_too_many_questions_are_refused_with_a_wait(logs, running):
    running.control.log_limits(calls=3)
    statuses = [logs.ask("print 1").status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    refused = logs.ask("print 1")
    assert 1 <= int(refused.headers["Retry-After"]) <= 30


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SecurityIncident | where Status ==", "SyntaxError"),
        ("NoSuchTable | count", "SemanticError"),
        ("SecurityIncident | where NoSuchColumn == 1", "SemanticError"),
        ("externaldata(a:string)['https://elsewhere.example']", "NotSupportedBySimulator"),
    ],
)
def test_a_wrong_question_is_told_what_is_wrong(logs, text, code):
    answer = logs.ask(text)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["innererror"]["code"]) == ("BadArgumentError", code)


def test_nothing_can_be_changed_by_a_question(logs):
    before = logs.rows("SecurityIncident | count")
    for text in (".drop table SecurityIncident", ".set-or-replace SecurityIncident <| print 1"):
        assert logs.ask(text).status_code == 400
    assert logs.rows("SecurityIncident | count") == before


def test_who_may_not_ask_is_refused(logs, running):
    strangers = logs.arm.link.post(
        f"{running.endpoint}/v1/workspaces/{logs.id}/query", json={"query": "print 1"}
    )
    assert strangers.status_code == 401
    logs.token, token = logs.arm.token, logs.token
    assert logs.ask("print 1").status_code == 401, "that token is for the resource manager"
    logs.token = token
    assert logs.ask("print 1", id="0" * 36).status_code == 404
    running.control.application(
        "portal", denied=["Microsoft.OperationalInsights/workspaces/query/*"]
    )
    try:
        refused = logs.ask("print 1")
        assert (refused.status_code, refused.json()["error"]["code"]) == (
            403,
            "InsufficientAccessError",
        )
    finally:
        running.control.application("portal", denied=[])


def test_what_no_rule_watches_is_told_by_the_sensors_alone_in_the_defender_portal(running, logs):
    key, title = running.workspaces[0].key, "Unauthorized HTTP Activity"
    running.control.onboard(key, incidents="none")
    made = running.control.inject(kind="tuesday-download", options={"title": title, "nonce": 7})
    assert not made["incidents"]
    wish = f"SecurityAlert | where DisplayName == '{title}' and ProviderName == 'IoTSecurity'"
    (row,) = logs.rows(f"{wish} | where EndTime > datetime(2026-11-24) | distinct SystemAlertId")
    text = f"SecurityIncident | where AlertIds has '{row['SystemAlertId']}' | count"
    assert logs.rows(text)[0]["Count"] == 0
    both = {"also": [title], "nonce": 8}
    summary = running.control.inject(kind="tuesday-download", options=both)
    alerts = logs.arm("POST", f"/incidents/{summary['name']}/alerts").json()["value"]
    assert len(alerts) == 1, "the rule's copy"
    assert (
        len(logs.rows(f"{wish} | where EndTime > datetime(2026-11-24) | distinct SystemAlertId"))
        == 2
    )


def test_after_onboarding_incidents_have_no_description_column(logs, running):
    plain = "SecurityIncident | take 1 | project Description"
    careful = 'SecurityIncident | take 1 | project Description = column_ifexists("Description", "")'
    of_alerts = 'SecurityAlert | take 1 | project Text = column_ifexists("Description", "none")'
    running.control.workspace(running.workspaces[0].key, defender_portal=False)
    assert logs.rows(plain)[0] == logs.rows(careful)[0]
    running.control.onboard(running.workspaces[0].key)
    refused = logs.ask(plain)
    assert refused.status_code == 400
    assert refused.json()["error"]["innererror"]["code"] == "SemanticError"
    assert logs.rows(careful) == [{"Description": ""}]
    assert logs.rows(of_alerts)[0]["Text"] != "none", "alerts keep theirs"
