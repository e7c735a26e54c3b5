"""Fill in the kinds that alerts lack, once people or an inventory told what is at their ends.

Only what was empty is filled, and only on alerts whose incidents are all closed: patterns and
back-tests may learn from them, while nothing that still waits for a person comes to match a rule
that two people signed when it did not (docs/decisions/0010-kinds-of-old-alerts.md).
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection, transaction

from alerts.incidents.models import IncidentStatus
from alerts.sites.models import Device
from alerts.sites.queries import FIND_DEVICE
from portal.jobs.models import Job
from portal.jobs.services import do_next, lock_claim, put_back, restart_job, settle

KIND, KEY = "incidents.alert-kinds", "devices"
PIECE = 100  # devices
LOOK_BACK = timedelta(days=400)  # as far as patterns and back-tests look

_FILL = """
    UPDATE incidents_alert a
       SET {end}_kind = f.kind, {end}_zone = f.zone, {end}_subnet = f.subnet
      FROM incidents_alert x CROSS JOIN LATERAL ({found}) f
     WHERE a.id = x.id AND x.at >= %(since)s AND x.{end}_kind = '' AND f.kind <> ''
       AND x.{end}_zone IN ('', f.zone)
       AND (x.any_address && %(addresses)s OR x.any_device && %(names)s)
       AND EXISTS (SELECT FROM incidents_incidentalert l WHERE l.alert_id = x.id)
       AND NOT EXISTS (
           SELECT FROM incidents_incidentalert l JOIN incidents_incident i ON i.id = l.incident_id
            WHERE l.alert_id = x.id AND i.status <> %(closed)s)
"""
_STATEMENTS = [
    _FILL.format(end=end, found=FIND_DEVICE.format(end=f"x.{end}", at="x"))
    for end in ("source", "destination")
]


def note_described_devices(device_ids: Collection[int], *, unshifted: datetime) -> None:
    """Queue the alerts of these devices for a look; part of the transaction that describes them."""

    def with_pending(pending: dict[str, Any]) -> dict[str, Any]:
        return {"devices": sorted({*pending.get("devices", ()), *device_ids})}

    restart_job(kind=KIND, key=KEY, now=unshifted, payload=with_pending)


def process_alert_kinds(*, unshifted: datetime, now: datetime) -> bool:
    """Do the next piece where there is one; False when there is none."""
    piece = partial(_do_piece, unshifted=unshifted, now=now)
    return do_next(Job.objects.filter(kind=KIND), work=piece, now=unshifted)


@transaction.atomic
def _do_piece(row: Job, *, unshifted: datetime, now: datetime) -> None:
    if not lock_claim(row):
        return  # more devices were described meanwhile, or another worker took it over
    waiting = row.payload["devices"]
    fill_kinds(device_ids=waiting[:PIECE], now=now)
    left = {"devices": waiting[PIECE:]}
    if left["devices"]:
        put_back(row, due_at=unshifted, free=True, payload=left)
    else:
        settle(row, now=unshifted, payload=left)


def fill_kinds(*, device_ids: list[int], now: datetime) -> int:
    """Fill in the kinds of these devices where closed alerts lack them; returns how many ends."""
    devices = Device.objects.filter(pk__in=device_ids).exclude(kind="")
    handles = list(devices.values_list("address", "name"))
    params: dict[str, Any] = {
        "addresses": [address for address, _ in handles],
        "names": [name for _, name in handles if name],
        "since": now - LOOK_BACK,
        "closed": IncidentStatus.CLOSED,
    }
    n = 0
    with connection.cursor() as cursor:
        for statement in _STATEMENTS if handles else ():
            cursor.execute(statement, params)
            n += cursor.rowcount
    return n
