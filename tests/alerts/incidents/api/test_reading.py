"""Incidents, and what stands around them, as JSON."""

from datetime import timedelta

import pytest

from alerts.incidents.acts.triage import change_severity
from alerts.incidents.models import IncidentStatus, Severity, TimelineItem
from alerts.outbox.models import Change
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_incident, make_site, make_workspace

pytestmark = pytest.mark.django_db


def test_a_list_tells_rows_the_next_cursor_and_the_age_of_the_data(asks, sam, incident):
    answer = asks(sam).get("incidents/")
    assert answer.status_code == 200 and answer["Content-Type"] == "application/json"
    body = answer.json()
    assert set(body) == {"data_age_seconds", "next", "results"} and body["next"] is None
    row = body["results"][0]
    assert (row["id"], row["workspace"], row["severity"]) == (incident.pk, "gdansk", "Medium")
    assert (row["status"], row["ot_state"], row["sites"]) == ("New", "not-asked", ["Gdańsk"])
    assert row["modified_at"] == "2026-11-24T12:00:00Z"


def test_one_incident_tells_more(asks, sam, incident):
    one = asks(sam).get(f"incidents/{incident.pk}/").json()
    assert one["id"] == incident.pk
    assert one["priority_parts"][0] == {"code": "severity", "points": 25, "detail": "Medium"}
    assert "data_age_seconds" in one


def test_only_the_fields_that_were_asked_for_come(asks, sam, incident):
    rows = asks(sam).get("incidents/", {"fields": "number,techniques"}).json()["results"]
    assert rows == [{"number": incident.number, "techniques": incident.techniques}]


def test_pages_follow_each_other_and_tell_every_row_once(asks, sam, gdansk):
    made = {make_incident(gdansk, modified_at=NOON - timedelta(hours=n // 3)).pk for n in range(10)}
    program, ids, cursor = asks(sam), [], ""
    for _ in range(4):
        query = {"page_size": 3, "fields": "id"} | ({"cursor": cursor} if cursor else {})
        body = program.get("incidents/", query).json()
        ids += [row["id"] for row in body["results"]]
        cursor = body["next"]
    assert cursor is None and len(ids) == 10 and set(ids) == made


@pytest.mark.parametrize(
    ("query", "n"),
    [
        ({"status": "Closed"}, 1),
        ({"status": "New,Active"}, 1),
        ({"workspace": "porto"}, 0),
        ({"site": "Gdańsk"}, 1),
        ({"site": "Atlantis"}, 0),
        ({"severity": "High"}, 0),
        ({"modified_from": "2026-11-24T12:00:00Z"}, 2),
        ({"label": "seen"}, 1),
        ({"modified_before": "2026-11-24T13:00:00+01:00"}, 0),
        ({"ot_state": "not-asked"}, 2),
        ({"workspace": "gdansk", "status": "Closed"}, 1),
    ],
)
def test_filters_leave_what_they_say(asks, sam, gdansk, incident, query, n):
    make_incident(gdansk, status=IncidentStatus.CLOSED, labels=["seen", "else"])
    assert len(asks(sam).get("incidents/", query).json()["results"]) == n


def test_a_filter_without_an_index_searches_a_bounded_number_of_rows(
    asks, sam, gdansk, monkeypatch
):
    monkeypatch.setattr("portal.api.listing.SEARCHED", 4)
    for n in range(10):
        make_incident(gdansk, modified_at=NOON - timedelta(hours=n), labels=["x"] * (n == 9))
    program, pages, cursor = asks(sam), [], ""
    while cursor is not None:
        query = {"label": "x", "fields": "id"} | ({"cursor": cursor} if cursor else {})
        body = program.get("incidents/", query).json()
        pages.append(len(body["results"]))
        cursor = body["next"]
    assert pages == [0, 0, 1]


def test_alerts_of_an_incident_and_of_everything(asks, sam, plant, incident):
    alert = make_alert(incident, site=plant, zone=plant.zones.get())
    program = asks(sam)
    for path in (f"incidents/{incident.pk}/alerts/", "alerts/", "alerts/?device=ENG-WS-04"):
        (row,) = program.get(path).json()["results"]
        assert (row["id"], row["site"], row["zone"]) == (alert.pk, "Gdańsk", "Packaging 2")
    assert program.get(f"alerts/{alert.pk}/").json()["key"] == alert.key
    assert program.get("alerts/", {"device": "nothing"}).json()["results"] == []


def test_nobody_sees_what_is_out_of_reach(asks, sam, oda, incident, gdansk):
    elsewhere = make_incident(make_workspace("porto"), site_ids=[make_site("Porto").pk])
    unplaced = make_incident(gdansk)
    make_alert(elsewhere)
    for person, visible in ((sam, {incident.pk, unplaced.pk}), (oda, {incident.pk})):
        program = asks(person)
        rows = program.get("incidents/", {"fields": "id"}).json()["results"]
        assert {row["id"] for row in rows} == visible
        assert program.get("alerts/").json()["results"] == []
        for path in ("", "timeline/", "alerts/", "comments/"):
            assert program.get(f"incidents/{elsewhere.pk}/{path}").status_code == 404


def test_the_same_list_again_is_not_sent_again(asks, sam, incident):
    program = asks(sam)
    first = program.get("incidents/")
    again = program.get("incidents/", If_None_Match=first["ETag"])
    assert again.status_code == 304 and again.content == b"" and again["ETag"] == first["ETag"]
    assert program.get("incidents/", If_None_Match='W/"other", "x"').status_code == 200
    incident.title = "Changed"
    incident.save()
    assert program.get("incidents/", If_None_Match=first["ETag"]).status_code == 200


def test_what_was_changed_in_sentinel_is_read_with_its_end(asks, sam, incident):
    address = f"incidents/{incident.pk}/sentinel-changes/"
    assert asks(sam).get(address).json()["results"] == []
    change_severity(incident_ids=[incident.pk], severity=Severity.LOW, by=sam, now=NOON)
    (row,) = asks(sam).get(address).json()["results"]
    assert (row["kind"], row["outcome"], row["by"]) == ("update", "owed", sam.name)
    assert (row["wanted"], row["kept"], row["settled_at"]) == ({"severity": "Low"}, [], None)
    won = [{"member": "severity", "was": "Medium", "now": "High", "wanted": "Low"}]
    change = Change.objects.get()
    TimelineItem.objects.create(
        incident=incident,
        at=NOON,
        side="sentinel",
        code="conflict",
        act=change.act,
        details={"won": won, "kind": "update"},
    )
    Change.objects.update(outcome="conflicted")
    (row,) = asks(sam).get(address).json()["results"]
    assert (row["outcome"], row["kept"]) == ("conflicted", won)
