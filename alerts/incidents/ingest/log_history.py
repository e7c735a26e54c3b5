"""Store what the logs of a workspace have of its past: incidents that Sentinel's own lists did not
bring yet, what hangs on incidents, and alerts that never became part of one.

The logs lag behind Sentinel and have no etag: what came from Sentinel itself is never overwritten.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from alerts.incidents.ingest import alert_rows
from alerts.incidents.ingest.alert_facts import AlertRow, alert_row_of
from alerts.incidents.ingest.alert_rows import record_ends, store_alerts
from alerts.incidents.ingest.details import (
    place_of,
    store_details_of_many,
    title_rules_of,
)
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.ingest.incident_details import IncidentDetails
from alerts.incidents.ingest.pg_copy import query_rows
from alerts.incidents.ingest.store import store_incidents
from alerts.incidents.registry import notify_alert_listeners
from alerts.sentinel.wire.alerts import WireAlert
from alerts.sentinel.wire.entities import WireEntity
from alerts.sentinel.wire.incidents import WireIncident
from alerts.sentinel.wire.records import UnreadableRecord
from alerts.sites.services.learn import DeviceDescription, learn_devices, learn_places
from portal.formats.plain_sql import run_together

_STORED_NAMES = """
    SELECT name FROM incidents_incident
    WHERE workspace_id = %s AND name = ANY(string_to_array(%s, E'\n'))
"""
# Whose alerts nobody has fetched and nobody is fetching. Those with comments that Sentinel still
# has to be asked for are left to it.
_WITHOUT_DETAILS = """
    SELECT id, name, alerts_count FROM incidents_incident
    WHERE workspace_id = %s AND name = ANY(string_to_array(%s, E'\n')) AND gone_at IS NULL
          AND details_state <> 'fetched'
          AND (details_due_at IS NULL OR details_due_at <= %s AND comments_count = 0)
    ORDER BY id
"""
# Known with their ends, and until when: an alert and what a rule made of it have the same key, and
# would take turns.
_STORED_ALERTS = """
    SELECT key, coalesce(latest_at, at) FROM incidents_alert
    WHERE workspace_id = %s AND key = ANY(string_to_array(%s, E'\n'))
          AND source_address || source_device || destination_address || destination_device <> ''
"""
_WITHOUT_INCIDENT = """
    SELECT count(*) FROM incidents_alert a
    WHERE workspace_id = %s AND key = ANY(string_to_array(%s, E'\n'))
          AND NOT EXISTS (SELECT FROM incidents_incidentalert l WHERE l.alert_id = a.id)
"""
_LOCKED = " FOR NO KEY UPDATE SKIP LOCKED"


def store_unknown_incidents(
    *, workspace_id: int, incidents: Sequence[WireIncident], now: datetime
) -> int:
    """Store the incidents that are not stored yet; returns how many those were."""
    names = "\n".join(incident.name for incident in incidents)
    stored_names = (
        {name for (name,) in query_rows(_STORED_NAMES, workspace_id, names)} if incidents else set()
    )
    fresh = [incident for incident in incidents if incident.name not in stored_names]
    if not fresh:
        return 0
    return store_incidents(workspace_id=workspace_id, incidents=fresh, now=now).new


class WithoutDetails(NamedTuple):
    """An incident whose alerts are not there yet; Sentinel counts so many."""

    id: int
    name: str
    alerts_count: int


def incidents_without_details(
    *, workspace_id: int, names: Collection[str], now: datetime
) -> list[WithoutDetails]:
    """Return those of these incidents whose alerts nobody has fetched and nobody is fetching."""
    if not names:
        return []
    rows = query_rows(_WITHOUT_DETAILS, workspace_id, "\n".join(names), now)
    return [WithoutDetails(*row) for row in rows]


class LogDetails(NamedTuple):
    """What the logs contain of one incident: all its alerts, and what they name."""

    alerts: Sequence[WireAlert | UnreadableRecord]
    entities: Sequence[WireEntity | UnreadableRecord]


@transaction.atomic
def store_log_details(
    *, workspace_id: int, details: Mapping[str, LogDetails], now: datetime
) -> int:
    """Store details of incidents unless they were fetched or changed meanwhile; return how many."""
    rows = query_rows(_WITHOUT_DETAILS + _LOCKED, workspace_id, "\n".join(details), now)
    owing = [WithoutDetails(*row) for row in rows]
    fetched = [
        IncidentDetails(incident.id, details[incident.name].alerts, details[incident.name].entities)
        for incident in owing
        if incident.alerts_count <= len(details[incident.name].alerts)
    ]
    if fetched:
        less_urgent = store_details_of_many(fetched=fetched, now=now)
        regroup(less_urgent, now=now)
    return len(fetched)


@dataclass(frozen=True, slots=True)
class _NoIncident:
    """Takes the place of the incident in the row of an alert."""

    workspace_id: int
    created_at: datetime
    id: int | None = None


@transaction.atomic
def store_alerts_without_incident(
    *, workspace_id: int, alerts: Sequence[WireAlert], now: datetime
) -> int:
    """Store alerts of no incident; return how many were new or had new facts."""
    if not alerts:
        return 0
    run_together(alert_rows.TEMP_TABLE)
    atlas = learn_places(places={place_of(alert) for alert in alerts})
    no_incident = _NoIncident(workspace_id, now)
    titles = title_rules_of({workspace_id: alerts})[workspace_id]
    rows = [
        alert_row_of(
            alert,
            incident=no_incident,
            place=atlas.find(place_of(alert)),
            devices=(),
            titles=titles,
            now=now,
        )
        for alert in alerts
    ]
    latest_at = dict(query_rows(_STORED_ALERTS, workspace_id, "\n".join(row.key for row in rows)))
    rows = [row for row in rows if row.key not in latest_at or latest_at[row.key] < row.latest_at]
    stored = store_alerts(rows)
    learn_devices(devices=_devices_of(rows))
    alert_ids = [alert.id for alert in stored.values()]
    record_ends(alert_ids)
    notify_alert_listeners(alert_ids=alert_ids, now=now)
    return len(alert_ids)


def count_without_incident(*, workspace_id: int, keys: Sequence[str]) -> int:
    """Return how many of these alerts are part of no incident, nor is what a rule made of them."""
    ((count,),) = query_rows(_WITHOUT_INCIDENT, workspace_id, "\n".join(keys))
    return int(count)


def _devices_of(rows: Sequence[AlertRow]) -> list[DeviceDescription]:
    return [
        DeviceDescription(end.zone_id, end.address, row.latest_at, end.name)
        for row in rows
        for end in row.facts.ends
    ]
