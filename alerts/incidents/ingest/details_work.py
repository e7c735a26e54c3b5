"""Incidents whose details are being stored: what came, their locked rows, what was read of it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from alerts.incidents.ingest.alert_facts import AlertRow, StoredAlert
from alerts.incidents.ingest.fetched_details import Details
from alerts.incidents.ingest.groups import OLD_KEY, STANDING
from alerts.incidents.ingest.pg_copy import numbers, run_together
from alerts.sites.services import Found, Where


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

    __slots__ = ("found", "given", "row", "rows", "stored")

    def __init__(self, row: IncidentHead, given: Details) -> None:
        self.row, self.given = row, given
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
    (rows,) = run_together(*stages, _LOCK, ids=numbers([*by_id]))
    return [Work(IncidentHead._make(row), by_id[row[0]]) for row in rows]


def places_of(work: Iterable[Work]) -> set[Where]:
    """Every place that these incidents name."""
    places = {alert.shared.where for one in work for alert in one.given.alerts}
    return places | {device.where for one in work for device in one.given.devices}
