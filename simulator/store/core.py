"""The store: its tables, transactions, counters and single facts."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from simulator.clock import TICKS_PER_SECOND
from simulator.store.incidents import IncidentTable
from simulator.store.journal import JournalTable
from simulator.store.portal import SCHEMA as PORTAL_SCHEMA
from simulator.store.portal import PortalTable
from simulator.store.resources import ResourceTable

SCHEMA = """
create table if not exists facts (key text primary key, value text not null) without rowid;
create table if not exists incidents (
    workspace text not null,
    name text not null,
    number integer not null,
    created integer not null,
    modified integer not null,
    status text not null,
    severity text not null,
    title text not null,
    owner text not null default '',
    etag text not null,
    properties blob not null,
    recipe text,
    details blob,
    previous blob,
    mangled blob,
    truth text,
    primary key (workspace, name)
);
create index if not exists incidents_modified on incidents (workspace, modified, name);
create index if not exists incidents_created on incidents (workspace, created, name);
create unique index if not exists incidents_number on incidents (workspace, number);
create index if not exists incidents_name on incidents (name);
create table if not exists authors (
    workspace text not null,
    name text not null,
    author text not null,
    closed integer,
    closer text not null,
    primary key (workspace, name)
) without rowid;
create table if not exists parts (
    workspace text not null,
    incident text not null,
    kind text not null,
    name text not null,
    etag text not null,
    created integer not null,
    properties blob not null,
    primary key (workspace, incident, kind, name)
);
create table if not exists resources (
    workspace text not null,
    kind text not null,
    name text not null,
    etag text not null,
    body blob not null,
    primary key (workspace, kind, name)
);
create table if not exists journal (
    id integer primary key,
    at integer not null,
    method text not null,
    path text not null,
    principal text not null,
    status integer not null,
    before text,
    after text,
    body_hash text not null,
    applied integer not null,
    effect text not null
);
create table if not exists runs (
    id integer primary key,
    at integer not null,
    kind text not null,
    workspace text not null,
    name text not null,
    incident text not null,
    detail text not null
);
"""


class Store:
    """One SQLite database. Transactions nest; the outermost commits."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        database = ":memory:" if path is None else str(path)
        self.db = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
        self.db.executescript("pragma journal_mode=wal; pragma synchronous=normal;")
        self.db.executescript(SCHEMA + PORTAL_SCHEMA)
        self.incidents = IncidentTable(self.db)
        self.resources = ResourceTable(self.db)
        self.journal = JournalTable(self.db)
        self.portal = PortalTable(self.db)
        self._writes = int(self.fact("writes", 1))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; an inner one is part of the outer one."""
        with self._lock:
            if self._depth == 0:
                self.db.execute("begin immediate")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self.db.execute("rollback")
                raise
            self._depth -= 1
            if self._depth == 0:
                self.keep("writes", self._writes)
                self.db.execute("commit")

    def fact(self, key: str, default: Any = None) -> Any:
        """One remembered value."""
        row = self.db.execute("select value from facts where key = ?", (key,)).fetchone()
        return default if row is None else orjson.loads(row[0])

    def keep(self, key: str, value: Any) -> None:
        """Remember one value."""
        self.db.execute(
            "insert or replace into facts values (?, ?)",
            (key, orjson.dumps(value).decode()),
        )

    def next_etag(self, ticks: int, *, quoted: bool = True) -> str:
        """A version mark that was never given before."""
        self._writes += 1
        return make_etag(self._writes, ticks, quoted=quoted)

    def next_digit(self) -> int:
        """A seventh digit of a second that is never zero."""
        return self._writes * 7 % 9 + 1


def make_etag(number: int, ticks: int, *, quoted: bool = True) -> str:
    """A version mark of the form Azure uses; incidents and rules carry quotes, comments none."""
    mark = f"{number & 0xFFFFFFFF:08x}-0000-0d00-0000-{ticks // TICKS_PER_SECOND:08x}0000"
    return f'"{mark}"' if quoted else mark
