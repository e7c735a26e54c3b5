"""Workspaces, sites and incidents as rows, with sensible columns where none are given."""

import itertools
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import (
    Alert,
    DetailsState,
    Group,
    Incident,
    IncidentAlert,
    IncidentRaw,
    IncidentStatus,
    Severity,
)
from alerts.sentinel.models import PortalResidence, Workspace
from alerts.sentinel.queries import ANALYTICS_RULES
from alerts.sites.models import Device, Site, Zone

# What a look keeps of a workspace without analytics rules that make incidents.
READ_RULES = {ANALYTICS_RULES: {"rules": [], "titles": {"naming": [], "doubtful": []}}}
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def make_workspace(name: str = "gdansk", **columns: Any) -> Workspace:
    """A workspace that is read with a client secret."""
    values = {
        "tenant_id": "t",
        "subscription_id": "s",
        "resource_group": "rg",
        "workspace_name": name,
        "credential": "client-secret",
        "added_at": NOON - timedelta(days=30),
    }
    return Workspace.objects.create(name=name, **values | columns)


def put_in_portal(workspace: Workspace, *, is_in_portal: bool = True) -> None:
    """What a poll found out: the workspace lives in the Defender portal, or it does not."""
    values = {"is_in_portal": is_in_portal, "since": NOON, "asked_at": NOON}
    evidence = {"incident_name": "evidence", "incident_number": 1}
    PortalResidence.objects.update_or_create(workspace=workspace, defaults=values | evidence)


def make_listed_incident(
    workspace: Workspace, *, provider: str, rules: Sequence[str] = ("r-1",), **columns: Any
) -> Incident:
    """An incident with what Sentinel's list said of it: its provider, and the analytics rules that
    made it, by the names that they have in the workspace.
    """
    incident = make_incident(workspace, **columns)
    prefix = (
        f"/subscriptions/{workspace.subscription_id}/resourceGroups/{workspace.resource_group}"
        f"/providers/Microsoft.OperationalInsights/workspaces/{workspace.workspace_name}"
        "/providers/Microsoft.SecurityInsights/alertRules/"
    )
    ids = [rule if rule.startswith("/") else prefix + rule for rule in rules]
    properties = {"providerName": provider, "relatedAnalyticRuleIds": ids}
    IncidentRaw.objects.create(incident=incident, body={"properties": properties})
    return incident


def make_site(name: str = "Gdańsk", *, zone: str = "Packaging 2", **columns: Any) -> Site:
    """A site with one zone."""
    site = Site.objects.create(name=name, **{"time_zone": "Europe/Warsaw"} | columns)
    Zone.objects.create(site=site, name=zone)
    return site


def make_incident(workspace: Workspace, **columns: Any) -> Incident:
    """An open incident. It stands in no group until `regroup` is called."""
    row = new_incident(workspace, **columns)
    row.save(force_insert=True)
    return row


def new_incident(workspace: Workspace, **columns: Any) -> Incident:
    """The same, not stored yet: many are stored at once."""
    number = next(_numbers)
    title = columns.get("title", "Unauthorized PLC Programming")
    values = {
        "name": str(uuid.uuid4()),
        "number": number,
        "etag": f'"{number}"',
        "title": title,
        "alert_type": title,
        "severity": Severity.MEDIUM,
        "status": IncidentStatus.NEW,
        "created_at": NOON,
        "modified_at": NOON,
        "stored_at": NOON,
        "changed_at": NOON,
    }
    return Incident(workspace=workspace, **values | columns)


def make_device(site: Site, name: str, address: str, **columns: Any) -> Device:
    """A device in the first zone of a site."""
    values = {"first_seen_at": NOON - timedelta(days=90), "latest_seen_at": NOON}
    zone = site.zones.order_by("pk")[0]
    return Device.objects.create(zone=zone, name=name, address=address, **values | columns)


def make_alert(incident: Incident, **columns: Any) -> Alert:
    """An alert of an incident, between the ends that the incident names."""
    alert = new_alert(incident, **columns)
    alert.save(force_insert=True)
    IncidentAlert.objects.create(incident=incident, alert=alert)
    return alert


def new_alert(incident: Incident, **columns: Any) -> Alert:
    """The same, not stored yet and in no incident: many are stored at once."""
    number = next(_numbers)
    values = {
        "key": f"alert-{number}",
        "alert_type": incident.alert_type,
        "severity": incident.severity,
        "protocol": incident.protocol,
        "source_device": incident.source,
        "destination_device": incident.destination,
        "any_device": [name for name in (incident.source, incident.destination) if name],
        "at": incident.created_at,
    }
    return Alert(workspace=incident.workspace, **values | columns)


def make_queue_row(
    workspace: Workspace, site: Site | None = None, *, n: int = 1, **columns: Any
) -> Group:
    """One row of the queue: `n` open incidents of one pattern, grouped as they are stored."""
    place = f"{site}, {site.zones.order_by('pk')[0].name}" if site else ""
    values: dict[str, Any] = {
        "source": "ENG-WS-04",
        "destination": f"DRIVE-{next(_numbers)}",
        "protocol": "S7comm",
        "pattern": uuid.uuid4(),
        "site_ids": [site.pk] if site else [],
        "place": place,
        "details_state": DetailsState.FETCHED,
    } | columns
    rows = [make_incident(workspace, **values) for _ in range(n)]
    regroup([row.pk for row in rows], now=NOON)
    rows[0].refresh_from_db()
    return Group.objects.get(key=rows[0].group_key)


def copy_without_incident() -> int:
    """Store each alert once more, under a key of its own and as part of no incident, as Log
    Analytics tells of alerts that no rule takes up. Returns how many.
    """
    copies = list(Alert.objects.all())
    for alert in copies:
        alert.pk, alert._state.adding = None, True
        alert.key = alert.system_alert_id = f"lone-{alert.key}"
    return len(Alert.objects.bulk_create(copies))
