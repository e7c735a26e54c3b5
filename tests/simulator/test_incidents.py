"""Incidents through the API: lists, versions, full replacement, closing, comments, tasks."""

import pytest

from tests.simulator.conftest import CLOSING, GA, PREVIEW, Arm

NAME = "5d1f6f2e-3c7e-4d1f-9a5e-000000000001"


def error(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_a_put_to_a_fresh_id_creates(arm):
    answer = arm.put(NAME, title="Pump stopped")
    resource = answer.json()
    assert answer.status_code == 201
    assert resource["name"] == NAME
    assert resource["etag"].startswith('"')
    assert resource["properties"]["incidentNumber"] == 1
    assert len(resource["properties"]["createdTimeUtc"].split(".")[1]) == 8


@pytest.mark.parametrize("missing", ["title", "severity", "status"])
def test_a_put_needs_title_severity_and_status(shared_arm, missing):
    assert error(shared_arm.put(NAME, **{missing: None})) == (400, "BadRequest")


@pytest.mark.parametrize(
    "wrong",
    [
        {"severity": "Huge"},
        {"status": "Pondering"},
        {"status": "Closed"},
        {"status": "Closed", "classification": "Perhaps"},
        {"status": "Closed", "classification": "BenignPositive"},
        {**CLOSING, "classificationReason": "InaccurateData"},
        {"description": "x" * 5001},
        {"labels": ["bare"]},
        {"firstActivityTimeUtc": "yesterday"},
    ],
)
def test_azure_refuses_what_it_does_not_know(shared_arm, wrong):
    assert error(shared_arm.put(NAME, **wrong)) == (400, "BadRequest")


def test_a_put_replaces_everything_writable(arm, control):
    arm.put(NAME, owner={"objectId": "x"}, labels=[{"labelName": "one"}], description="long")
    resource = arm.put(NAME, incidentNumber=99, lastModifiedTimeUtc="2001-01-01T00:00:00Z").json()
    properties = resource["properties"]
    assert properties["owner"]["objectId"] is None
    assert properties["labels"] == []
    assert properties["description"] == ""
    assert properties["incidentNumber"] == 1
    assert properties["lastModifiedTimeUtc"].startswith("2026-11-24T06:00:00")


def test_a_known_owner_is_completed_from_the_object_id(arm, control):
    someone = control.plant()["sentinel_people"][0]
    resource = arm.put(NAME, owner={"objectId": someone["object_id"]}).json()
    assert resource["properties"]["owner"]["assignedTo"] == someone["name"]


def test_a_stale_version_is_refused_in_body_and_header(arm):
    first = arm.put(NAME).json()["etag"]
    second = arm.put(NAME, etag=first, severity="High").json()["etag"]
    assert second != first
    assert error(arm.put(NAME, etag=first)) == (409, "Conflict")
    body = {"properties": {"title": "x", "severity": "Low", "status": "New"}}
    put = arm("PUT", f"/incidents/{NAME}", json=body, headers={"If-Match": first})
    assert error(put) == (409, "Conflict")
    assert arm("GET", f"/incidents/{NAME}").json()["properties"]["severity"] == "High"


def test_without_a_version_the_last_writer_wins(arm):
    arm.put(NAME)
    arm.put(NAME, severity="High")
    assert arm.put(NAME, severity="Medium").status_code == 200


def test_a_closing_keeps_its_reason_and_reopening_drops_it(arm):
    closed = arm.put(NAME, **CLOSING, classificationComment="by R-12").json()["properties"]
    assert closed["classificationComment"] == "by R-12"
    reopened = arm.put(NAME, classification="BenignPositive").json()["properties"]
    assert "classification" not in reopened


def test_a_deleted_incident_is_gone(arm):
    arm.put(NAME)
    assert arm("DELETE", f"/incidents/{NAME}").status_code == 200
    assert arm("DELETE", f"/incidents/{NAME}").status_code == 204
    assert error(arm("GET", f"/incidents/{NAME}")) == (404, "NotFound")


def test_ids_are_found_in_any_case(arm):
    arm.put(NAME)
    answer = arm("GET", f"/Incidents/{NAME.upper()}", at=arm.workspace.security_path.upper())
    assert answer.status_code == 200


def test_lists_page_through_everything_once(arm, control):
    control.inject(count=25, properties={"title": "One of many"})
    answer = arm("GET", "/incidents", **{"$top": 10, "$orderby": "properties/incidentNumber asc"})
    resources, pages = [], 1
    while "nextLink" in (page := answer.json()):
        resources += page["value"]
        answer, pages = arm.follow(page["nextLink"]), pages + 1
    resources += page["value"]
    assert pages == 3
    assert [resource["properties"]["incidentNumber"] for resource in resources] == list(
        range(1, 26)
    )


def test_the_default_page_is_fifty_and_the_largest_a_thousand(arm, control):
    control.inject(count=60)
    assert len(arm("GET", "/incidents").json()["value"]) == 50
    assert error(arm("GET", "/incidents", **{"$top": 1001})) == (400, "BadRequest")


def test_a_row_changed_while_paging_appears_again(arm, control):
    control.inject(count=4)
    query = {"$top": 2, "$orderby": "properties/lastModifiedTimeUtc asc"}
    first = arm("GET", "/incidents", **query).json()
    control.advance(5)
    control.edit(first["value"][0]["name"], properties={"severity": "High"})
    second = arm.follow(first["nextLink"]).json()
    rest = arm.follow(second["nextLink"]).json()["value"]
    assert rest[0]["name"] == first["value"][0]["name"]


def test_filters_by_time_and_status(arm, control):
    control.inject(properties={"title": "early"})
    control.advance(3600)
    late = control.inject(properties={"title": "late"})
    control.inject(properties={"title": "done", **CLOSING})
    since = "properties/lastModifiedTimeUtc ge 2026-11-24T06:30:00Z"
    both = f"{since} and properties/status eq 'New'"
    assert len(arm("GET", "/incidents", **{"$filter": since}).json()["value"]) == 2
    (only,) = arm("GET", "/incidents", **{"$filter": both}).json()["value"]
    assert only["name"] == late["name"]


@pytest.mark.parametrize(
    "text",
    [
        "severity eq 'High'",
        "properties/createdTimeUtc ge soon",
        "properties/status gt 'New'",
        "properties/status eq 'Bored'",
        "properties/createdTimeUtc ge 2026-01-01T00:00:00Z or 1",
    ],
)
def test_an_unknown_filter_is_refused(shared_arm, text):
    assert error(shared_arm("GET", "/incidents", **{"$filter": text})) == (400, "BadRequest")


def test_an_incident_tells_its_alerts_and_entities(arm, pretend, control):
    kind = control.plant()["kinds"][0]
    summary = control.inject(kind=kind)
    arm.workspace = pretend.simulator.azure.workspace(summary["workspace"])
    arm.token = arm.sign_in().json()["access_token"]
    alerts = arm("POST", f"/incidents/{summary['name']}/alerts").json()["value"]
    full = arm("POST", f"/incidents/{summary['name']}/entities", version=PREVIEW).json()
    short = arm("POST", f"/incidents/{summary['name']}/entities", version=GA).json()
    assert {resource["kind"] for resource in alerts} == {"SecurityAlert"}
    assert sum(resource["count"] for resource in full["metaData"]) == len(full["entities"])
    devices = [
        resource["properties"] for resource in full["entities"] if resource["kind"] == "IoTDevice"
    ]
    plain = [
        resource["properties"] for resource in short["entities"] if resource["kind"] == "IoTDevice"
    ]
    assert all("site" in resource for resource in devices)
    assert not any("site" in resource for resource in plain)


def test_a_comment_is_written_once_under_its_id(arm):
    arm.put(NAME)
    tail, body = f"/incidents/{NAME}/comments/{NAME}", {"properties": {"message": "routine"}}
    first, again = arm("PUT", tail, json=body), arm("PUT", tail, json=body)
    listed = arm("GET", f"/incidents/{NAME}/comments").json()["value"]
    incident = arm("GET", f"/incidents/{NAME}").json()
    assert (first.status_code, again.status_code, len(listed)) == (201, 200, 1)
    assert not listed[0]["etag"].startswith('"')
    assert listed[0]["properties"]["author"]["name"] == "portal"
    assert incident["properties"]["additionalData"]["commentsCount"] == 1
    arm("DELETE", tail)
    after = arm("GET", f"/incidents/{NAME}").json()
    assert after["properties"]["additionalData"]["commentsCount"] == 0


def test_comments_have_limits(arm):
    arm.put(NAME)
    tail = f"/incidents/{NAME}/comments/"
    long = {"properties": {"message": "x" * 30_001}}
    assert error(arm("PUT", tail + "a", json=long)) == (400, "BadRequest")
    for number in range(100):
        note = {"incident": NAME, "message": f"note {number}"}
        arm.running.simulator.carry_out("comment", note)
    one_more = {"properties": {"message": "one more"}}
    assert error(arm("PUT", tail + "b", json=one_more)) == (400, "BadRequest")


def test_tasks_can_be_written_and_taken_away(arm):
    arm.put(NAME)
    task = {"properties": {"title": "Ask the plant", "status": "New"}}
    assert arm("PUT", f"/incidents/{NAME}/tasks/t1", json=task).status_code == 201
    assert len(arm("GET", f"/incidents/{NAME}/tasks").json()["value"]) == 1
    assert arm("DELETE", f"/incidents/{NAME}/tasks/t1").status_code == 200
    assert arm("GET", f"/incidents/{NAME}/tasks/t1").status_code == 404


def test_a_playbook_starts_with_an_empty_answer_and_shows_its_run(arm):
    arm.put(NAME)
    group = (
        f"/subscriptions/{arm.workspace.subscription_id}"
        f"/resourceGroups/{arm.workspace.resource_group}"
    )
    app = f"{group}/providers/Microsoft.Logic/workflows/notify-ot-owner"
    body = {"logicAppsResourceId": app, "tenantId": arm.workspace.tenant_id}
    answer = arm("POST", f"/incidents/{NAME}/runPlaybook", json=body)
    assert (answer.status_code, answer.content) == (204, b"")
    (run,) = arm("GET", "/runs", at=app, version="2019-05-01").json()["value"]
    assert run["properties"]["status"] == "Succeeded"


def test_every_write_is_journalled_refused_ones_too(arm, control):
    etag = arm.put(NAME).json()["etag"]
    arm.put(NAME, etag=etag)
    arm.put(NAME, etag=etag)
    entries = control.journal(path=NAME)
    assert [(entry["status"], entry["applied"]) for entry in entries] == [
        (201, True),
        (200, True),
        (409, False),
    ]
    assert entries[1]["before_etag"] == etag
    assert {entry["principal"] for entry in entries} == {"portal"}


def test_a_reader_may_look_but_not_write(pretend):
    reader = Arm(pretend, "reader")
    assert reader("GET", "/incidents").status_code == 200
    assert error(reader.put(NAME)) == (403, "AuthorizationFailed")
    reader.link.close()
