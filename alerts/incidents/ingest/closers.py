"""Keep who closed incidents in Sentinel."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from alerts.incidents.engine.closers import MAX_NAME
from alerts.incidents.models import Incident, IncidentCloser
from alerts.sentinel.wire.graph.incidents import GRAPH_VERSION
from alerts.sentinel.wire.graph.values import graph_text
from alerts.sentinel.wire.incidents import WireIncident

_BATCH = 5000


class Closer(NamedTuple):
    """Who closed an incident, by Sentinel's name of it, and when."""

    incident_name: str
    name: str
    closed_at: datetime


def store_closers(*, workspace_id: int, closers: Sequence[Closer]) -> int:
    """Store who closed these incidents, as far as they are stored, by the log of the workspace;
    return how many that are. A later closing takes the place of an earlier one, never the other way
    round; a closing of the log takes the place of one from the portal's record, whenever that was.
    """
    latest = {
        closer.incident_name.lower(): closer
        for closer in sorted(closers, key=lambda closer: closer.closed_at)
    }
    ids = dict(
        Incident.objects.filter(workspace=workspace_id, name__in=latest).values_list("name", "pk")
    )
    found = {ids[name]: closer for name, closer in latest.items() if name in ids}
    stored = IncidentCloser.objects.filter(pk__in=found).values_list(
        "pk", "closed_at", "incident__closed_at", "incident__etag"
    )
    lasting = {
        pk
        for pk, at, closed_at, etag in stored
        if at >= found[pk].closed_at and not _is_of_portal(at, closed_at, etag)
    }
    return _store({pk: closer for pk, closer in found.items() if pk not in lasting})


def _is_of_portal(at: datetime, closed_at: datetime | None, etag: str) -> bool:
    """Whether a closer is the portal's: its moment is that of the record that showed the closing.
    The log has Sentinel's clock.
    """
    return etag.startswith(GRAPH_VERSION) and at == closed_at


def store_portal_closers(closings: Iterable[tuple[int, datetime, WireIncident]]) -> int:
    """Store who closed incidents, by their keys, of whose closing the Defender portal's record came
    just now: it names whoever changed it last, who need not have closed it. So it replaces nothing
    that is stored of a closing since the incident was open last, the moment beside its key.
    Sentinel's own record names nobody.
    """
    found: dict[int, tuple[datetime, Closer]] = {}
    for pk, open_at, wire in closings:
        record = wire.raw.get("graph")
        by = graph_text(record.get("lastModifiedBy")) if isinstance(record, dict) else ""
        if by and wire.modified_at is not None:
            found[pk] = open_at, Closer(wire.name, by, wire.modified_at)
    if not found:
        return 0
    stored = IncidentCloser.objects.filter(pk__in=found).values_list("pk", "closed_at")
    lasting = {pk for pk, at in stored if at >= found[pk][0]}
    return _store({pk: closer for pk, (_, closer) in found.items() if pk not in lasting})


def _store(closers: Mapping[int, Closer]) -> int:
    fresh = [
        IncidentCloser(incident_id=pk, name=closer.name[:MAX_NAME], closed_at=closer.closed_at)
        for pk, closer in sorted(closers.items())
    ]
    IncidentCloser.objects.bulk_create(
        fresh,
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["incident"],
        update_fields=["name", "closed_at"],
    )
    return len(fresh)
