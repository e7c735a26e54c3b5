"""The suite's PostgreSQL and broker: they start when a test first asks for one of them.

A run of pure tests starts no server. The migrated database is kept as a template from run to run,
so that a test database is a copy; it is made anew when a migration changes.
"""

import fcntl
import hashlib
import os

import django
import pytest
from django.conf import settings
from django.db import connection
from psycopg import sql

import embedded
from tests.architecture.tree import HOME, WINGS

TEMPLATE = "tagout_template_"


@pytest.fixture(scope="session")
def servers() -> None:
    """Both servers run. Tests that start processes of their own ask for this; `db` does so, too."""
    if "TAGOUT_EMBEDDED" not in os.environ and embedded.is_set("REDIS_URL"):
        return
    services = embedded.start(settings.DATA_DIR, durable=False)
    if not embedded.is_set("REDIS_URL"):
        from portal.celery import app

        os.environ["REDIS_URL"] = settings.REDIS_URL = services.redis_url
        app.conf.broker_url = services.redis_url


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers, django_db_modify_db_settings, django_db_blocker) -> None:
    """Test databases are copies of a migrated one."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = make_template()


def make_template() -> str:
    """Return the name of a database with all migrations applied, made where there is none yet."""
    name = TEMPLATE + migrations_digest()
    with (settings.DATA_DIR / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        existing = list_templates()
        if name not in existing:
            create_template(name)
            for outdated in existing:
                execute_outside(sql.SQL("DROP DATABASE IF EXISTS {}"), outdated)
    return name


def migrations_digest() -> str:
    """Return a digest of all migrations, Django's version included."""
    digest = hashlib.sha256(django.__version__.encode())
    for wing in WINGS:
        for path in sorted((HOME / wing).glob("**/migrations/*.py")):
            digest.update(path.relative_to(HOME).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def create_template(name: str) -> None:
    """Migrate a new database and give it this name only when it is whole."""
    original = connection.settings_dict["NAME"]
    creation = connection.creation
    made = creation.create_test_db(verbosity=0, autoclobber=True)
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = original
    execute_outside(sql.SQL("ALTER DATABASE {} RENAME TO {}"), made, name)


def list_templates() -> list[str]:
    """Return the names of all templates in this cluster, those of other migrations included."""
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [TEMPLATE])
        return [row[0] for row in cursor.fetchall()]


def execute_outside(statement: sql.SQL, *names: str) -> None:
    """Run a statement about whole databases, for which one must be connected to another."""
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement.format(*map(sql.Identifier, names)))
