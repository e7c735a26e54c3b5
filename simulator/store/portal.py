"""What only the Defender portal has of incidents and their alerts: its ids, states and times."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

import orjson

SCHEMA = """
create table if not exists portal_incidents (
    id integer primary key,
    workspace text not null,
    incident text not null,
    created integer not null,
    updated integer not null,
    status text not null,
    severity text not null,
    classification text not null,
    determination text not null,
    assigned_to text,
    more blob not null,
    unique (workspace, incident)
);
create index if not exists portal_incidents_updated on portal_incidents (updated, id);
create table if not exists portal_alerts (
    id text primary key,
    incident integer not null,
    created integer not null,
    updated integer not null,
    status text not null,
    severity text not null,
    classification text,
    determination text,
    assigned_to text,
    service_source text not null,
    more blob not null
);
create index if not exists portal_alerts_incident on portal_alerts (incident);
create table if not exists alerts_without_incident (
    id integer primary key,
    workspace text not null,
    name text not null,
    created integer not null,
    recipe text not null,
    watched integer not null
);
"""
Json = dict[str, Any]


@dataclass
class PortalIncident:
    """One incident of the Defender portal; the rest of it is in the workspace's incident."""

    id: int
    workspace: str
    incident: str
    created: int
    updated: int
    status: str
    severity: str
    classification: str = "unknown"
    determination: str = "unknown"
    assigned_to: str | None = None
    more: Json = field(default_factory=dict)
    """summary, priorityScore, systemTags, redirectIncidentId, lastModifiedBy, comments,
    correlates.
    """


@dataclass
class PortalAlert:
    """One alert of the Defender portal; it belongs to exactly one incident."""

    id: str
    incident: int
    created: int
    updated: int
    status: str
    severity: str
    classification: str | None = None
    determination: str | None = None
    assigned_to: str | None = None
    service_source: str = "microsoftSentinel"
    more: Json = field(default_factory=dict)
    """comments, customDetails, resolvedAt."""


@dataclass(frozen=True)
class HappeningWithoutIncident:
    """What happened at the plant and made no incident; of it, where `watched`, only the alerts that
    no analytics rule watches.
    """

    id: int
    workspace: str
    name: str
    created: int
    recipe: str
    watched: bool


@dataclass(frozen=True)
class PortalQuery:
    """Which rows a list asks for: conditions on columns, order, and the place of the page."""

    conditions: list[tuple[str, str, Any]] = field(default_factory=list)
    column: str = "created"
    descending: bool = True
    skip: int = 0
    limit: int = 50


_INCIDENT = [f.name for f in fields(PortalIncident)]
_ALERT = [f.name for f in fields(PortalAlert)]


class PortalTable:
    """Reads and writes the portal's side; changes happen inside a transaction of the store."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def put(self, row: PortalIncident) -> None:
        """Insert or replace one incident."""
        self._put("portal_incidents", _INCIDENT, row)

    def put_alert(self, row: PortalAlert) -> None:
        """Insert or replace one alert."""
        self._put("portal_alerts", _ALERT, row)

    def _put(self, table: str, names: list[str], row: PortalIncident | PortalAlert) -> None:
        values = [getattr(row, name) for name in names[:-1]]
        self._db.execute(
            f"insert or replace into {table} ({', '.join(names)})"
            f" values ({', '.join('?' * len(names))})",
            (*values, orjson.dumps(row.more)),
        )

    def latest_id(self) -> int:
        """The highest incident id given so far; 0 where there is none."""
        return int(
            self._db.execute("select coalesce(max(id), 0) from portal_incidents").fetchone()[0]
        )

    def get(self, number: int) -> PortalIncident | None:
        """One incident by its id in the portal."""
        return self._first("where p.id = ?", (number,))

    def of(self, workspace: str, incident: str) -> PortalIncident | None:
        """The portal's side of one incident of a workspace."""
        return self._first("where p.workspace = ? and p.incident = ?", (workspace, incident))

    def _first(self, clause: str, values: tuple[Any, ...]) -> PortalIncident | None:
        rows = self._db.execute(
            f"{_select('p', _INCIDENT)} from portal_incidents p {clause}", values
        )
        row = rows.fetchone()
        return None if row is None else _incident(row)

    def listed(self, workspaces: Iterable[str], query: PortalQuery) -> list[PortalIncident]:
        """One page and one row more, of incidents that still are in their workspace."""
        keys = list(workspaces)
        clauses, values = _conditions(
            query, [f"p.workspace in ({', '.join('?' * len(keys))})"], keys
        )
        way = "desc" if query.descending else "asc"
        rows = self._db.execute(
            f"{_select('p', _INCIDENT)} from portal_incidents p"
            " join incidents i on i.workspace = p.workspace and i.name = p.incident"
            f" where {' and '.join(clauses)}"
            f" order by p.{query.column} {way}, p.id {way} limit ? offset ?",
            (*values, query.limit + 1, query.skip),
        )
        return [_incident(row) for row in rows]

    def note_without_incident(
        self, workspace: str, name: str, created: int, recipe: str, *, watched: bool
    ) -> None:
        """Write down what made no incident, wholly or in part."""
        self._db.execute(
            "insert into alerts_without_incident (workspace, name, created, recipe, watched)"
            " values (?, ?, ?, ?, ?)",
            (workspace, name, created, recipe, watched),
        )

    def without_incident_after(self, workspace: str, number: int) -> list[HappeningWithoutIncident]:
        """What made no incident in a workspace, after the row with this number."""
        rows = self._db.execute(
            "select id, workspace, name, created, recipe, watched from alerts_without_incident"
            " where workspace = ? and id > ? order by id",
            (workspace, number),
        )
        names = [f.name for f in fields(HappeningWithoutIncident)]
        return [HappeningWithoutIncident(**dict(zip(names, row, strict=True))) for row in rows]

    def get_alert(self, alert: str) -> PortalAlert | None:
        """One alert by its id in the portal."""
        sql = f"{_select('p', _ALERT)} from portal_alerts p where p.id = ?"
        row = self._db.execute(sql, (alert,)).fetchone()
        return None if row is None else _alert(row)

    def alerts_of(self, number: int) -> list[PortalAlert]:
        """The alerts of one incident, oldest first."""
        sql = (
            f"{_select('p', _ALERT)} from portal_alerts p where p.incident = ? order by created, id"
        )
        rows = self._db.execute(sql, (number,))
        return [_alert(row) for row in rows]


def _incident(row: tuple[Any, ...]) -> PortalIncident:
    values = dict(zip(_INCIDENT, row, strict=True))
    return PortalIncident(**{**values, "more": orjson.loads(values["more"])})


def _alert(row: tuple[Any, ...]) -> PortalAlert:
    values = dict(zip(_ALERT, row, strict=True))
    return PortalAlert(**{**values, "more": orjson.loads(values["more"])})


def _select(table: str, names: list[str]) -> str:
    return "select " + ", ".join(f"{table}.{name}" for name in names)


def _conditions(
    query: PortalQuery, clauses: list[str], values: list[Any]
) -> tuple[list[str], list[Any]]:
    clauses, values = list(clauses), list(values)
    for column, operator, value in query.conditions:
        if value is None:
            clauses.append(f"p.{column} is {'not ' if operator == '<>' else ''}null")
        elif isinstance(value, str):
            clauses.append(f"coalesce(p.{column}, '') {operator} ? collate nocase")
            values.append(value)
        else:
            clauses.append(f"p.{column} {operator} ?")
            values.append(value)
    return clauses, values
