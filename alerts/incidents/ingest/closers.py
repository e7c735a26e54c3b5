"""Keep who closed incidents in Sentinel."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from alerts.incidents.engine.closers import MAX_NAME
from alerts.incidents.models import Incident, IncidentCloser
from alerts.sentinel.wire.graph.values import graph_text
from alerts.sentinel.wire.incidents import WireIncident

_BATCH = 5000


class Closer(NamedTuple):
    """Who closed an incident, by Sentinel's name of it, and when."""

    incident_name: str
    name: str
    closed_at: datetime


def store_closers(*, workspace_id: int, closers: Sequence[Closer]) -> int:
    """Store who closed these incidents, as far as they are stored; return how many that are. A
    later closing takes the place of an earlier one, never the other way round.
    """
    latest = {
        closer.incident_name.lower(): closer
        for closer in sorted(closers, key=lambda closer: closer.closed_at)
    }
    ids = dict(
        Incident.objects.filter(workspace=workspace_id, name__in=latest).values_list("name", "pk")
    )
    return _store((ids[name], closer) for name, closer in latest.items() if name in ids)


def store_portal_closers(closings: Iterable[tuple[int, WireIncident]]) -> int:
    """Store who closed incidents, by their keys, of whose closing the Defender portal's record came
    just now: it names whoever changed it last. Sentinel's own record names nobody.
    """
    found: list[tuple[int, Closer]] = []
    for pk, wire in closings:
        record = wire.raw.get("graph")
        by = graph_text(record.get("lastModifiedBy")) if isinstance(record, dict) else ""
        if by and wire.modified_at is not None:
            found.append((pk, Closer(wire.name, by, wire.modified_at)))
    return _store(found) if found else 0


def _store(closers: Iterable[tuple[int, Closer]]) -> int:
    rows = {
        pk: IncidentCloser(incident_id=pk, name=closer.name[:MAX_NAME], closed_at=closer.closed_at)
        for pk, closer in closers
    }
    stored = dict(
        IncidentCloser.objects.filter(pk__in=rows).values_list("incident_id", "closed_at")
    )
    fresh = [row for pk, row in sorted(rows.items()) if pk not in stored or _is_later(row, stored)]
    IncidentCloser.objects.bulk_create(
        fresh,
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["incident"],
        update_fields=["name", "closed_at"],
    )
    return len(fresh)


def _is_later(row: IncidentCloser, stored: dict[int, datetime]) -> bool:
    return row.closed_at > stored[row.incident_id]
