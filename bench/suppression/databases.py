"""A migrated database, kept from run to run, and a copy of it for each seed; on PostgreSQL of this
folder's own, which trades crash safety for speed.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

import embedded
from bench.setup import ROOT, migrate

DATA = Path(".data") / "bench-suppression"
HALF, COPY = "bench_half", "bench_seed"  # and the process whose they are
_numbers = count(1)


def migrated_database() -> str:
    """Start the servers, and return the name of a database with all migrations applied; it is made
    where these migrations have none yet.
    """
    services = embedded.start(DATA, durable=False)
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = services.database_url, services.redis_url
    name, half = f"bench_{_migrations_digest()}", f"{HALF}_{os.getpid()}"
    with _connected() as connection:
        _drop_orphans(connection)
        if _is_there(connection, name):
            return name
        connection.execute(f'CREATE DATABASE "{half}"')
        os.environ["DATABASE_URL"] = _url_of(half)
        migrate()
        os.environ["DATABASE_URL"] = services.database_url
        if _is_there(connection, name):  # another process was faster
            connection.execute(f'DROP DATABASE "{half}"')
        else:
            connection.execute(f'ALTER DATABASE "{half}" RENAME TO "{name}"')
    return name


def _is_there(connection: psycopg.Connection, name: str) -> bool:
    found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name])
    return found.fetchone() is not None


def _drop_orphans(connection: psycopg.Connection) -> None:
    """Drop what processes have left behind that were ended."""
    for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall():
        owner = re.fullmatch(rf"(?:{HALF}|{COPY})_(\d+)(?:_\d+)?", name)
        if owner and not _is_alive(int(owner[1])):
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _migrations_digest() -> str:
    digest = hashlib.sha256()
    for wing in ("portal", "alerts", "training"):
        for path in sorted((ROOT / wing).glob("**/migrations/*.py")):
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def copy_of(template: str) -> Iterator[str]:
    """Copy the database for a while; yield the URL of the copy."""
    name = f"{COPY}_{os.getpid()}_{next(_numbers)}"
    with _connected() as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield _url_of(name)
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _connected() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


def _url_of(name: str) -> str:
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
