"""Opening the store, its transactions, counters and single facts."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from simulator.store.incidents import IncidentTable
from simulator.store.journal import JournalTable
from simulator.store.resources import ResourceTable
from simulator.store.schema import SCHEMA
from simulator.words import make_etag


class Store:
    """One SQLite database. Transactions nest; the outermost commits."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._depth = 0
        where = ":memory:" if path is None else str(path)
        self.db = sqlite3.connect(where, isolation_level=None, check_same_thread=False)
        self.db.executescript("pragma journal_mode=wal; pragma synchronous=normal;")
        self.db.executescript(SCHEMA)
        self.incidents = IncidentTable(self.db)
        self.resources = ResourceTable(self.db)
        self.journal = JournalTable(self.db)
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
