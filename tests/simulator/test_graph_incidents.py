"""Incidents in Graph: what a list takes, what a change does here and in Sentinel."""

import pytest

from simulator.graph import incidents

DOWNLOAD = "tuesday-download"
CLOSING = {
    "status": "resolved",
    "classification": "informationalExpectedActivity",
    "determination": "confirmedActivity",
    "resolvingComment": "Planned work.",
}


@pytest.fixture
def incident(graph, control):
    return graph.of(control.inject(kind=DOWNLOAD))


def arm_properties(graph, number):
    for resource in graph.arm("GET", "/incidents").json()["value"]:
        if resource["properties"]["providerIncidentId"] == number:
            return resource["properties"]
    raise AssertionError(number)


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_both_sides_carry_both_ids(graph, incident):
    body = graph("GET", f"/incidents/{incident}").json()
    properties = arm_properties(graph, incident)
    assert properties["providerName"] == "Microsoft XDR"
    assert properties["providerIncidentId"] == body["id"] != str(properties["incidentNumber"])
    assert properties["additionalData"]["providerIncidentUrl"] == body["incidentWebUrl"]
    assert body["displayName"] == properties["title"]
    assert "@odata.etag" not in body and "workspace" not in str(body).lower()


def test_ids_are_of_the_tenant_and_incidents_carry_no_workspace(graph, control):
    for place in graph.running.workspaces:
        control.onboard(place.key)
        control.inject(properties={"title": place.key}, workspace=place.key)
    bodies = graph.incidents()
    assert len({body["id"] for body in bodies}) == 3
    assert {body["displayName"] for body in bodies} == {"gdansk", "porto", "central"}


def test_a_page_holds_fifty_at_most(graph, control):
    answer = graph("GET", "/incidents", **{"$top": 51})
    assert answer.status_code == 400
    assert "The limit of '50' for Top query has been exceeded" in answer.json()["error"]["message"]
    control.inject(count=52, properties={"title": "One of many"})
    first = graph("GET", "/incidents", **{"$top": 50}).json()
    assert len(first["value"]) == 50
    second = graph.follow(first["@odata.nextLink"]).json()
    assert len(second["value"]) == 2 and "@odata.nextLink" not in second
    assert len({body["id"] for body in first["value"] + second["value"]}) == 52


def test_far_into_a_long_list_nothing_comes(graph, control, monkeypatch):
    monkeypatch.setattr(incidents, "MAX_SKIP", 4)
    control.inject(count=9, properties={"title": "One of many"})
    link, bodies = None, []
    for _ in range(9):
        page = (graph.follow(link) if link else graph("GET", "/incidents", **{"$top": 2})).json()
        bodies += page["value"]
        link = page.get("@odata.nextLink")
        if link is None:
            break
    assert len(bodies) == 6, "three pages, and the fourth is empty and the last"


def test_a_window_is_asked_for_by_time_and_comes_in_order(graph, control):
    early = graph.of(control.inject(properties={"title": "early"}))
    control.advance(3600)
    late = graph.of(control.inject(properties={"title": "late"}))
    since = "lastUpdateDateTime ge 2026-11-24T06:30:00Z"
    assert [body["id"] for body in graph.incidents(**{"$filter": since})] == [late]
    order = {"$orderby": "lastUpdateDateTime asc"}
    assert [body["id"] for body in graph.incidents(**order)] == [early, late]
    assert [body["id"] for body in graph.incidents()] == [late, early], "newest first by default"
    control.graph(orderby="ignored")
    assert [body["id"] for body in graph.incidents(**order)] == [late, early]
    control.graph(orderby="refused")
    assert graph("GET", "/incidents", **order).status_code == 400


def test_filters_on_what_the_list_names_and_on_nothing_else(graph, incident):
    graph("PATCH", f"/incidents/{incident}", json={"assignedTo": "o'hara@soc.example"})
    for clause in (
        "status eq 'active' and severity ne 'low'",
        "assignedTo eq 'o''hara@soc.example'",
        "classification eq 'unknown' and determination eq 'unknown'",
    ):
        assert len(graph.incidents(**{"$filter": clause})) == 1, clause
    assert not graph.incidents(**{"$filter": "assignedTo eq null"})
    for clause in (
        "displayName eq 'x'",
        "customTags eq 'x'",
        "lastUpdateDateTime ge '2026-11-24T06:30:00Z'",
        "status gt 'active'",
        "status",
    ):
        assert graph("GET", "/incidents", **{"$filter": clause}).status_code == 400, clause


def test_closing_reaches_sentinel_and_the_alerts(graph, incident):
    answer = graph("PATCH", f"/incidents/{incident}", json=CLOSING).json()
    assert answer["lastModifiedBy"] == "API-App:portal"
    assert {name: answer[name] for name in CLOSING} == CLOSING
    properties = arm_properties(graph, incident)
    assert (properties["status"], properties["classification"]) == ("Closed", "BenignPositive")
    assert properties["classificationReason"] == "SuspiciousButExpected"
    assert properties["classificationComment"] == "Planned work."
    (alert,) = graph("GET", f"/incidents/{incident}/alerts").json()["value"]
    assert alert["status"] == "resolved" and alert["resolvedDateTime"]


def test_members_that_are_left_out_stay_and_a_list_of_tags_is_replaced(graph, incident, control):
    graph("PATCH", f"/incidents/{incident}", json={"customTags": ["a", "b"], "severity": "low"})
    answer = graph("PATCH", f"/incidents/{incident}", json={"customTags": ["c"]}).json()
    assert (answer["customTags"], answer["severity"]) == (["c"], "low")
    labels = arm_properties(graph, incident)["labels"]
    assert [label["labelName"] for label in labels] == ["c"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "redirected"},
        {"status": "awaitingAction"},
        {"severity": "huge"},
        {"determination": "compromisedUser"},
        {"customTags": "a"},
        {"lastModifiedBy": "me"},
        {"alerts": []},
    ],
)
def test_a_change_that_graph_does_not_take(graph, incident, wrong):
    assert code(graph("PATCH", f"/incidents/{incident}", json=wrong)) == (400, "BadRequest")


def test_values_are_read_in_any_case(graph, incident):
    answer = graph("PATCH", f"/incidents/{incident}", json={"status": "InProgress"}).json()
    assert answer["status"] == "inProgress"
    assert arm_properties(graph, incident)["status"] == "Active"


def test_there_is_no_version_so_the_last_writer_wins(graph, incident):
    stale = {"If-Match": '"00000001"'}
    answer = graph("PATCH", f"/incidents/{incident}", json={"severity": "low"}, headers=stale)
    assert answer.status_code == 200


def test_a_classification_may_precede_the_closing(graph, incident):
    early = {"classification": "falsePositive", "determination": "notMalicious"}
    answer = graph("PATCH", f"/incidents/{incident}", json=early).json()
    assert (answer["status"], answer["classification"]) == ("active", "falsePositive")
    assert "classification" not in arm_properties(graph, incident)
    graph("PATCH", f"/incidents/{incident}", json={"status": "resolved"})
    assert arm_properties(graph, incident)["classificationReason"] == "InaccurateData"


def test_what_sentinel_writes_is_seen_in_graph(graph, control):
    summary = control.inject(kind=DOWNLOAD)
    control.edit(
        summary["name"],
        by="marta",
        owner="marta",
        add_labels=["seen"],
        properties={
            "status": "Closed",
            "classification": "FalsePositive",
            "classificationReason": "IncorrectAlertLogic",
            "classificationComment": "Noise.",
        },
    )
    body = graph("GET", f"/incidents/{graph.of(summary)}").json()
    assert (body["status"], body["classification"]) == ("resolved", "falsePositive")
    assert (body["resolvingComment"], body["customTags"]) == ("Noise.", ["seen"])
    assert body["assignedTo"] == body["lastModifiedBy"] == "marta.kowalczyk@soc.baltaqua.example"
    properties = arm_properties(graph, body["id"])
    assert properties["classificationReason"] == "InaccurateData", "the other one does not survive"


def test_an_owner_comes_back_with_the_object_id_where_the_tenant_knows_the_name(
    graph, incident, control
):
    someone = control.plant()["sentinel_people"][0]
    change = {"assignedTo": someone["email"]}
    graph("PATCH", f"/incidents/{incident}", json=change)
    assert arm_properties(graph, incident)["owner"]["objectId"] == someone["object_id"]
    graph("PATCH", f"/incidents/{incident}", json={"assignedTo": "Night shift"})
    owner = arm_properties(graph, incident)["owner"]
    assert (owner["objectId"], owner["assignedTo"]) == (None, "Night shift")
    graph("PATCH", f"/incidents/{incident}", json={"assignedTo": None})
    assert arm_properties(graph, incident)["owner"]["assignedTo"] is None


def test_a_comment_answers_with_all_of_them_and_none_has_an_id(graph, control):
    summary = control.inject(kind=DOWNLOAD)
    number = graph.of(summary)
    control.comment(summary["name"], "First look done", by="marta")
    answer = graph("POST", f"/incidents/{number}/comments", json={"comment": "Routine."}).json()
    assert [row["comment"] for row in answer["value"]] == ["First look done", "Routine."]
    assert answer["value"][1]["createdByDisplayName"] == "API-App:portal"
    assert all("id" not in row for row in answer["value"])
    graph("POST", f"/incidents/{number}/comments", json={"comment": "Routine."})
    parts = graph.arm("GET", f"/incidents/{summary['name']}/comments").json()["value"]
    assert [part["properties"]["message"] for part in parts].count("Routine.") == 2
    part = parts[0]
    part["properties"] = {"message": "Edited"}
    graph.arm("PUT", f"/incidents/{summary['name']}/comments/{part['name']}", json=part)
    comments = graph("GET", f"/incidents/{number}").json()["comments"]
    assert comments[0]["comment"] == "First look done", "an edit does not cross"


def test_status_of_experts_is_shown_to_who_asks_for_it(graph, control):
    summary = control.inject(kind=DOWNLOAD)
    control.edit(summary["name"], portal={"status": "awaitingAction", "priorityScore": 90})
    number = graph.of(summary)
    body = graph("GET", f"/incidents/{number}").json()
    assert (body["status"], body["priorityScore"]) == ("awaitingAction", 90)
    body = graph("GET", f"/incidents/{number}", prefer=False).json()
    assert body["status"] == "unknownFutureValue"


def test_a_merged_incident_points_at_the_survivor(graph, control):
    first, second = (control.inject(kind=DOWNLOAD, options={"nonce": n}) for n in range(2))
    ids = [graph.of(first), graph.of(second)]
    graph("PATCH", f"/incidents/{ids[1]}", json={"customTags": ["kept"]})
    control.merge(second["name"], first["name"])
    target = ids[0]
    loser, survivor = (graph("GET", f"/incidents/{number}").json() for number in reversed(ids))
    assert (loser["status"], loser["redirectIncidentId"]) == ("redirected", target)
    assert loser["lastModifiedBy"] == "Microsoft Defender XDR - alert correlation"
    assert survivor["displayName"].startswith("Multi-stage incident")
    assert survivor["customTags"] == ["kept"]
    assert not graph("GET", f"/incidents/{ids[1]}/alerts").json()["value"]
    alerts = graph("GET", f"/incidents/{target}/alerts").json()["value"]
    assert {alert["incidentId"] for alert in alerts} == {target} and len(alerts) == 2
    properties = arm_properties(graph, ids[1])
    assert properties["status"] == "Closed"
    assert "Redirected" in [label["labelName"] for label in properties["labels"]]
    assert code(graph("PATCH", f"/incidents/{ids[1]}", json={"severity": "low"}))[0] == 400


INCIDENTS = ["SecurityIncident.ReadWrite.All", "SecurityAlert.Read.All"]


def test_a_deleted_incident_is_in_no_list(graph, control):
    summary = control.inject(kind=DOWNLOAD)
    number = graph.of(summary)
    control.delete(summary["name"])
    assert not graph.incidents()
    assert code(graph("GET", f"/incidents/{number}")) == (404, "NotFound")
    assert code(graph("GET", "/incidents/none"))[0] == 404
