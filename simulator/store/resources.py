"""Everything that is no incident: what hangs on one, and what a workspace holds beside them."""

import sqlite3
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass
class Part:
    """A comment, task or relation of one incident."""

    name: str
    etag: str
    created: int
    properties: dict[str, Any]


@dataclass
class Resource:
    """An automation rule, analytics rule, connector, watchlist or package of one workspace."""

    name: str
    etag: str
    body: dict[str, Any]


class ResourceTable:
    """Reads and writes parts and resources by workspace, kind and name."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def parts(self, workspace: str, incident: str, kind: str) -> list[Part]:
        """All parts of one kind, oldest first."""
        rows = self._db.execute(
            "select name, etag, created, properties from parts"
            " where workspace = ? and incident = ? and kind = ? order by created, name",
            (workspace, incident, kind),
        )
        return [Part(row[0], row[1], row[2], orjson.loads(row[3])) for row in rows]

    def put_part(self, workspace: str, incident: str, kind: str, part: Part) -> None:
        """Insert or replace one part."""
        self._db.execute(
            "insert or replace into parts values (?, ?, ?, ?, ?, ?, ?)",
            (
                workspace,
                incident,
                kind,
                part.name,
                part.etag,
                part.created,
                orjson.dumps(part.properties),
            ),
        )

    def remove_part(self, workspace: str, incident: str, kind: str, name: str) -> bool:
        """Take one part away; false when there was none."""
        gone = self._db.execute(
            "delete from parts where workspace = ? and incident = ? and kind = ? and name = ?",
            (workspace, incident, kind, name),
        )
        return gone.rowcount > 0

    def all(self, workspace: str, kind: str) -> list[Resource]:
        """All resources of one kind, by name."""
        rows = self._db.execute(
            "select name, etag, body from resources where workspace = ? and kind = ? order by name",
            (workspace, kind),
        )
        return [Resource(row[0], row[1], orjson.loads(row[2])) for row in rows]

    def get(self, workspace: str, kind: str, name: str) -> Resource | None:
        """One resource, its name in any case of letters."""
        row = self._db.execute(
            "select name, etag, body from resources"
            " where workspace = ? and kind = ? and name = ? collate nocase",
            (workspace, kind, name),
        ).fetchone()
        return None if row is None else Resource(row[0], row[1], orjson.loads(row[2]))

    def put(self, workspace: str, kind: str, resource: Resource) -> None:
        """Insert or replace one resource."""
        self._db.execute(
            "insert or replace into resources values (?, ?, ?, ?, ?)",
            (workspace, kind, resource.name, resource.etag, orjson.dumps(resource.body)),
        )

    def remove(self, workspace: str, kind: str, name: str) -> bool:
        """Take one resource away; false when there was none."""
        gone = self._db.execute(
            "delete from resources where workspace = ? and kind = ? and name = ? collate nocase",
            (workspace, kind, name),
        )
        return gone.rowcount > 0
