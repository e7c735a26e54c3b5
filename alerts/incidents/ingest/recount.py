"""Rank open incidents again where the weights have changed. Else a stored priority is counted when
its incident changes, and one queue mixes old and new ones.

One job notes of which weights the stored priorities are. A worker of newer weights begins it anew,
and works on its own alone: beside it a worker of the version before leaves it as it is, and so does
a version that was rolled back (`incidents rerank` ranks by its weights).
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from django.db import transaction

from alerts.incidents.engine.priority import PRIORITY_VERSION
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import Incident
from portal.audit.services import Actor, record
from portal.jobs.models import Job
from portal.jobs.services import do_next, keep_note, lock_claim, put_back, restart_job, settle

KIND, KEY = "incidents.priorities", "weights"
PIECE = 1000  # incidents
WAIT = timedelta(minutes=5)  # by then workers of the version before, and of its weights, have ended
BY = "Tagout"


class RecountResult(NamedTuple):
    """How many open incidents were ranked again, and how many are elsewhere now."""

    incidents: int
    changed: int


def process_recount(*, unshifted: datetime, now: datetime) -> bool:
    """Do the next piece where the weights have changed; False where there is none."""
    _begin_where_weights_changed(unshifted=unshifted)
    piece = partial(_do_piece, unshifted=unshifted, now=now)
    own = Job.objects.filter(kind=KIND, payload__version=PRIORITY_VERSION)
    return do_next(own, work=piece, now=unshifted)


def recount_priorities(*, by: Actor, unshifted: datetime, now: datetime) -> RecountResult:
    """Rank all open incidents again, in pieces; where it is cut short, what was done stays done."""
    payload = _from_start()
    while not payload["is_done"]:
        with transaction.atomic():
            payload = _next_piece(payload, now=now)
    with transaction.atomic():
        keep_note(kind=KIND, key=KEY, now=unshifted, payload=payload)
        _record(Job.objects.get(kind=KIND, key=KEY), payload, by=by, now=now)
    return RecountResult(payload["incidents"], payload["changed"])


def _begin_where_weights_changed(*, unshifted: datetime) -> None:
    job = Job.objects.filter(kind=KIND, key=KEY).first()
    if job is not None and job.payload.get("version", 0) >= PRIORITY_VERSION:
        return
    with transaction.atomic():
        due_at = unshifted + WAIT
        start = _from_start()
        restart_job(kind=KIND, key=KEY, now=unshifted, due_at=due_at, payload=lambda _: start)


def _from_start() -> dict[str, Any]:
    return {
        "version": PRIORITY_VERSION,
        "after": 0,
        "incidents": 0,
        "changed": 0,
        "is_done": False,
    }


@transaction.atomic
def _do_piece(row: Job, *, unshifted: datetime, now: datetime) -> None:
    if not lock_claim(row):
        return  # it was begun anew, or another worker took it over
    payload = _next_piece(row.payload, now=now)
    if not payload["is_done"]:
        put_back(row, due_at=unshifted, free=True, payload=payload)
        return
    settle(row, now=unshifted, payload=payload)
    _record(row, payload, by=BY, now=now)


def _next_piece(payload: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """Rank the next incidents, and return how far it has come by that."""
    rows = Incident.objects.filter(group_key__isnull=False, pk__gt=payload["after"])
    before = dict(rows.order_by("pk").values_list("pk", "priority")[:PIECE])
    regroup(before, now=now)
    after = dict(Incident.objects.filter(pk__in=before).values_list("pk", "priority"))
    return payload | {
        "after": max(before, default=payload["after"]),
        "incidents": payload["incidents"] + len(before),
        "changed": payload["changed"] + sum(after.get(pk) != before[pk] for pk in before),
        "is_done": len(before) < PIECE,
    }


def _record(job: Job, payload: dict[str, Any], *, by: Actor, now: datetime) -> None:
    """Where no incident was open there is nothing to record, as in a new installation."""
    if payload["incidents"]:
        record(
            "incidents.priorities.recounted",
            on=job,
            by=by,
            at=now,
            version=payload["version"],
            incidents=payload["incidents"],
            changed=payload["changed"],
        )
