"""Bring the plant hours of alerts in line with the clock of their site, after people corrected it.

A job a site, worked off in pieces. Alerts that were on their way in when the clock changed may
still be stored by the old one: so the job looks through all alerts twice, the second time when
no worker can hold the old clock any more.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection, transaction

from alerts.incidents.models import Alert
from alerts.sites.models import Site
from alerts.sites.registry import settle_clock_change
from portal.jobs.models import Job, JobState
from portal.jobs.services import (
    LEASE,
    claim_due,
    do_next,
    lock_claim,
    put_back,
    restart_job,
    settle,
)

KIND = "incidents.plant-hours"
PIECE = 20_000  # alerts
_NEXT = """
    SELECT max(id), count(*) FROM (
        SELECT id FROM incidents_alert WHERE site_id = %s AND id > %s ORDER BY id LIMIT %s) p
"""
_UPDATE = """
    UPDATE incidents_alert a SET plant_weekday = h.weekday, plant_minute = h.minute
      FROM (SELECT x.id, extract(isodow FROM x.local)::int - 1 AS weekday,
                   (extract(hour FROM x.local) * 60 + extract(minute FROM x.local))::int AS minute
              FROM (SELECT b.id, b.at AT TIME ZONE s.time_zone AS local
                      FROM incidents_alert b JOIN sites_sites s ON s.id = b.site_id
                     WHERE b.site_id = %s AND b.id > %s AND b.id <= %s) x) h
     WHERE a.id = h.id
       AND (a.plant_weekday, a.plant_minute) IS DISTINCT FROM (h.weekday, h.minute)
"""


@dataclass(frozen=True, slots=True)
class PlantHoursProgress:
    """How far the alerts of a site are in line with its clock."""

    done: int
    total: int

    @property
    def share(self) -> float:
        """The share that is done."""
        return self.done / self.total


def start_plant_hours(site: Site, *, unshifted: datetime) -> None:
    """Queue all alerts of a site, from the start, in the transaction that changes its clock."""
    total = Alert.objects.filter(site=site).count()
    payload = {"after": 0, "done": 0, "total": total, "pass": 1, "changed": 0, "moved": 0}
    restart_job(kind=KIND, key=str(site.pk), now=unshifted, payload=lambda _pending: payload)


def plant_hours_progress(site: Site) -> PlantHoursProgress | None:
    """How far the first look through the alerts of a site is; None where it is over."""
    job = Job.objects.filter(kind=KIND, key=str(site.pk)).first()
    if job is None or job.state == JobState.DONE or job.payload.get("pass") != 1:
        return None
    if not job.payload["total"]:
        return None
    return PlantHoursProgress(job.payload["done"], job.payload["total"])


def process_plant_hours(*, unshifted: datetime) -> bool:
    """Do the next piece of any site that is due; False when none is."""
    piece = partial(_do_piece, unshifted=unshifted)
    return do_next(Job.objects.filter(kind=KIND), work=piece, now=unshifted)


def settle_plant_hours(site: Site, *, unshifted: datetime) -> int:
    """Move all alerts of a site at once; return how many moved."""
    jobs = Job.objects.filter(kind=KIND, key=str(site.pk))
    while (row := claim_due(jobs, now=unshifted, max_attempts=None)) is not None:
        _do_piece(row, unshifted=unshifted)
    payload = jobs.values_list("payload", flat=True).first() or {}
    return int(payload.get("moved", 0))


def follow_site_clock(site: Site, *, before: str, now: datetime, unshifted: datetime) -> list[str]:
    """Begin to follow the corrected clock of a site; nothing stops by that."""
    start_plant_hours(site, unshifted=unshifted)
    return []


@transaction.atomic
def _do_piece(row: Job, *, unshifted: datetime) -> None:
    if not lock_claim(row):
        return  # the clock was changed again, or another worker took it over
    site, payload = Site.objects.get(pk=int(row.key)), dict(row.payload)
    upto, n = _next_piece(site, after=payload["after"])
    if upto is not None:
        moved = _update(site, after=payload["after"], upto=upto)
        payload["changed"], payload["moved"] = payload["changed"] + moved, payload["moved"] + moved
        payload["after"], payload["done"] = upto, payload["done"] + n
        put_back(row, due_at=unshifted, attempts=0, payload=payload)
    else:
        _end_pass(row, site, payload, unshifted=unshifted)


def _end_pass(row: Job, site: Site, payload: dict[str, Any], *, unshifted: datetime) -> None:
    if payload["changed"] or payload["pass"] == 1:
        settle_clock_change(site, unshifted=unshifted)
    if payload["pass"] == 2:
        settle(row, now=unshifted, payload=payload)
        return
    again = {**payload, "after": 0, "pass": 2, "changed": 0}
    due_at = max(unshifted, row.made_at) + LEASE + timedelta(seconds=60)
    put_back(row, due_at=due_at, free=True, payload=again)


def _next_piece(site: Site, *, after: int) -> tuple[int | None, int]:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [site.pk, after, PIECE])
        upto, n = cursor.fetchone()
    return upto, n


def _update(site: Site, *, after: int, upto: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, [site.pk, after, upto])
        return int(cursor.rowcount)
