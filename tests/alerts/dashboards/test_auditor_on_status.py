"""System status and the API say what the auditor compared and found, and how long ago."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from alerts.sentinel.models import Workspace
from alerts.sentinel.services.reach import note_fresh
from portal.accounts.models import GrantScope, Role
from portal.jobs.heartbeat import send_heartbeat
from portal.jobs.models import Job
from portal.jobs.queries import HEARTBEAT
from portal.jobs.services import keep_note
from portal.jobs.tasks import audit_installation
from portal.notifications.models import Notification
from portal.schedule import BUSY_QUEUES
from tests import cast
from tests.conftest import NOON
from tests.worker_roles import take_on

pytestmark = pytest.mark.usefixtures("fixed_clocks", "keep_contexts")


@pytest.fixture
def look(workspace):
    """Have the auditor look as its worker does, with the rights of that worker's role."""

    def look():
        for queue in BUSY_QUEUES:
            keep_note(kind=HEARTBEAT, key=queue, now=NOON)
        note_fresh(workspace_id=workspace.pk, now=NOON)
        with take_on("bulk"):
            audit_installation()

    return look


def status(client, person):
    client.force_login(person)
    page = " ".join(client.get("/status/").content.decode().split())
    return page[page.index("Self-check") :]


def test_before_the_first_look_it_says_when_one_comes(client, workspace, ada):
    assert "Not yet. It runs once a minute" in status(client, ada)


def test_what_was_compared_and_found_stands_there_with_its_age(client, workspace, ada, look):
    look()
    page = status(client, ada)
    assert "0 s ago" in page[:300] and "no fault" in page
    assert "Earlier checks" not in page, "this one is the latest"
    assert f"Beat and {len(BUSY_QUEUES)} kinds of workers" in page
    assert "and 1 workspace: read, changes sent" in page
    Job.objects.create(
        kind="tests.work", key="late", made_at=NOON, due_at=NOON - timedelta(minutes=6)
    )
    look()
    page = status(client, ada)
    assert "1 overdue for more than five minutes: jobs." in page
    assert "No heartbeat goes out until this is over." in page
    assert page.index("Earlier checks") < page.rindex("no fault"), "the look before stands below"
    assert "1 fault" not in page, "the latest stands above"
    look()
    page = status(client, ada)
    assert page.index("Earlier checks") < page.index("1 fault") < page.rindex("no fault")


def test_a_sick_workspace_is_told_by_the_workers_rights_and_to_who_sees_it(
    client, workspace, ada, porto_workspace, make_person, look
):
    look()
    assert Notification.objects.filter(kind="dashboards.sick_workspace", to=ada).count() == 1
    assert "<b>porto</b>: <span" in status(client, ada)
    assert "1 of 2 workspaces have a fault." in status(client, ada)
    own = make_person(cast.SAM, (Role.SOC_LEAD, GrantScope.WORKSPACE, workspace.uuid))
    page = status(client, own)
    assert "porto" not in page and "of 2 workspaces" not in page
    assert "and 1 workspace: read" in page
    assert "nothing at your workspaces" in page and "no fault" not in page
    look()
    page = status(client, own)
    assert page.count("nothing at your workspaces") == 2 and "no fault" not in page
    Workspace.objects.filter(pk=workspace.pk).update(state=Workspace.State.PAUSED)
    assert "and 0 workspaces: read" in status(client, own)


def test_a_late_look_is_said_to_be_late(client, workspace, ada, look):
    look()
    Job.objects.filter(kind="auditor").update(settled_at=NOON - timedelta(minutes=4))
    page = status(client, ada)
    assert "4 min ago" in page and "This one is late" in page
    client.force_login(ada)
    told = client.get("/api/v1/status/").json()["details"]["auditor"]
    assert told["late"] and told["workspaces"] == 1 and len(told["looks"]) == 1


def test_the_latest_ten_looks_are_kept_and_no_more(client, workspace, ada, look):
    for _ in range(12):
        look()
    client.force_login(ada)
    told = client.get("/api/v1/status/").json()["details"]["auditor"]
    assert (len(told["looks"]), told["faults"], told["late"]) == (10, [], False)


def test_the_heartbeat_goes_out_by_the_rights_of_its_worker(workspace, look, tmp_path, settings):
    settings.HEARTBEAT = urlsplit(f"file://{tmp_path}/heartbeat")
    look()
    with take_on("notify"):
        assert send_heartbeat(now=NOON)
