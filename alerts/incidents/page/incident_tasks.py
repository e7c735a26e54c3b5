"""The tab Tasks of an incident: Sentinel's list, when it was read, and what is on its way."""

from typing import Any

from django.db.models import QuerySet

from alerts.incidents.models import Incident, IncidentTask, TaskReading
from alerts.sentinel.engine.rights import INCIDENTS
from alerts.sentinel.policies import reason_against_calling
from alerts.sentinel.queries import is_in_defender_portal


def tasks_of(incident: Incident) -> QuerySet[IncidentTask]:
    """Return the tasks of an incident, in the order in which they were made."""
    return incident.tasks.order_by("created_at", "pk")


def task_tab_of(incident: Incident) -> dict[str, Any]:
    """Return the tasks, their age, who does not see them, and why none can be written."""
    workspace = incident.workspace_id
    return {
        "is_in_portal": is_in_defender_portal(workspace),
        "against": reason_against_calling(workspace, "put_task", purpose=INCIDENTS),
        "tasks": list(tasks_of(incident)),
        "reading": TaskReading.objects.filter(pk=incident.pk).first(),
    }
