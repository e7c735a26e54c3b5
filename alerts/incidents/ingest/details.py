"""Keep what hangs on incidents: alerts as facts, entities, comments, and where all that is.

Incidents whose details are owed are claimed here, newest open ones first, each by one worker.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest

from alerts.incidents.engine.title_proof import NO_RULES, TitleRules, unread_rules
from alerts.incidents.ingest import alert_rows, entities, incident_details
from alerts.incidents.ingest.alert_facts import alert_row_of
from alerts.incidents.ingest.alert_rows import record_ends, store_alerts
from alerts.incidents.ingest.entities import Entities, store_comments
from alerts.incidents.ingest.groups import crowded_streams, regroup
from alerts.incidents.ingest.incident_details import (
    IncidentDetails,
    LockedIncident,
    lock_incidents,
    store_incident_rows,
)
from alerts.incidents.ingest.store import details_failed
from alerts.incidents.ingest.storms import fold_storms
from alerts.incidents.models import DetailsState, Incident
from alerts.incidents.registry import UnreadRuleListener, notify_alert_listeners
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import ANALYTICS_RULES
from alerts.sentinel.wire.alerts import WireAlert
from alerts.sentinel.wire.entities import WireComment, WireDevice, WireEntity
from alerts.sentinel.wire.records import UnreadableRecord
from alerts.sentinel.wire.values import RULE_MARK
from alerts.sites.services.learn import Atlas, DeviceLocation, Where, learn_places
from portal.jobs.services import WORKER_DIED

__all__ = ["IncidentDetails", "fail_details", "store_details", "store_details_of_many"]

_NOWHERE: Where = (None, None, None)


def store_details(
    *,
    incident_id: int,
    alerts: Sequence[WireAlert | UnreadableRecord],
    entities: Sequence[WireEntity | UnreadableRecord],
    comments: Sequence[WireComment | UnreadableRecord] | None,
    now: datetime,
    entities_cut_short: bool = False,
) -> None:
    """Store what was fetched for one incident."""
    details = IncidentDetails(incident_id, alerts, entities, comments, entities_cut_short)
    regroup(store_details_of_many(fetched=[details], now=now), now=now)
    if crowded := crowded_streams([incident_id], now=now):
        fold_storms(crowded, now=now)


@transaction.atomic
def store_details_of_many(
    *, fetched: Sequence[IncidentDetails], now: datetime, leased_until: datetime | None = None
) -> set[int]:
    """Store the details of many incidents at once, bring their rows and the queue in line. With the
    lease under which they were fetched, those that changed meanwhile stay owed.
    Returns other incidents that weigh less by what was learnt (their ends had talked before):
    `regroup` them in a transaction of their own, because the queue's rows are locked in order.

    A batch is stored whole or not at all; who wants to know which one cannot be stored, halves it.
    """
    temp_tables = alert_rows.TEMP_TABLE, entities.TEMP_TABLE, incident_details.TEMP_TABLE
    incidents = lock_incidents(fetched, temp_tables=temp_tables)
    places = {place_of(alert) for incident in incidents for alert in incident.details.alerts}
    places |= {place_of(device) for incident in incidents for device in incident.details.devices}
    atlas = learn_places(places=places)
    context = Entities()
    alerts_by_workspace: dict[int, list[WireAlert]] = defaultdict(list)
    for incident in incidents:
        alerts_by_workspace[incident.workspace_id] += incident.details.alerts
    titles = title_rules_of(alerts_by_workspace)
    for incident in incidents:
        _read_alerts(incident, atlas=atlas, titles=titles[incident.workspace_id], now=now)
        context.add(incident)
    stored = store_alerts([row for incident in incidents for row in incident.alert_rows])
    for incident in incidents:
        keys = {(row.workspace_id, row.key) for row in incident.alert_rows}
        incident.alerts = [stored[key] for key in sorted(keys)]
    context.store()
    alert_ids = [alert.id for incident in incidents for alert in incident.alerts]
    record_ends(alert_ids)
    notify_alert_listeners(alert_ids=alert_ids, now=now)
    _note_unread_rules(incidents, now=now)
    store_comments(
        {incident.id: incident.details.comments or () for incident in incidents}, now=now
    )
    return store_incident_rows(incidents, now=now, leased_until=leased_until)


def _note_unread_rules(incidents: Sequence[LockedIncident], *, now: datetime) -> None:
    rules: dict[int, set[str]] = defaultdict(set)
    for incident in incidents:
        for row in incident.alert_rows:
            if unread := unread_rules(row.flags):
                rules[incident.workspace_id] |= unread
    for workspace_id in sorted(rules):
        for listener in UnreadRuleListener.entries:
            listener.notify(workspace_id=workspace_id, rules=rules[workspace_id], now=now)


def title_rules_of(alerts: Mapping[int, Sequence[WireAlert]]) -> dict[int, TitleRules]:
    """Return the analytics rules, as last read, of workspaces where one has written a title."""
    asked = [pk for pk, rows in alerts.items() if any(row.has_title_of_rule for row in rows)]
    found = dict.fromkeys(alerts, NO_RULES)
    if asked:
        rows = Workspace.objects.filter(pk__in=asked).values_list("pk", "capabilities")
        found |= {
            pk: TitleRules.of_capability(kept.get(ANALYTICS_RULES) or {}) for pk, kept in rows
        }
    return found


def _read_alerts(
    incident: LockedIncident, *, atlas: Atlas, titles: TitleRules, now: datetime
) -> None:
    """Reduce the alerts of an incident to facts, and find where they and its devices are."""
    devices = incident.details.devices
    for alert in incident.details.alerts:
        place = atlas.find(place_of(alert))
        if place.zone_id is None:
            place = _place_by_devices(place, devices, atlas)
        row = alert_row_of(
            alert, incident=incident, place=place, devices=devices, titles=titles, now=now
        )
        incident.alert_rows.append(row)
        incident.alert_places.append(place)
    incident.device_places = [atlas.find(place_of(device)) for device in devices]


def place_of(described: WireAlert | WireDevice) -> Where:
    """Site, zone and sensor as an alert or a device names them."""
    if isinstance(described, WireAlert):
        return described.facts.site, described.facts.zone, described.facts.sensor
    return described.site, described.zone, described.sensor


def _place_by_devices(
    place: DeviceLocation, devices: Sequence[WireDevice], atlas: Atlas
) -> DeviceLocation:
    """Where an alert is that names no zone, or no place at all: where all its devices are."""
    places = {place_of(device) for device in devices} - {_NOWHERE}
    only = _NOWHERE
    if len(places) == 1:
        (only,) = places
    elif len(sites := {site for site, _, _ in places}) == 1:
        only = (sites.pop(), None, None)
    if place.site_id is None:
        return atlas.find(only)
    by_devices = atlas.find(only) if only[1] else place
    return by_devices if by_devices.site_id == place.site_id else place


@transaction.atomic
def fail_details(
    *,
    incident_id: int,
    reason: str,
    retry_at: datetime | None,
    now: datetime,
    leased_until: datetime | None = None,
) -> None:
    """Record that details could not be read; without `retry_at` they are given up and shown so."""
    state = {} if retry_at else {"details_state": DetailsState.FAILED}
    rows = Incident.objects.filter(pk=incident_id)
    if leased_until is not None:
        rows = rows.filter(details_due_at=leased_until)
    if rows.update(details_due_at=retry_at, changed_at=now, **state) and retry_at is None:
        details_failed(incident_id=incident_id, reason=reason, now=now)
        regroup([incident_id], now=now)


LEASE = timedelta(seconds=120)
MAX_ATTEMPTS = 4
_BACK_OFF = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))


class Claimed(NamedTuple):
    """An incident whose details are being fetched; `attempts` counts this one, too."""

    id: int
    name: str
    attempts: int
    alerts_count: int
    comments_count: int
    leased_until: datetime


def claim_details(
    *, workspace_id: int, most: int, now: datetime, ot_first: bool = False
) -> list[Claimed]:
    """Take some incidents; others may take theirs at the same time. One that was tried before is
    taken alone, because it may be what has brought a worker down; after four tries of which nobody
    has come back it is given up. With `ot_first`, others are taken only where none of Defender for
    IoT is due.
    """
    claims: list[Claimed] = []
    claimed = _claim(workspace_id=workspace_id, most=most, now=now, which=_OT) if ot_first else []
    for claim in claimed or _claim(workspace_id=workspace_id, most=most, now=now):
        if claim.attempts <= MAX_ATTEMPTS:
            claims.append(claim)
        else:
            retry_or_fail_details(claimed=claim, reason=WORKER_DIED, now=now)
    return claims


_OT = Q(title__startswith=RULE_MARK) | Q(
    product_names__overlap=["Azure Security Center for IoT", "Microsoft Defender for IoT"]
)


_ANY = Q()


@transaction.atomic
def _claim(*, workspace_id: int, most: int, now: datetime, which: Q = _ANY) -> list[Claimed]:
    rows = (
        Incident.objects.filter(which, workspace_id=workspace_id, details_due_at__lte=now)
        .order_by("status", "-created_at")
        .select_for_update(skip_locked=True, no_key=True)[:most]
    )
    claims = [
        Claimed(*row, now + LEASE)
        for row in rows.values_list(
            "pk", "name", "details_attempts", "alerts_count", "comments_count"
        )
    ]
    untried = list(takewhile(lambda claim: not claim.attempts, claims))
    claims = untried or claims[:1]
    Incident.objects.filter(pk__in=[claim.id for claim in claims]).update(
        details_due_at=now + LEASE, details_attempts=F("details_attempts") + 1
    )
    return [claim._replace(attempts=claim.attempts + 1) for claim in claims]


def release_details(*, claimed: Collection[Claimed], due_at: datetime) -> None:
    """Give incidents back untried: the far end was away or slow, they are not to blame."""
    untouched = Incident.objects.filter(
        pk__in=[claim.id for claim in claimed],
        details_due_at__in={claim.leased_until for claim in claimed},
    )
    untouched.update(details_due_at=due_at, details_attempts=Greatest(F("details_attempts") - 1, 0))


def retry_or_fail_details(*, claimed: Claimed, reason: str, now: datetime) -> None:
    """Try this one again later, or give it up and store why."""
    retry_at = None
    if claimed.attempts < MAX_ATTEMPTS:
        retry_at = now + _BACK_OFF[min(claimed.attempts, len(_BACK_OFF)) - 1]
    fail_details(
        incident_id=claimed.id,
        reason=reason,
        retry_at=retry_at,
        now=now,
        leased_until=claimed.leased_until,
    )
