"""A migrated database, kept from run to run, and a copy of it for each seed; on PostgreSQL of this
folder's own, which trades crash safety for speed.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

import embedded
from bench.setup import ROOT, migrate

DATA = Path(".data") / "bench-suppression"
HALF, COPY = "bench_half", "bench_seed"


def migrated_database() -> str:
    """Start the servers, and return the name of a database with all migrations applied; it is made
    where these migrations have none yet.
    """
    services = embedded.start(DATA, durable=False)
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = services.database_url, services.redis_url
    name = f"bench_{_migrations_digest()}"
    with _connected() as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return name
        connection.execute(f'DROP DATABASE IF EXISTS "{HALF}"')
        connection.execute(f'CREATE DATABASE "{HALF}"')
        os.environ["DATABASE_URL"] = _url_of(HALF)
        migrate()
        os.environ["DATABASE_URL"] = services.database_url
        connection.execute(f'ALTER DATABASE "{HALF}" RENAME TO "{name}"')
    return name


def _migrations_digest() -> str:
    digest = hashlib.sha256()
    for wing in ("portal", "alerts", "training"):
        for path in sorted((ROOT / wing).glob("**/migrations/*.py")):
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def copy_of(template: str) -> Iterator[str]:
    """Copy the database for a while; yield the URL of the copy."""
    with _connected() as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{COPY}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{COPY}" TEMPLATE "{template}"')
        try:
            yield _url_of(COPY)
        finally:
            connection.execute(f'DROP DATABASE IF EXISTS "{COPY}" WITH (FORCE)')


def _connected() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


def _url_of(name: str) -> str:
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
