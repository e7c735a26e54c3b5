"""The tab Tasks of an incident: what Sentinel's list says, when it was read, what is on its way."""

from typing import Any

from django.db.models import QuerySet

from alerts.incidents.models import Incident, IncidentTask, TaskReading


def tasks_of(incident: Incident) -> QuerySet[IncidentTask]:
    """Return the tasks of an incident, in the order in which they were made."""
    return incident.tasks.order_by("created_at", "pk")


def task_tab_of(incident: Incident) -> dict[str, Any]:
    """Return what the tab shows: the tasks, and how old they are."""
    return {
        "tasks": list(tasks_of(incident)),
        "reading": TaskReading.objects.filter(pk=incident.pk).first(),
    }
