"""Workspaces, sites and incidents as rows, with sensible columns where none are given."""

import itertools
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.incidents.models import Incident, Severity, Status
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site, Zone

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def make_workspace(name: str = "gdansk", **columns: Any) -> Workspace:
    """A workspace that is read with a client secret."""
    given = {
        "tenant_id": "t",
        "subscription_id": "s",
        "resource_group": "rg",
        "workspace_name": name,
        "credential": "client-secret",
        "added_at": NOON - timedelta(days=30),
    }
    return Workspace.objects.create(name=name, **given | columns)


def make_site(name: str = "Gdańsk", *, zone: str = "Packaging 2", **columns: Any) -> Site:
    """A site with one zone."""
    site = Site.objects.create(name=name, **{"time_zone": "Europe/Warsaw"} | columns)
    Zone.objects.create(site=site, name=zone)
    return site


def make_incident(workspace: Workspace, **columns: Any) -> Incident:
    """An open incident. It stands in no group until `regroup` is called."""
    number = next(_numbers)
    title = columns.get("title", "Unauthorized PLC Programming")
    given = {
        "name": str(uuid.uuid4()),
        "number": number,
        "etag": f'"{number}"',
        "title": title,
        "alert_type": title,
        "severity": Severity.MEDIUM,
        "status": Status.NEW,
        "created_at": NOON,
        "modified_at": NOON,
        "stored_at": NOON,
        "changed_at": NOON,
    }
    return Incident.objects.create(workspace=workspace, **given | columns)
