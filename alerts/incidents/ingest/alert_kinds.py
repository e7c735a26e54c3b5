"""Fill in the kinds that alerts lack, once people or an inventory told what stands at their ends.

Only what was empty is filled, and only on alerts whose incidents are all closed: patterns and
back-tests may learn from them, while nothing that still waits for a person comes to match a rule
that two people signed when it did not (docs/decisions/0010-kinds-of-old-alerts.md).
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from alerts.incidents.models import Status
from alerts.sites.models import Device
from alerts.sites.queries import FIND_DEVICE
from portal.jobs.models import Job, State
from portal.jobs.services import back_off, claim_due, put_back, settle

log = logging.getLogger(__name__)

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
    """Have the alerts of these devices looked through. Part of the transaction that describes
    them.
    """
    given = {"state": State.WAITING, "due_at": unshifted, "attempts": 0}
    job, made = Job.objects.select_for_update().get_or_create(
        kind=KIND,
        key=KEY,
        defaults={**given, "made_at": unshifted, "payload": {"devices": sorted(device_ids)}},
    )
    if made:
        return
    waiting = set() if job.state == State.DONE else set(job.payload.get("devices", ()))
    payload = {"devices": sorted(waiting.union(device_ids))}
    # Who works on it now holds an older fence, and its piece is done once more.
    Job.objects.filter(pk=job.pk).update(
        **given, fence=job.fence + 1, lease_until=None, settled_at=None, payload=payload
    )


def work_off_alert_kinds(*, unshifted: datetime, now: datetime) -> bool:
    """Do the next piece where there is one; False when there is none."""
    row = claim_due(Job.objects.filter(kind=KIND), now=unshifted, max_attempts=None)
    if row is None:
        return False
    try:
        _do_piece(row, unshifted=unshifted, now=now)
    except Exception as error:
        log.exception("Kinds of alerts could not be filled in")
        put_back(row, due_at=unshifted + back_off(row.attempts), error=str(error))
    return True


@transaction.atomic
def _do_piece(row: Job, *, unshifted: datetime, now: datetime) -> None:
    mine = Job.objects.filter(pk=row.pk, fence=row.fence, state=State.RUNNING)
    if not mine.select_for_update(of=("self",)).exists():
        return
    waiting = row.payload["devices"]
    fill_kinds(device_ids=waiting[:PIECE], now=now)
    left = {"devices": waiting[PIECE:]}
    if left["devices"]:
        mine.update(payload=left)
        put_back(row, due_at=unshifted, free=True)
    else:
        settle(row, now=unshifted, payload=left)


def fill_kinds(*, device_ids: list[int], now: datetime) -> int:
    """Fill in the kinds of these devices where closed alerts lack them; returns how many ends."""
    devices = Device.objects.filter(pk__in=device_ids).exclude(kind="")
    handles = list(devices.values_list("address", "name"))
    given: dict[str, Any] = {
        "addresses": [address for address, _ in handles],
        "names": [name for _, name in handles if name],
        "since": now - LOOK_BACK,
        "closed": Status.CLOSED,
    }
    n = 0
    with connection.cursor() as cursor:
        for statement in _STATEMENTS if handles else ():
            cursor.execute(statement, given)
            n += cursor.rowcount
    return n
