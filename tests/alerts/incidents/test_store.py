import json
from datetime import timedelta

import pytest

from alerts.incidents.ingest.store import differing, mark_gone, store_incidents
from alerts.incidents.models import (
    Group,
    Incident,
    IncidentRaw,
    IncidentStatus,
    Severity,
    TimelineItem,
)
from alerts.outbox.models import Change
from alerts.sentinel.wire.incidents import read_incident_page
from portal import clock
from tests.alerts.sentinel.wire.samples import incident, page, page_with, with_member
from tests.factories.incidents import NOON, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make_workspace()


def store(workspace, *incidents, now=NOON):
    body = incidents[0] if isinstance(incidents[0], bytes) else page(*incidents)
    items = read_incident_page(body).items
    return store_incidents(workspace_id=workspace.pk, incidents=items, now=now)


def edited(number, minute=11, **properties):
    """The incident as it is after an edit, with a new etag and a later time."""
    made = incident(number, lastModifiedTimeUtc=f"2026-11-20T08:{minute}:05Z", **properties)
    return made | {"etag": f'"edited-{minute}"'}


def timeline_of(workspace):
    return list(TimelineItem.objects.order_by("pk").values_list("code", "details"))


def test_a_page_becomes_rows_raw_json_and_rows_of_the_queue(workspace):
    done = store(workspace, *[incident(n) for n in range(1, 4)])
    assert (done.new, done.changed, done.unchanged, done.merged) == (3, 0, 0, 0)
    row = Incident.objects.get(number=2)
    assert (row.severity, row.status, row.labels) == (
        Severity.HIGH,
        IncidentStatus.NEW,
        ["Press-Shop"],
    )
    assert row.modified_at.microsecond == 765432
    assert row.details_state == "pending" and row.details_due_at == NOON
    assert row.priority == sum(points for _, points, _ in row.priority_parts) > 0
    assert IncidentRaw.objects.get(incident=row).body == incident(2)
    group = Group.objects.get(key=row.group_key)
    assert (group.n, group.latest, group.priority) == (1, row, row.priority)


def test_the_queue_says_the_same_when_it_is_counted_anew(workspace):
    from alerts.incidents.ingest.groups import regroup

    store(workspace, incident(1), incident(2, owner={"objectId": "sam", "assignedTo": "Sam"}))
    before = list(Group.objects.order_by("key").values())
    incidents = list(Incident.objects.order_by("pk").values())
    regroup(Incident.objects.values_list("pk", flat=True), now=NOON)
    assert list(Group.objects.order_by("key").values()) == before
    assert list(Incident.objects.order_by("pk").values()) == incidents


def test_the_same_page_again_changes_nothing(workspace):
    rows = [incident(n) for n in range(1, 4)]
    store(workspace, *rows)
    before = list(Incident.objects.order_by("pk").values())
    done = store(workspace, *rows, now=NOON + timedelta(hours=1))
    assert (done.new, done.changed, done.unchanged) == (0, 0, 3)
    assert list(Incident.objects.order_by("pk").values()) == before


def test_what_is_not_stored_just_so_is_worth_reading(workspace):
    store(workspace, incident(1), incident(2))
    heads = read_incident_page(page(incident(1), edited(2), incident(3))).heads
    found = differing(workspace_id=workspace.pk, heads=heads)
    assert found.places == [1, 2]
    assert set(found.stored_names) == {heads[0][0], heads[1][0]}


def test_an_incident_that_is_listed_twice_is_stored_once_in_its_newest_form(workspace):
    done = store(workspace, edited(1, severity="Low"), incident(1))
    assert (done.new, done.unchanged) == (1, 1)
    assert Incident.objects.get().severity == Severity.LOW


def test_an_older_version_that_arrives_late_is_ignored(workspace):
    store(workspace, edited(1, severity="Low"))
    done = store(workspace, incident(1))
    assert (done.changed, done.unchanged) == (0, 1)
    assert Incident.objects.get().severity == Severity.LOW


def test_within_one_microsecond_the_seventh_digit_tells_the_newer_version(workspace):
    newer = incident(1, lastModifiedTimeUtc="2026-11-20T08:10:05.7654329Z", severity="Low")
    store(workspace, newer | {"etag": '"newer"'})
    assert store(workspace, incident(1)).unchanged == 1
    newest = incident(1, lastModifiedTimeUtc="2026-11-20T08:10:05.7654329Z", severity="Medium")
    assert store(workspace, newest | {"etag": '"newest"'}).changed == 1


def test_what_somebody_changed_in_sentinel_is_told_with_old_and_new(workspace):
    store(workspace, incident(1))
    owner = {"objectId": "o-1", "assignedTo": "Sam Keller", "email": "sam@demo.example"}
    labels = [{"labelName": "Press-Shop", "labelType": "User"}, {"labelName": "vip"}]
    done = store(workspace, edited(1, severity="Low", title="Renamed", owner=owner, labels=labels))
    assert done.changed == 1
    assert timeline_of(workspace) == [
        ("title", {"from": "Unauthorized PLC Programming", "to": "Renamed"}),
        ("severity", {"from": "High", "to": "Low"}),
        ("owner", {"from": "", "to": "Sam Keller"}),
        ("labels", {"added": ["vip"], "removed": []}),
    ]
    assert Incident.objects.get().changed_at == NOON


def test_labels_of_our_own_are_no_news(workspace):
    store(workspace, incident(1))
    store(
        workspace, edited(1, labels=[{"labelName": "Press-Shop"}, {"labelName": "tagout:routine"}])
    )
    assert timeline_of(workspace) == []
    assert Incident.objects.get().labels == ["Press-Shop", "tagout:routine"]


def test_a_closed_incident_leaves_the_queue_and_comes_back_when_reopened(workspace):
    closing = {"classification": "BenignPositive", "classificationReason": "SuspiciousButExpected"}
    store(workspace, incident(1))
    store(workspace, edited(1, 11, status="Closed", **closing))
    assert not Group.objects.exists()
    Incident.objects.update(closed_by="R-12")
    done = store(workspace, edited(1, 12, status="Active"))
    assert done.reopened_ids == done.changed_ids and Group.objects.get().n == 1
    assert Incident.objects.get().closed_by == ""
    assert [code for code, _ in timeline_of(workspace)] == ["status", "reopened"]
    assert timeline_of(workspace)[1][1]["closed_by"] == "R-12"


@pytest.mark.parametrize(
    ("properties", "survivor"),
    [
        ({"additionalData": {"mergedIncidentNumber": 7}}, 7),
        ({"labels": [{"labelName": "redirected"}]}, 0),
    ],
    ids=["number", "label"],
)
def test_a_merged_incident_is_read_only_and_out_of_the_queue(workspace, properties, survivor):
    store(workspace, incident(1))
    done = store(workspace, edited(1, status="Closed", **properties))
    assert done.merged == 1 and done.merged_ids == done.changed_ids
    row = Incident.objects.get()
    assert (row.merged_into, row.is_read_only) == (survivor, True)
    assert not Group.objects.exists()
    assert [code for code, _ in timeline_of(workspace)] == ["merged"]


def test_a_deleted_incident_is_kept_and_lives_again_when_it_returns(workspace):
    store(workspace, incident(1), incident(2))
    first = Incident.objects.get(number=1)
    assert mark_gone(incident_ids=[first.pk], now=NOON) == 1
    assert mark_gone(incident_ids=[first.pk], now=NOON) == 0
    assert Group.objects.count() == 1 and IncidentRaw.objects.count() == 2
    assert store(workspace, incident(1)).changed == 1
    assert Incident.objects.get(number=1).gone_at is None and Group.objects.count() == 2
    assert [code for code, _ in timeline_of(workspace)] == ["gone", "returned"]


def test_an_alert_that_joined_makes_the_details_due_again(workspace):
    store(workspace, incident(1))
    Incident.objects.update(details_state="fetched", details_due_at=None)
    later = NOON + timedelta(hours=1)
    store(workspace, edited(1, 11, lastActivityTimeUtc="2026-11-20T08:11:00Z"), now=later)
    assert Incident.objects.filter(details_state="pending", details_due_at=later).exists()


def test_a_new_comment_makes_comments_due_but_the_alerts_stay_known(workspace):
    store(workspace, incident(1))
    Incident.objects.update(details_state="fetched", details_due_at=None)
    store(workspace, edited(1, 11, additionalData={"alertsCount": 1, "commentsCount": 3}))
    assert Incident.objects.filter(details_state="fetched", details_due_at=NOON).exists()


def test_what_we_owe_stays_in_force_over_sentinels_word(workspace):
    store(workspace, incident(1))
    Incident.objects.update(owed=1, severity=Severity.LOW)
    Change.objects.create(
        key="00000000-0000-0000-0000-000000000001",
        act="00000000-0000-0000-0000-000000000001",
        workspace=workspace,
        incident_name=incident(1)["name"],
        kind="update",
        patch={"severity": "Low", "labels_add": ["tagout:routine"]},
        by_label="Sam",
        made_at=NOON,
        due_at=clock.unshifted(),
    )
    store(workspace, edited(1, 11, title="Renamed"))
    row = Incident.objects.get()
    assert (row.severity, row.labels) == (Severity.LOW, ["Press-Shop", "tagout:routine"])
    assert row.raw.body["properties"]["severity"] == "High"
    assert [code for code, _ in timeline_of(workspace)] == ["title"]
    Change.objects.update(outcome="sent")
    store(workspace, edited(1, 12, title="Renamed", severity="Low"))
    row.refresh_from_db()
    assert (row.severity, row.owed, row.labels) == (Severity.LOW, 0, ["Press-Shop"])
    assert [code for code, _ in timeline_of(workspace)] == ["title"], "our own write is no news"


def test_times_in_the_future_are_cut_and_flagged(workspace):
    ahead = "2026-11-27T12:00:00Z"
    done = store(workspace, incident(1, lastModifiedTimeUtc=ahead, createdTimeUtc=ahead))
    row = Incident.objects.get()
    assert (row.modified_at, row.created_at, done.flagged) == (NOON, NOON, 1)
    assert "modified_at:in_the_future" in row.flags
    assert store(workspace, edited(1)).changed == 1, "the true time is taken when it comes"


def test_unknown_words_are_stored_as_unknown_and_flagged(workspace):
    store(workspace, incident(1, severity="Critical", status="OnHold", classification="Maybe"))
    row = Incident.objects.get()
    assert (row.severity, row.status, row.classification) == (0, 0, "Maybe")
    assert {"severity:unknown", "status:unknown", "classification:unknown"} <= set(row.flags)


def test_odd_text_survives_the_way_into_the_database(workspace):
    title = 'tab\there, line\nbreak, back\\slash, "quotes", {braces}, NULL, \\N, Gdańsk 🏭'
    labels = [{"labelName": 'a,"b"\\{c}'}, {"labelName": "NULL"}]
    store(workspace, incident(1, title=title, labels=labels))
    row = Incident.objects.get()
    assert row.title == title and row.labels == ['a,"b"\\{c}', "NULL"]
    assert row.raw.body["properties"]["title"] == title


def test_huge_and_broken_members_do_not_cost_the_page(workspace):
    body = page_with(
        with_member('"incidentNumber":99999999999999999999,"extra":"\\u0000\\ud800"', 7),
        incident(2, incidentNumber=2**40),
        incident(3, title="x" * 5000),
    )
    done = store(workspace, body)
    assert done.new == 3 and done.flagged == 3
    assert Incident.objects.filter(number=None).count() >= 1
    assert len(Incident.objects.order_by("-pk")[0].title) <= 1000


def test_missing_etags_do_not_make_every_page_a_change(workspace):
    row = {key: value for key, value in incident(1).items() if key != "etag"}
    store(workspace, row)
    assert store(workspace, row).unchanged == 1
    assert json.dumps(Incident.objects.get().flags).count("etag:missing") == 1
