"""Tasks of incidents as rows: as Sentinel has them, overlaid with what we still owe."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction

from alerts.incidents.models import Incident, IncidentTask, TaskReading
from alerts.outbox.models import Change, ChangeOutcome, WriteKind
from alerts.sentinel.wire.records import UnreadableRecord
from alerts.sentinel.wire.tasks import WireTask
from portal.jobs.services import bring_forward, ensure_job

READ_TASKS = "incidents.read_tasks"  # kind of the job; its key is the incident's


@transaction.atomic
def store_tasks(
    *, incident_id: int, tasks: Sequence[WireTask | UnreadableRecord], now: datetime
) -> None:
    """Keep the tasks of an incident as they were just read. One of ours comes back by its name and
    is there once; one that was deleted in Sentinel goes, unless it is still on its way there.
    """
    TaskReading.objects.select_for_update().filter(pk=incident_id).update(read_at=now, error="")
    rows = {row.name: row for row in IncidentTask.objects.filter(incident=incident_id)}
    our_authors = _our_authors(tasks)
    for task in tasks:
        if isinstance(task, UnreadableRecord):
            continue
        row = rows.pop(task.name[:100].lower(), None)
        if row is None:
            row = IncidentTask(incident_id=incident_id, name=task.name[:100].lower())
        elif row.is_owed:
            continue
        row.title, row.description = task.title, task.description
        row.status = task.status[:40]
        row.author = our_authors.get(row.name, task.author)[:200]
        row.created_at = min(task.created_at or now, now)
        row.modified_at = task.modified_at
        row.save()
    gone = [row.pk for row in rows.values() if not row.is_owed]
    IncidentTask.objects.filter(pk__in=gone).delete()


def _our_authors(tasks: Iterable[WireTask | UnreadableRecord]) -> dict[str, str]:
    """Who made those of the tasks that we have written: to Sentinel the author is our app."""
    names = [task.name.lower() for task in tasks if isinstance(task, WireTask)]
    changes = Change.objects.filter(kind=WriteKind.TASK, task__in=names, patch__has_key="title")
    return dict(changes.values_list("task", "by_label"))


def show_pending_tasks(changes: Iterable[Change]) -> None:
    """Show tasks that are owed to Sentinel from the moment on that they are."""
    for change in changes:
        if change.kind != WriteKind.TASK:
            continue
        incident = Incident.objects.filter(
            workspace=change.workspace_id, name=change.incident_name
        ).first()
        if incident is None:
            continue
        if change.task == str(change.key):
            IncidentTask.objects.get_or_create(
                incident=incident,
                name=change.task,
                defaults={
                    "title": change.patch["title"],
                    "description": change.patch["description"],
                    "status": change.patch["status"],
                    "author": change.by_label,
                    "created_at": change.made_at,
                    "is_owed": True,
                },
            )
        else:
            IncidentTask.objects.filter(incident=incident, name=change.task).update(
                status=change.patch["status"], is_owed=True
            )


def settle_pending_tasks(changes: Iterable[Change], *, unshifted: datetime) -> None:
    """Show tasks as Sentinel has them once writes are settled or taken back; read them again."""
    for change in changes:
        if change.kind != WriteKind.TASK:
            continue
        rows = IncidentTask.objects.filter(
            incident__workspace=change.workspace_id,
            incident__name=change.incident_name,
            name=change.task,
        )
        is_sent = change.outcome == ChangeOutcome.SENT
        if not is_sent and change.task == str(change.key):
            rows.delete()
            continue
        other_changes = Change.objects.filter(task=change.task, outcome=ChangeOutcome.OPEN).exclude(
            pk=change.pk
        )
        if not other_changes.filter(workspace=change.workspace_id).exists():
            before = {} if is_sent else {"status": change.base["status"]}
            rows.update(is_owed=False, **before)
        if row := rows.first():
            request_tasks(row.incident_id, unshifted=unshifted)


def request_tasks(incident_id: int, *, unshifted: datetime) -> None:
    """Make the reading of an incident's tasks due now, however often it is asked for."""
    ensure_job(kind=READ_TASKS, key=str(incident_id), now=unshifted)
    bring_forward(kind=READ_TASKS, key=str(incident_id), now=unshifted)
