"""Read the tasks of incidents for which somebody asked, and again every ten minutes for a day."""

from collections.abc import Callable
from datetime import datetime, timedelta

from alerts.incidents.ingest.incident_tasks import READ_TASKS, store_tasks
from alerts.incidents.models import Incident, TaskReading
from alerts.sentinel.client.port import SentinelClient, SentinelError, SentinelNotFound
from alerts.sentinel.models import Workspace
from alerts.sentinel.services.reach import may_call_workspace, note_error, note_success
from alerts.sentinel.wire.records import NotAPage, UnreadableRecord
from alerts.sentinel.wire.tasks import WireTask, read_tasks
from portal import clock
from portal.jobs.models import Job
from portal.jobs.services import back_off, do_next, put_back, run_while_due, settle

READ_EVERY, FOLLOW_FOR = timedelta(minutes=10), timedelta(hours=24)
MAX_ATTEMPTS, _MAX_PAGES = 4, 5  # an incident has at most 40 tasks

type Connect = Callable[[Workspace], SentinelClient]


def read_due_tasks(*, connect: Connect) -> None:
    """Read the tasks of every incident that is due."""

    def step() -> bool:
        rows = Job.objects.filter(kind=READ_TASKS)
        return do_next(rows, work=lambda job: _read(job, connect), now=clock.unshifted())

    run_while_due(step)


def _read(job: Job, connect: Connect) -> None:
    rows = Incident.objects.filter(pk=int(job.key)).select_related("workspace", "task_reading")
    incident = rows.first()
    if incident is None or incident.is_read_only or incident.workspace.is_removed:
        settle(job, now=clock.unshifted())
        return
    workspace, began_at = incident.workspace, clock.now()
    is_active = workspace.state == Workspace.State.ACTIVE
    if not (is_active and may_call_workspace(workspace_id=workspace.pk, now=clock.unshifted())):
        put_back(job, due_at=clock.unshifted() + timedelta(seconds=20), free=True)
        return
    try:
        client = connect(workspace)
        store_tasks(incident_id=incident.pk, tasks=_all_tasks(client, incident), now=began_at)
    except SentinelError as error:
        if not isinstance(error, SentinelNotFound) or error.is_of_the_workspace:
            note_error(workspace_id=workspace.pk, error=error, now=clock.unshifted())
        _try_again(job, incident, error.message)
    except NotAPage as error:
        _try_again(job, incident, str(error))
    else:
        note_success(workspace_id=workspace.pk, now=clock.unshifted())
        _follow(job, incident, began_at)


def _all_tasks(client: SentinelClient, incident: Incident) -> list[WireTask | UnreadableRecord]:
    tasks: list[WireTask | UnreadableRecord] = []
    link: str | None = None
    for _ in range(_MAX_PAGES):
        page = read_tasks(client.list_tasks(incident.name, next_link=link))
        tasks += page.items
        link = page.next_link
        if link is None:
            break
    return tasks


def _follow(job: Job, incident: Incident, began_at: datetime) -> None:
    """Read it again in a while, at once where somebody asked meanwhile, or no more."""
    reading = TaskReading.objects.filter(pk=incident.pk).first()
    asked_at = reading.asked_at if reading else began_at - FOLLOW_FOR
    if asked_at > began_at:
        put_back(job, due_at=clock.unshifted(), free=True)
    elif incident.is_open and asked_at > began_at - FOLLOW_FOR:
        put_back(job, due_at=clock.unshifted() + READ_EVERY, free=True)
    else:
        settle(job, now=clock.unshifted())


def _try_again(job: Job, incident: Incident, error: str) -> None:
    TaskReading.objects.filter(pk=incident.pk).update(error=error[:500])
    if job.attempts >= MAX_ATTEMPTS:
        settle(job, now=clock.unshifted(), error=error)
    else:
        put_back(job, due_at=clock.unshifted() + back_off(job.attempts), error=error)
