"""Incidents as rows: their properties as JSON, and what lists sort and filter by as columns."""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

_COLUMNS = (
    *("workspace", "name", "number", "created", "modified", "status", "severity", "title", "owner"),
    *("etag", "properties", "recipe", "details", "previous", "mangled", "truth"),
)
_DERIVED = {"status", "severity", "title", "owner"}  # of the properties, to sort and filter by
_STORED = tuple(name for name in _COLUMNS if name not in _DERIVED)
_SELECT = f"select {', '.join(_STORED)} from incidents"
_UPSERT = f"insert or replace into incidents ({', '.join(_COLUMNS)}) values ({', '.join('?' * 16)})"
_LIST = "select name, etag, properties, mangled, previous, number from incidents"


class Authorship(NamedTuple):
    """Who changed an incident last, in the words of the logs; who closed it, and when."""

    author: str
    closed: int | None = None
    closer: str = ""


@dataclass
class Incident:
    """One incident of one workspace, with where its alerts and entities come from."""

    workspace: str
    name: str
    number: int
    created: int
    modified: int
    etag: str
    properties: dict[str, Any]
    recipe: str | None = None
    details: dict[str, Any] | None = None
    previous: bytes | None = None
    mangled: bytes | None = None
    truth: str | None = None

    def row(self) -> tuple[Any, ...]:
        """The incident as the table holds it."""
        properties = self.properties
        owner = (properties.get("owner") or {}).get("assignedTo") or ""
        return (
            self.workspace,
            self.name,
            self.number,
            self.created,
            self.modified,
            str(properties.get("status")),
            str(properties.get("severity")),
            str(properties.get("title")),
            owner,
            self.etag,
            orjson.dumps(properties),
            self.recipe,
            None if self.details is None else orjson.dumps(self.details),
            self.previous,
            self.mangled,
            self.truth,
        )


class OpenIncident(NamedTuple):
    """What decides who works on an incident, and when; `author` is who changed it last, None for
    nobody.
    """

    workspace: str
    name: str
    created: int
    status: str
    owner: str
    recipe: str
    is_benign: int
    author: str | None


@dataclass(frozen=True)
class IncidentPage:
    """Which incidents a list asks for: conditions, the sort column, and where the page begins."""

    conditions: list[tuple[str, str, Any]] = field(default_factory=list)
    column: str = "created"
    descending: bool = True
    after: tuple[Any, str] | None = None
    limit: int = 50


@dataclass(frozen=True)
class ListedIncident:
    """What a list needs of one incident, still as bytes."""

    name: str
    etag: str
    properties: bytes
    mangled: bytes | None
    previous: bytes | None
    key: Any


class IncidentTable:
    """Reads and writes incidents; changes happen inside a transaction of the store."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def put_all(self, incidents: Iterable[Incident]) -> None:
        """Insert or replace many at once."""
        self._db.executemany(_UPSERT, (incident.row() for incident in incidents))

    def put(self, incident: Incident) -> None:
        """Insert or replace one."""
        self._db.execute(_UPSERT, incident.row())

    def get(self, workspace: str, name: str) -> Incident | None:
        """One incident by the id in its address, in any case of letters."""
        sql = f"{_SELECT} where workspace = ? and name = ?"
        row = self._db.execute(sql, (workspace, name)).fetchone()
        if row is None and name != name.lower():
            row = self._db.execute(sql, (workspace, name.lower())).fetchone()
        return None if row is None else _from_row(row)

    def find(self, name: str) -> Incident | None:
        """One incident by its id alone, whatever its workspace."""
        sql = f"{_SELECT} where name = ?"
        row = self._db.execute(sql, (name.lower(),)).fetchone()
        return None if row is None else _from_row(row)

    def remove(self, workspace: str, name: str) -> bool:
        """Take one out, with all that hangs on it; false when there was none."""
        key = (workspace, name.lower())
        self._db.execute("delete from parts where workspace = ? and incident = ?", key)
        gone = self._db.execute("delete from incidents where workspace = ? and name = ?", key)
        return gone.rowcount > 0

    def note_author(self, incident: Incident, authorship: Authorship) -> None:
        """Write down who changed an incident last, and who closed it when."""
        self._db.execute(
            "insert or replace into authors values (?, ?, ?, ?, ?)",
            (incident.workspace, incident.name, *authorship),
        )

    def authorship_of(self, incident: Incident) -> Authorship | None:
        """Who changed an incident last, and who closed it when; None where nobody changed it."""
        sql = "select author, closed, closer from authors where workspace = ? and name = ?"
        row = self._db.execute(sql, (incident.workspace, incident.name)).fetchone()
        return None if row is None else Authorship(*row)

    def clear(self) -> None:
        """Forget every incident: the history broke off while it was loaded."""
        self._db.execute("delete from parts")
        self._db.execute("delete from incidents")

    def listed(self, workspace: str, page: IncidentPage) -> list[ListedIncident]:
        """One page and one row more, so that the caller sees whether another page follows."""
        clauses, values = ["workspace = ?"], [workspace]
        for column, operator, value in page.conditions:
            clauses.append(f"{column} {operator} ?")
            values.append(value)
        if page.after is not None:
            beyond = "<" if page.descending else ">"
            clauses.append(f"({page.column}, name) {beyond} (?, ?)")
            values.extend(page.after)
        way = "desc" if page.descending else "asc"
        rows = self._db.execute(
            f"{_LIST.replace(' number', ' ' + page.column)} where {' and '.join(clauses)}"
            f" order by {page.column} {way}, name {way} limit ?",
            (*values, page.limit + 1),
        )
        return [ListedIncident(*row) for row in rows]

    def changed_since(self, workspace: str, modified: int) -> Iterator[Incident]:
        """The incidents of a workspace that changed at this moment or later, in that order."""
        sql = f"{_SELECT} where workspace = ? and modified >= ? order by modified, name"
        return map(_from_row, self._db.execute(sql, (workspace, modified)))

    def open_of_plant(self) -> Iterator[OpenIncident]:
        """The incidents of the plant's own life that nobody has closed yet."""
        sql = (
            "select i.workspace, i.name, i.created, i.status, i.owner, i.recipe,"
            " json_extract(i.truth, '$.benign'), a.author"
            " from incidents i left join authors a"
            " on a.workspace = i.workspace and a.name = i.name"
            " where i.status <> 'Closed' and i.recipe is not null and i.truth is not null"
        )
        return (OpenIncident(*row) for row in self._db.execute(sql).fetchall())

    def latest_number(self, workspace: str) -> int:
        """The highest incident number given in a workspace."""
        sql = "select coalesce(max(number), 0) from incidents where workspace = ?"
        return int(self._db.execute(sql, (workspace,)).fetchone()[0])

    def by_number(self, workspace: str, number: int) -> Incident | None:
        """One incident by the number people see."""
        sql = f"{_SELECT} where workspace = ? and number = ?"
        row = self._db.execute(sql, (workspace, number)).fetchone()
        return None if row is None else _from_row(row)

    def newest_of_plant(self, workspace: str, number: int) -> list[Incident]:
        """The newest incidents that the plant made, so many at most."""
        sql = f"{_SELECT} where workspace = ? and recipe is not null order by created desc limit ?"
        return [_from_row(row) for row in self._db.execute(sql, (workspace, number)).fetchall()]

    def counts(self) -> dict[str, dict[str, int]]:
        """How many incidents each workspace holds, by status."""
        by_workspace: dict[str, dict[str, int]] = {}
        sql = "select workspace, status, count(*) from incidents group by 1, 2"
        for workspace, status, number in self._db.execute(sql):
            by_workspace.setdefault(workspace, {})[status] = number
        return by_workspace

    def truths(self) -> Iterator[tuple[str, str, str]]:
        """Yield the plant's truth about each incident that it made."""
        sql = "select workspace, name, truth from incidents where truth is not null"
        yield from self._db.execute(f"{sql} order by workspace, created")


def _from_row(row: tuple[Any, ...]) -> Incident:
    values = dict(zip(_STORED, row, strict=True))
    for name in ("properties", "details"):
        values[name] = values[name] and orjson.loads(values[name])
    return Incident(**values)
