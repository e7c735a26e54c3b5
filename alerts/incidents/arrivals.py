"""Reads that intake needs: what should have been listed, how many details are owed."""

from datetime import datetime

from django.db.models import Count, Q

from alerts.incidents.models import DetailsState, Incident


def listed_between(
    workspace_id: int,
    *,
    since: datetime | None,
    before: datetime | None,
    stored_before: datetime,
) -> list[tuple[int, str]]:
    """Ids and names of what a list of this window should hold, unless it is gone."""
    rows = Incident.objects.filter(
        workspace_id=workspace_id, gone_at=None, stored_at__lt=stored_before
    )
    if since:
        rows = rows.filter(created_at__gte=since)
    if before:
        rows = rows.filter(created_at__lt=before)
    return list(rows.values_list("pk", "name"))


def details_owed(workspace_id: int) -> int:
    """How many incidents wait for their alerts and entities."""
    return Incident.objects.filter(workspace_id=workspace_id, details_due_at__isnull=False).count()


def incidents_without_details() -> int:
    """How many incidents of all workspaces wait for their alerts and entities."""
    return Incident.objects.filter(details_due_at__isnull=False).count()


def details_by_state() -> dict[int, dict[str, int]]:
    """Per workspace: how many wait for details, and how many were given up."""
    rows = Incident.objects.filter(
        Q(details_due_at__isnull=False) | Q(details_state=DetailsState.FAILED)
    )
    return {
        row["workspace_id"]: {"owed": row["owed"], "failed": row["failed"]}
        for row in rows.values("workspace_id").annotate(
            owed=Count("pk", filter=Q(details_due_at__isnull=False)),
            failed=Count("pk", filter=Q(details_state=DetailsState.FAILED)),
        )
    }
