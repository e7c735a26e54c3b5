"""Incidents whose details are being stored: what came, their locked rows, what was read of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from alerts.incidents.services.copying import ask, numbers
from alerts.incidents.services.facts import (
    AlertRow,
    StoredAlert,
    Surroundings,
    alert_row,
    place_of,
    place_of_device,
)
from alerts.incidents.services.groups import OLD_KEY, STANDING
from alerts.sentinel.wire import Unreadable, WireAlert, WireComment, WireDevice, WireEntity
from alerts.sites.services import Atlas, Found, Place

MOST_ENTITIES = 500  # rows kept an incident; more than that is never suppressed (S1)
_NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Details:
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


@dataclass(slots=True)
class Work:
    """One incident on its way."""

    row: IncidentHead
    given: Details
    alerts: list[WireAlert]
    n_entities: int  # readable ones; `entities` holds no more than are kept
    entities: list[WireEntity]
    devices: list[WireDevice]
    places: list[Place]  # of the devices
    rows: list[tuple[AlertRow, Found]] = field(default_factory=list)
    stored: list[StoredAlert] = field(default_factory=list)


_LOCK = f"""
    SELECT id, workspace_id, title, created_at::text, nullif(flags, '{{}}'), {STANDING}, {OLD_KEY}
    FROM incidents_incident WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""


def lock_work(given: Iterable[Details]) -> list[Work]:
    """The incidents that are still there, locked in the order of their ids."""
    by_id = {one.incident_id: one for one in given}
    rows = ask(_LOCK, numbers([*by_id]))
    return [_work_on(IncidentHead(*row), by_id[row[0]]) for row in rows]


def _work_on(row: IncidentHead, given: Details) -> Work:
    alerts = [alert for alert in given.alerts if isinstance(alert, WireAlert)]
    entities = [entity for entity in given.entities if isinstance(entity, WireEntity)]
    devices = [entity.device for entity in entities if entity.device]
    devices = devices[:MOST_ENTITIES]
    places = list(map(place_of_device, devices))
    return Work(row, given, alerts, len(entities), entities[:MOST_ENTITIES], devices, places)


def places_of(work: Iterable[Work]) -> set[Place]:
    """Every place that these incidents name."""
    places: set[Place] = set()
    for one in work:
        places.update(map(place_of, one.alerts))
        places.update(one.places)
    return places


def read_alerts(one: Work, *, atlas: Atlas, now: datetime) -> None:
    """Reduce the alerts of an incident to facts."""
    places = set(one.places) - {_NOWHERE}
    only = _NOWHERE
    if len(places) == 1:
        (only,) = places
    elif len(sites := {place.site for place in places}) == 1:
        only = Place(*sites)
    around = Surroundings(one.row.workspace_id, one.row.created_at, one.devices, only)
    one.rows = [alert_row(alert, around=around, atlas=atlas, now=now) for alert in one.alerts]
