"""Tasks of an incident: have them read, add one, complete or reopen one. Tasks are Sentinel's list
of what is to be done about an incident; everybody there sees them.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.incidents.acts.apply import ActEffect, apply_act
from alerts.incidents.ingest.incident_tasks import request_tasks, show_pending_tasks
from alerts.incidents.models import Incident, IncidentTask, TaskReading
from alerts.incidents.policies import reasons_against_acting
from alerts.outbox.queries import changes_of_act
from alerts.outbox.services.enqueue import NEW_TASK
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.ui.words import number

MAX_TASKS = 40  # that Sentinel keeps of an incident
MAX_TITLE, MAX_DESCRIPTION = 150, 3_000


class CannotChangeTasks(Refused):
    """The tasks stay as they are."""


@transaction.atomic
def read_tasks_again(*, incident_id: int, by: User, now: datetime, unshifted: datetime) -> None:
    """Have a worker read the tasks of an incident; the page shows them when it has."""
    incident = _incident(incident_id, by=by)
    TaskReading.objects.update_or_create(incident=incident, defaults={"asked_at": now, "error": ""})
    request_tasks(incident.pk, unshifted=unshifted)
    record("incidents.tasks.requested", on=incident, by=by, at=now)


@transaction.atomic
def add_task(
    *, incident_id: int, title: str, description: str = "", by: User, now: datetime
) -> UUID:
    """Add a task, in Sentinel too; return the act, for undo."""
    title, description = title.strip(), description.strip()

    def reasons_against(rows: list[Incident]) -> list[str]:
        if not title:
            return [_("Write what is to be done.")]
        if len(title) > MAX_TITLE:
            return [_("A title has at most %(n)s characters.") % {"n": number(MAX_TITLE)}]
        if len(description) > MAX_DESCRIPTION:
            text = _("A description has at most %(n)s characters.")
            return [text % {"n": number(MAX_DESCRIPTION)}]
        if IncidentTask.objects.filter(incident=incident_id).count() >= MAX_TASKS:
            text = _("It has %(n)s tasks, which is all that Sentinel keeps.")
            return [text % {"n": number(MAX_TASKS)}]
        return []

    patch = {"title": title, "description": description, "status": IncidentTask.NEW}
    effect = ActEffect(
        "task-added", {"title": title}, patch=patch, base=dict.fromkeys(patch), task=NEW_TASK
    )
    return _apply(
        incident_id, effect, action="incidents.task.added", by=by, now=now, against=reasons_against
    )


@transaction.atomic
def complete_task(*, incident_id: int, task: str, by: User, now: datetime) -> UUID:
    """Mark a task as done, in Sentinel too; return the act, for undo."""
    return _set_status(incident_id, task, IncidentTask.COMPLETED, by=by, now=now)


@transaction.atomic
def reopen_task(*, incident_id: int, task: str, by: User, now: datetime) -> UUID:
    """Mark a task as still to be done, in Sentinel too; return the act, for undo."""
    return _set_status(incident_id, task, IncidentTask.NEW, by=by, now=now)


_STATUS_ACTS = {
    IncidentTask.COMPLETED: ("task-completed", "incidents.task.completed"),
    IncidentTask.NEW: ("task-reopened", "incidents.task.reopened"),
}


def _set_status(incident_id: int, name: str, status: str, *, by: User, now: datetime) -> UUID:
    incident = _incident(incident_id, by=by)
    rows = IncidentTask.objects.select_for_update().filter(incident=incident, name=name.lower())
    row = rows.first()
    if row is None:
        raise CannotChangeTasks(_("This task is not there any more."))
    if row.status == status:
        raise CannotChangeTasks(
            _("It is already completed.") if row.is_completed else _("It is still open.")
        )
    code, action = _STATUS_ACTS[status]
    effect = ActEffect(
        code,
        {"title": row.title},
        patch={"status": status},
        base={"status": row.status},
        task=row.name,
    )
    return _apply(incident.pk, effect, action=action, by=by, now=now)


def _apply(
    incident_id: int,
    effect: ActEffect,
    *,
    action: str,
    by: User,
    now: datetime,
    against: Callable[[list[Incident]], list[str]] = lambda rows: [],
) -> UUID:
    act = apply_act(
        incident_ids=[incident_id],
        effect_on=lambda row: effect,
        by=by,
        action=action,
        refusal=CannotChangeTasks,
        no_effect="",
        now=now,
        reasons_against=against,
        title=effect.details["title"],
    )
    names = Incident.objects.filter(pk=incident_id).values_list("name", flat=True)
    show_pending_tasks(changes_of_act(act, names=list(names)))
    return act


def _incident(incident_id: int, *, by: User) -> Incident:
    rows = Incident.objects.select_related("workspace__organisation")
    incident = rows.filter(pk=incident_id).first()
    if reasons := reasons_against_acting(incident or [], by=by):
        raise CannotChangeTasks(*reasons)
    assert incident is not None
    return incident
