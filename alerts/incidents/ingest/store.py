"""Keep incidents as Sentinel lists them: whole pages at a time, older versions never."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from alerts.incidents.ingest import history
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.ingest.insert_incidents import add_incidents
from alerts.incidents.ingest.pg_copy import ask
from alerts.incidents.ingest.stored import Stored
from alerts.incidents.ingest.update_incidents import change_incidents, changes_among, lock_known
from alerts.incidents.models import Incident, TimelineItem
from alerts.sentinel.wire import WireIncident, ticks_of

__all__ = ["Stored", "differing", "mark_gone", "store_incidents"]


# Asked name by name, so that it takes the index of names also before the table's first ANALYZE.
_STORED = """
    SELECT i.name, CASE WHEN i.gone_at IS NULL THEN i.etag END
    FROM string_to_table(%s, E'\n') AS asked(name), LATERAL (
        SELECT name, etag, gone_at FROM incidents_incident
        WHERE workspace_id = %s AND name = asked.name LIMIT 1) AS i
"""


class Differing(NamedTuple):
    """What of a page is worth reading: its places there, and the names of those we have."""

    places: list[int]
    known: Collection[str]


def differing(*, workspace_id: int, heads: Sequence[tuple[str | None, str | None]]) -> Differing:
    """Which of those (name, etag) are not stored just so."""
    names = "\n".join([name for name, _ in heads if name])  # as text: quoted once, not each
    stored = dict(ask(_STORED, names, workspace_id)) if names else {}
    get = stored.get
    places = [
        place for place, (name, etag) in enumerate(heads) if not etag or get(name) != etag[:120]
    ]
    return Differing(places, stored.keys())


@transaction.atomic(savepoint=False)  # who goes on after a failure has a savepoint of its own
def store_incidents(
    *,
    workspace_id: int,
    incidents: Sequence[WireIncident],
    now: datetime,
    probed: Differing | None = None,
) -> Stored:
    """Store a page. What is stored already and what is older than that counts as unchanged.

    `probed` says what `differing` has just found, and that these incidents are at its places.
    """
    done = Stored()
    newest = _newest_of_each(incidents)
    worth = list(newest)
    if probed is None:
        heads = [(wire.name, wire.etag) for wire in newest.values()]
        probed = differing(workspace_id=workspace_id, heads=heads)
        worth = [worth[place] for place in probed.places]
    there = [name for name in worth if name in probed.known]
    known = lock_known(workspace_id=workspace_id, names=there)
    fresh = [newest[name] for name in worth if name not in known]
    changes = changes_among(workspace_id=workspace_id, known=known, newest=newest, now=now)
    if fresh:
        add_incidents(workspace_id=workspace_id, fresh=fresh, done=done, now=now)
    if changes:
        change_incidents(changes=changes, done=done, now=now)
    done.unchanged = len(incidents) - done.new - done.changed
    return done


def mark_gone(*, incident_ids: Iterable[int], now: datetime) -> int:
    """Keep incidents that Sentinel has deleted as read-only memories; returns how many are new."""
    with transaction.atomic():
        rows = Incident.objects.filter(pk__in=list(incident_ids), gone_at=None)
        ids = list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        Incident.objects.filter(pk__in=ids).update(gone_at=now, changed_at=now, details_due_at=None)
        TimelineItem.objects.bulk_create(history.gone_items(ids, now=now))
        regroup(ids, now=now)
        return len(ids)


def _newest_of_each(incidents: Sequence[WireIncident]) -> dict[str, WireIncident]:
    newest = {wire.name: wire for wire in incidents}
    if len(newest) < len(incidents):
        for wire in incidents:
            kept = newest[wire.name]
            if (ticks_of(wire.modified_text) or 0) > (ticks_of(kept.modified_text) or 0):
                newest[wire.name] = wire
    return newest
