"""The database, the workspace and the people that measurements start from."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent

if TYPE_CHECKING:
    from alerts.sentinel.models import Workspace
    from portal.accounts.models import User


def as_a_worker() -> None:
    """Set this process up as a Celery child sets itself up when it starts; for both sides."""
    from portal.celery import tune_garbage_collection

    tune_garbage_collection()


def migrate() -> None:
    """Apply all migrations to the database of DATABASE_URL."""
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, check=True)


def set_up_django() -> None:
    """Start Django with the bench's addresses."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")
    import django

    django.setup()


@contextmanager
def own_database() -> Iterator[None]:
    """Django over an empty database that is gone again afterwards."""
    import embedded

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    embedded.ensure_environment(Path(os.environ.get("DATA_DIR", ".data")))
    import django

    django.setup()
    from django.db import connection

    own, name = connection.settings_dict["NAME"], ""
    try:
        name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
        yield
    finally:
        if name:
            connection.creation.destroy_test_db(own, verbosity=0)


def make_workspace(name: str, *, now: datetime) -> "Workspace":
    """Register a workspace of this name."""
    from alerts.sentinel.models import Workspace

    return Workspace.objects.create(
        name=name,
        tenant_id="t",
        subscription_id="s",
        resource_group="r",
        workspace_name=name,
        credential="client-secret",
        added_at=now,
    )


def make_analyst(email: str, *, now: datetime) -> "User":
    """Add a SOC analyst who sees everything."""
    from portal.accounts.models import GrantScope, Role, User
    from portal.accounts.services.people import grant_role

    user = User.objects.create_user(email, "Analyst")
    grant_role(
        to=user, role=Role.SOC_ANALYST, scope=GrantScope.ALL, scope_uuid=None, by="bench", now=now
    )
    return user


def session_cookie(user: "User") -> str:
    """Sign this person in; return the cookie."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}"
