"""Incidents whose details are being stored: what came, their locked rows, what was read of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from alerts.incidents.services.copying import numbers
from alerts.incidents.services.groups import OLD_KEY, STANDING
from alerts.incidents.services.sights import AlertRow, StoredAlert
from alerts.incidents.services.stages import ask_together
from alerts.sentinel.wire import Unreadable, WireAlert, WireComment, WireDevice, WireEntity
from alerts.sites.services import Found, Where

MOST_ENTITIES = 500  # rows kept an incident; more than that is never suppressed (S1)


class Details(NamedTuple):
    """All that was fetched for one incident; `comments` is None where they were not asked for."""

    incident_id: int
    alerts: Sequence[WireAlert | Unreadable]
    entities: Sequence[WireEntity | Unreadable]
    comments: Sequence[WireComment | Unreadable] | None = None
    entities_cut_short: bool = False


class IncidentHead(NamedTuple):
    """What the incident's own row says that details build on."""

    id: int
    workspace_id: int
    title: str
    created: str
    flags: Sequence[str] | None
    standing: str | None  # tells its row in the queue, with its pattern
    group_key: str | None

    @property
    def created_at(self) -> datetime:
        """When it was made; few ask, so it is read when asked for."""
        return datetime.fromisoformat(self.created)


class Work:
    """One incident on its way."""

    __slots__ = (
        "alerts",
        "devices",
        "entities",
        "found",
        "given",
        "n_entities",
        "row",
        "rows",
        "stored",
    )

    def __init__(self, row: IncidentHead, given: Details) -> None:
        entities = [entity for entity in given.entities if entity.__class__ is WireEntity]
        devices = [entity.device for entity in entities if entity.device]
        self.row, self.given = row, given
        self.alerts = [alert for alert in given.alerts if alert.__class__ is WireAlert]
        self.n_entities = len(entities)  # readable ones; `entities` holds no more than are kept
        self.entities, self.devices = entities[:MOST_ENTITIES], devices[:MOST_ENTITIES]
        self.rows: list[AlertRow] = []
        self.found: list[Found] = []  # where its alerts are, then where its devices are
        self.stored: list[StoredAlert] = []


_LOCK = f"""
    SELECT id, workspace_id, title, created_at::text, nullif(flags, '{{}}'), {STANDING}, {OLD_KEY}
    FROM incidents_incident WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""


def lock_work(given: Iterable[Details], *, stages: Sequence[str] = ()) -> list[Work]:
    """The incidents that are still there, locked in the order of their ids; stages are made ready
    in the same go.
    """
    by_id = {one.incident_id: one for one in given}
    (rows,) = ask_together(*stages, _LOCK, ids=numbers([*by_id]))
    return [Work(IncidentHead._make(row), by_id[row[0]]) for row in rows]


def where_of(device: WireDevice) -> Where:
    """Where a device entity stands."""
    return device.site, device.zone, device.sensor


def places_of(work: Iterable[Work]) -> set[Where]:
    """Every place that these incidents name."""
    places: set[Where] = set()
    for one in work:
        places.update([alert.facts[:3] for alert in one.alerts])
        places.update(map(where_of, one.devices))
    return places
