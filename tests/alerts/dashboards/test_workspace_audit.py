"""The auditor and the heartbeat (G12): one sick workspace does not silence it, more than a fifth
do, and so does whatever is wrong with the installation itself.
"""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from alerts.sentinel.client.port import SentinelDenied
from alerts.sentinel.models import Workspace
from alerts.sentinel.services.reach import note_error, note_fresh
from portal.jobs.auditor import audit
from portal.jobs.heartbeat import send_heartbeat
from portal.jobs.models import Job
from portal.jobs.queries import HEARTBEAT
from portal.jobs.services import keep_note
from portal.notifications.models import Notification
from portal.schedule import BUSY_QUEUES
from tests.conftest import NOON
from tests.factories.incidents import make_workspace

pytestmark = pytest.mark.django_db


class Installation:
    """Ten workspaces and all workers, well at a moment that a test moves."""

    def __init__(self, file):
        self.file, self.now = file, NOON
        self.workspaces = [make_workspace(f"plant-{n}") for n in range(10)]

    def is_alive(self):
        for queue in BUSY_QUEUES:
            keep_note(kind=HEARTBEAT, key=queue, now=self.now)

    def read(self, n=10):
        for workspace in self.workspaces[:n]:
            note_fresh(workspace_id=workspace.pk, now=self.now)

    def look(self, *, minutes=1.0):
        """A minute later: look, and send; returns whether a heartbeat went out."""
        self.now += timedelta(minutes=minutes)
        self.found = audit(now=self.now, unshifted=self.now)
        return send_heartbeat(now=self.now)

    def lines(self):
        return self.file.read_text().splitlines() if self.file.exists() else []


@pytest.fixture
def installation(tmp_path, settings):
    file = tmp_path / "heartbeat"
    settings.HEARTBEAT = urlsplit(f"file://{file}")
    installation = Installation(file)
    installation.is_alive()
    installation.read()
    return installation


def test_while_all_is_well_there_is_one_line_a_look(installation):
    assert installation.look(minutes=0.5)
    assert not send_heartbeat(now=installation.now), "this look was told"
    installation.is_alive()
    assert installation.look(minutes=0.5)
    assert len(installation.lines()) == 2
    assert installation.lines()[0].endswith("workspaces=10 sick=0")


def test_an_old_look_sends_nothing(installation):
    audit(now=NOON, unshifted=NOON)
    assert not send_heartbeat(now=NOON + timedelta(minutes=3))


def test_a_fifth_of_the_workspaces_may_be_sick_and_no_more(installation, ada):
    installation.now += timedelta(minutes=20)
    installation.is_alive()
    installation.read(9)
    assert installation.look(minutes=0.5)
    assert [place.name for place in installation.found.sick] == ["plant-9"]
    assert installation.lines()[-1].endswith("sick=1")
    installation.now += timedelta(minutes=20)
    installation.is_alive()
    installation.read(8)
    assert installation.look(minutes=0.5)
    installation.now += timedelta(minutes=20)
    installation.is_alive()
    installation.read(7)
    assert not installation.look(minutes=0.5)
    assert installation.found.faults == ("3 of 10 workspaces are sick.",)


def test_a_sick_workspace_is_told_once_and_again_after_it_was_well(installation, ada, sam):
    def told():
        return Notification.objects.filter(
            kind="dashboards.sick_workspace", subject__contains="plant-"
        )

    for turn in (1, 2):
        installation.now += timedelta(minutes=20)
        installation.read(9)
        installation.look()
        installation.look()
        assert told().filter(to=ada).count() == turn and told().count() == turn
        installation.read()
        installation.look()
    assert "plant-9" in told()[0].subject and "15 minutes" in told()[0].body


def test_who_is_refused_is_told_by_its_own_alarm_alone(installation, ada):
    note_error(workspace_id=installation.workspaces[9].pk, now=NOON, error=SentinelDenied("No."))
    installation.now += timedelta(minutes=20)
    installation.read(9)
    installation.look()
    assert not Notification.objects.filter(kind="dashboards.sick_workspace").exists()


@pytest.mark.parametrize("state", [Workspace.State.PAUSED, Workspace.State.REMOVED])
def test_a_workspace_out_of_use_is_not_expected_to_be_read(installation, state):
    Workspace.objects.filter(name="plant-9").update(state=state)
    installation.now += timedelta(minutes=20)
    installation.is_alive()
    installation.read(9)
    Job.objects.create(
        kind="intake.poll",
        key=str(installation.workspaces[9].uuid),
        made_at=NOON,
        due_at=NOON,
    )
    assert installation.look(minutes=0.5)
    assert installation.lines()[-1].endswith("workspaces=9 sick=0")


def test_beat_workers_and_overdue_work_silence_it(installation):
    assert not installation.look(minutes=2)
    assert installation.found.faults == ("Beat has not ticked for a minute.",)
    installation.is_alive()
    Job.objects.filter(kind=HEARTBEAT, key="outbox").update(
        settled_at=installation.now - timedelta(minutes=6)
    )
    assert not installation.look(minutes=0.5)
    assert "No worker of the queue outbox" in installation.found.faults[0]
    installation.is_alive()
    Job.objects.create(
        kind="tests.work", key="late", made_at=NOON, due_at=installation.now - timedelta(minutes=6)
    )
    assert not installation.look(minutes=0.5)
    assert installation.found.faults == ("1 overdue: jobs.",)


def test_a_record_that_was_cut_silences_it(installation):
    assert installation.look(minutes=0.5)
    Job.objects.filter(kind="audit.latest-head").update(payload={"seq": 10_000, "hash": "x"})
    assert not installation.look(minutes=0.4)
    assert installation.found.faults == ("The head of the audit record went back.",)
