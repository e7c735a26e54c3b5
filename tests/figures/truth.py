"""`python -m tests.figures.truth` holds what plan, draft and sitting of a running demo count
against what enforcement would do with the same 90 days: every rule and every step of the plan.

All is mined, counted and replayed in a copy of the database. Exit status 1 where a count differs.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
import psycopg
from psycopg import sql

import embedded
from portal.runtime import env
from tests.architecture.tree import HOME

COPY = "truth"


def main() -> int:
    """Compare all rules and print a line each."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alerts.demo.settings")
    embedded.ensure_environment(Path(env.text("DATA_DIR", str(HOME / ".data"))))
    with copy_of(os.environ["DATABASE_URL"]) as copy:
        os.environ["DATABASE_URL"] = copy
        django.setup()
        from tests.figures.rule_counts import print_differences

        return 1 if print_differences() else 0


@contextmanager
def copy_of(database: str) -> Iterator[str]:
    """Copy a database beside itself for a while."""
    from portal.backup.pg_tools import client_of_wheel

    place, _, _ = database.rpartition("/")
    copy, name = f"{place}/{COPY}", sql.Identifier(COPY)
    with psycopg.connect(database, autocommit=True) as connection:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name)
        connection.execute(drop)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            dump = [str(client_of_wheel("pg_dump")), "-Fc", "-Z0", database]
            restore = [str(client_of_wheel("pg_restore")), "-d", copy]
            with subprocess.Popen(dump, stdout=subprocess.PIPE) as reading:
                subprocess.run(restore, stdin=reading.stdout, check=True)
            yield copy
        finally:
            connection.execute(drop)


if __name__ == "__main__":
    sys.exit(main())
