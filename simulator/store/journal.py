"""The journal of every write, and the record of rules and playbooks that ran."""

import hashlib
import sqlite3
from typing import Any

import orjson

from simulator.clock import iso
from simulator.replies import Reply


class JournalTable:
    """Append-only: who wrote what and when, and whether it took effect."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def write(
        self, *, at: int, method: str, path: str, principal: str, body: bytes, reply: Reply
    ) -> int:
        """Note one write, refused ones too."""
        applied = reply.status < 400
        entry = (
            at,
            method,
            path,
            principal,
            reply.status,
            reply.before,
            reply.after,
            hashlib.sha256(body).hexdigest(),
            applied,
            reply.effect,
        )
        cursor = self._db.execute(
            "insert into journal (at, method, path, principal, status, before, after, body_hash,"
            " applied, effect) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            entry,
        )
        return int(cursor.lastrowid or 0)

    def amend(self, entry: int, effect: str) -> None:
        """Add what happened to the answer of a write that was already noted."""
        self._db.execute(
            "update journal set effect = effect || '; ' || ? where id = ?", (effect, entry)
        )

    def read(self, *, since: int = 0, path: str = "", after_id: int = 0) -> list[dict[str, Any]]:
        """Entries from a moment on whose address contains a piece of text."""
        rows = self._db.execute(
            "select id, at, method, path, principal, status, before as before_etag,"
            " after as after_etag, body_hash as body_sha256, applied, effect from journal"
            " where at >= ? and id > ? and instr(lower(path), lower(?)) > 0 order by id",
            (since, after_id, path),
        )
        entries = _as_dicts(rows)
        for entry in entries:
            entry["at"], entry["applied"] = iso(entry["at"]), bool(entry["applied"])
        return entries

    def note_run(
        self, *, at: int, kind: str, workspace: str, name: str, incident: str, detail: Any
    ) -> int:
        """Note that an automation rule or a playbook ran on an incident."""
        cursor = self._db.execute(
            "insert into runs (at, kind, workspace, name, incident, detail)"
            " values (?, ?, ?, ?, ?, ?)",
            (at, kind, workspace, name, incident, orjson.dumps(detail).decode()),
        )
        return int(cursor.lastrowid or 0)

    def count_runs(self) -> dict[str, int]:
        """How many rules and playbooks ran."""
        return dict(self._db.execute("select kind, count(*) from runs group by kind").fetchall())

    def runs(self, *, kind: str, name: str = "") -> list[dict[str, Any]]:
        """What ran, newest last; all of a kind, or those of one name."""
        rows = self._db.execute(
            "select id, at, workspace, name, incident, detail from runs"
            " where kind = ? and (? = '' or name = ? collate nocase) order by id",
            (kind, name, name),
        )
        return [
            {**orjson.loads(run.pop("detail")), **run, "at": iso(run["at"])}
            for run in _as_dicts(rows)
        ]


def _as_dicts(rows: sqlite3.Cursor) -> list[dict[str, Any]]:
    names = [column[0] for column in rows.description]
    return [dict(zip(names, row, strict=True)) for row in rows]
