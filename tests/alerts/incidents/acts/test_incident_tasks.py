"""Tasks of an incident: read, added, completed, in Sentinel and here, each once."""

from datetime import timedelta

import pytest

from alerts.incidents.acts.apply import undo_act
from alerts.incidents.acts.incident_tasks import (
    MAX_TASKS,
    CannotChangeTasks,
    add_task,
    complete_task,
    read_tasks_again,
    reopen_task,
)
from alerts.incidents.models import IncidentStatus, IncidentTask, TaskReading
from alerts.intake.services.incident_tasks import read_due_tasks
from alerts.outbox.models import Change, ChangeOutcome
from alerts.sentinel.client.port import SentinelNotFound, SentinelRefused, SentinelUnavailable
from portal.jobs.models import Job
from tests.alerts.incidents.decisions import timeline
from tests.conftest import NOON

THEIRS = "11111111-0000-4000-8000-000000000001"


@pytest.fixture
def incident(desk):
    return desk.incident()


def read(desk, incident, sam, *, asks=True):
    if asks:
        read_tasks_again(incident_id=incident.pk, by=sam, now=NOON, unshifted=desk.clock.at)
    read_due_tasks(connect=lambda _: desk.sentinel)
    return {task.title: task for task in incident.tasks.all()}


def in_sentinel(desk, incident):
    tasks = desk.sentinel.tasks.get(incident.name, {}).values()
    return {task["properties"]["title"]: task["properties"]["status"] for task in tasks}


def test_tasks_of_others_are_read_when_somebody_asks(desk, sam, incident):
    desk.sentinel.edit_task(incident.name, THEIRS, title="Call the plant", description="Shift lead")
    read_due_tasks(connect=lambda _: desk.sentinel)
    assert not incident.tasks.exists(), "nobody asked, and each reading is a call"
    task = read(desk, incident, sam)["Call the plant"]
    assert (task.status, task.description, task.author) == ("New", "Shift lead", "Leo Hartmann")
    reading = TaskReading.objects.get()
    assert (reading.read_at, reading.is_pending, reading.error) == (NOON, False, "")


def test_a_reading_follows_what_people_do_in_sentinel(desk, sam, incident):
    desk.sentinel.edit_task(incident.name, THEIRS, title="Call the plant")
    read(desk, incident, sam)
    desk.sentinel.edit_task(incident.name, THEIRS, status="Completed")
    desk.clock.go(minutes=10)
    assert read(desk, incident, sam, asks=False)["Call the plant"].is_completed
    del desk.sentinel.tasks[incident.name][THEIRS]
    desk.clock.go(minutes=10)
    assert read(desk, incident, sam, asks=False) == {}


def test_nobody_follows_it_for_ever(desk, sam, incident, monkeypatch):
    read(desk, incident, sam)
    monkeypatch.setattr("portal.clock.now", lambda: NOON + timedelta(hours=25))
    desk.clock.go(hours=25)
    read(desk, incident, sam, asks=False)
    assert Job.objects.get(kind="incidents.read_tasks").state == "done"


def test_an_added_task_is_in_sentinel_once(desk, sam, incident):
    add_task(incident_id=incident.pk, title=" Fetch a capture ", by=sam, now=NOON)
    owed = incident.tasks.get()
    assert (owed.title, owed.is_owed, owed.author) == ("Fetch a capture", True, sam.name)
    assert desk.deliver() == [ChangeOutcome.SENT]
    assert in_sentinel(desk, incident) == {"Fetch a capture": "New"}
    assert list(read(desk, incident, sam)) == ["Fetch a capture"], "ours came back by its name"
    stored = desk.sentinel.tasks[incident.name].values()
    assert [task["properties"]["createdBy"]["name"] for task in stored] == ["Leo Hartmann"]
    assert incident.tasks.get().author == sam.name, "not our app, as whom Sentinel knows it"
    assert incident.tasks.get().is_owed is False
    assert timeline(incident) == ["task-added"]
    incident.refresh_from_db()
    assert (incident.owed, incident.status) == (0, IncidentStatus.NEW)


def test_a_lost_answer_makes_no_second_task(desk, sam, incident):
    add_task(incident_id=incident.pk, title="Once", by=sam, now=NOON)

    def lose_answer():
        change = Change.objects.get()
        desk.sentinel.edit_task(incident.name, change.task, title="Once")
        raise SentinelUnavailable("Azure cannot be reached (TooSlow).", code="TooSlow")

    desk.sentinel.before_next(lose_answer, verb="put_task")
    desk.deliver()
    desk.deliver(seconds=300)
    assert Change.objects.get().outcome == ChangeOutcome.SENT
    assert in_sentinel(desk, incident) == {"Once": "New"}
    assert len([call for call in desk.sentinel.calls if call.verb == "put_task"]) == 1


def test_completing_keeps_what_others_wrote_meanwhile(desk, sam, incident):
    desk.sentinel.edit_task(incident.name, THEIRS, title="Call", description="Old")
    read(desk, incident, sam)
    complete_task(incident_id=incident.pk, task=THEIRS, by=sam, now=NOON)
    assert incident.tasks.get().is_completed
    desk.sentinel.edit_task(incident.name, THEIRS, title="Call them", description="New")
    assert desk.deliver() == [ChangeOutcome.SENT]
    stored = desk.sentinel.tasks[incident.name][THEIRS]["properties"]
    assert (stored["title"], stored["description"], stored["status"]) == (
        "Call them",
        "New",
        "Completed",
    )


def test_an_edit_between_reading_and_writing_is_read_again(desk, sam, incident):
    desk.sentinel.edit_task(incident.name, THEIRS, title="Call")
    read(desk, incident, sam)
    complete_task(incident_id=incident.pk, task=THEIRS, by=sam, now=NOON)
    desk.sentinel.before_next(
        lambda: desk.sentinel.edit_task(incident.name, THEIRS, title="Call them"), verb="put_task"
    )
    assert desk.deliver() == [ChangeOutcome.SENT]
    assert in_sentinel(desk, incident) == {"Call them": "Completed"}


def test_what_a_person_completed_first_is_no_second_write(desk, sam, incident):
    desk.sentinel.edit_task(incident.name, THEIRS, title="Call")
    read(desk, incident, sam)
    complete_task(incident_id=incident.pk, task=THEIRS, by=sam, now=NOON)
    desk.sentinel.edit_task(incident.name, THEIRS, status="Completed")
    assert desk.deliver() == [ChangeOutcome.SENT]
    assert not [call for call in desk.sentinel.calls if call.verb == "put_task"]


def test_an_undone_task_never_reaches_sentinel(desk, sam, incident):
    desk.sentinel.edit_task(incident.name, THEIRS, title="Call")
    read(desk, incident, sam)
    added = add_task(incident_id=incident.pk, title="Not this", by=sam, now=NOON)
    completed = complete_task(incident_id=incident.pk, task=THEIRS, by=sam, now=NOON)
    for act in (added, completed):
        undo_act(act=act, by=sam, now=NOON)
    assert [(task.title, task.status, task.is_owed) for task in incident.tasks.all()] == [
        ("Call", "New", False)
    ]
    assert desk.deliver() == []
    assert in_sentinel(desk, incident) == {"Call": "New"}


def test_a_refused_task_goes_and_a_deleted_one_is_told(desk, sam, incident):
    desk.sentinel.edit_task(incident.name, THEIRS, title="Call")
    read(desk, incident, sam)
    desk.sentinel.fail_next(SentinelRefused("Too many tasks.", status=400), verb="put_task")
    add_task(incident_id=incident.pk, title="One more", by=sam, now=NOON)
    assert desk.deliver() == [ChangeOutcome.REFUSED]
    assert list(incident.tasks.values_list("title", flat=True)) == ["Call"]
    complete_task(incident_id=incident.pk, task=THEIRS, by=sam, now=NOON)
    del desk.sentinel.tasks[incident.name][THEIRS]
    assert desk.deliver() == [ChangeOutcome.REFUSED]
    assert read(desk, incident, sam) == {}
    assert timeline(incident).count("refused") == 2


def test_completed_tasks_can_be_reopened_and_nothing_is_done_twice(desk, sam, incident):
    desk.sentinel.edit_task(incident.name, THEIRS, title="Call", status="Completed")
    read(desk, incident, sam)
    with pytest.raises(CannotChangeTasks, match="already completed"):
        complete_task(incident_id=incident.pk, task=THEIRS, by=sam, now=NOON)
    reopen_task(incident_id=incident.pk, task=THEIRS.upper(), by=sam, now=NOON)
    assert desk.deliver() == [ChangeOutcome.SENT]
    assert in_sentinel(desk, incident) == {"Call": "New"}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"title": "  "}, "Write what is to be done."),
        ({"title": "x" * 151}, "at most 150"),
        ({"title": "x", "description": "x" * 3001}, "at most 3,000"),
    ],
)
def test_what_sentinel_would_not_take_is_refused_here(desk, sam, incident, values, reason):
    with pytest.raises(CannotChangeTasks, match=reason):
        add_task(incident_id=incident.pk, by=sam, now=NOON, **values)


def test_an_incident_has_forty_tasks(desk, sam, incident):
    IncidentTask.objects.bulk_create(
        IncidentTask(incident=incident, name=f"t{n}", title="T", status="New", created_at=NOON)
        for n in range(MAX_TASKS)
    )
    with pytest.raises(CannotChangeTasks, match="40"):
        add_task(incident_id=incident.pk, title="One more", by=sam, now=NOON)


def test_only_the_soc_of_the_workspace_changes_tasks(desk, incident, oda):
    with pytest.raises(CannotChangeTasks):
        add_task(incident_id=incident.pk, title="Mine", by=oda, now=NOON)
    with pytest.raises(CannotChangeTasks):
        read_tasks_again(incident_id=incident.pk, by=oda, now=NOON, unshifted=NOON)
    assert not Change.objects.exists() and not TaskReading.objects.exists()


@pytest.mark.parametrize(
    "error",
    [
        SentinelUnavailable("Azure cannot be reached (TooSlow).", code="TooSlow"),
        SentinelNotFound("There is no such incident.", status=404, code="NotFound"),
    ],
)
def test_tasks_that_cannot_be_read_say_why_and_are_asked_for_again(desk, sam, incident, error):
    desk.sentinel.fail_next(error, verb="list_tasks")
    read(desk, incident, sam)
    assert TaskReading.objects.get().error == error.message
    desk.clock.go(minutes=2)
    read(desk, incident, sam, asks=False)
    reading = TaskReading.objects.get()
    assert (reading.error, reading.read_at) == ("", NOON)


def test_the_page_shows_tasks_with_their_age_and_what_can_be_done(desk, sam, incident, client):
    client.force_login(sam)
    address = f"/incidents/{incident.pk}/?tab=tasks"
    assert "Tagout reads them on request" in client.get(address).content.decode()
    assert client.post(f"/incidents/{incident.pk}/tasks/read/").status_code == 302
    page = client.get(address).content.decode()
    assert "They are being read." in page and 'class="incident" data-live' in page
    desk.sentinel.edit_task(incident.name, THEIRS, title="Call <b>them</b>")
    read(desk, incident, sam, asks=False)
    page = client.get(address).content.decode()
    assert "Call &lt;b&gt;them&lt;/b&gt;" in page
    client.post(f"/incidents/{incident.pk}/tasks/{THEIRS}/complete/")
    client.post(f"/incidents/{incident.pk}/tasks/add/", {"title": "Fetch a capture"})
    desk.deliver()
    assert in_sentinel(desk, incident) == {
        "Call <b>them</b>": "Completed",
        "Fetch a capture": "New",
    }
    assert client.post(f"/incidents/{incident.pk}/tasks/{THEIRS}/burn/").status_code == 404
