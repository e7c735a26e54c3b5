"""How Tagout reaches a pretend Azure: what a workspace, or a client, must know of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from alerts.sentinel.client.connection import Connection
from alerts.sentinel.models import Workspace
from simulator.plant.records import PlantWorkspace
from simulator.running import Running
from tests.factories.incidents import NOON, make_workspace

SECRET = "TAGOUT_TEST_SECRET_OF_AZURE"


@contextmanager
def secret_of(azure: Running, application: str = "portal") -> Iterator[None]:
    """Inside this block our clients sign in as this application."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SECRET, azure.application(application).secret)
        yield


def begin_reading(patch: pytest.MonkeyPatch, azure: Running) -> None:
    """At noon, signed in to this Azure, and without a pause between calls."""
    patch.setenv(SECRET, azure.application("portal").secret)
    patch.setattr("portal.clock.now", lambda: NOON)
    patch.setattr("alerts.intake.services.pace.Pace.wait", lambda self: None)


def columns_at(
    azure: Running, *, application: str = "portal", place: PlantWorkspace | None = None
) -> dict[str, str]:
    """The columns of a workspace that lies at this place of Azure, which is its first one if not
    given, and that is read as this application.
    """
    place = place or azure.workspaces[0]
    return {
        "tenant_id": place.tenant_id,
        "subscription_id": place.subscription_id,
        "resource_group": place.resource_group,
        "workspace_name": place.name,
        "endpoint": azure.endpoint,
        "authority": azure.endpoint,
        "credential": "client-secret",
        "client_id": azure.application(application).client_id,
        "secret_env": SECRET,
        "ca_bundle": str(azure.ca_file),
    }


def make_workspace_at(
    azure: Running, name: str = "far", *, application: str = "portal", **columns: Any
) -> Workspace:
    """A workspace of this pretend Azure."""
    return make_workspace(name, **columns_at(azure, application=application) | columns)


def connection_to(
    azure: Running,
    *,
    application: str = "portal",
    place: PlantWorkspace | None = None,
    **members: str,
) -> Connection:
    """The same for a client that needs no row."""
    place = place or azure.workspaces[0]
    values = columns_at(azure, application=application, place=place)
    return Connection(workspace=place.key, **values | members)
