"""The plant and the people that most rooms work with. A room brings its own `workspace`, and may
bring its own of anything else.
"""

import pytest

from portal.accounts.models import GrantScope, Role
from simulator.running import running_simulator
from tests import cast
from tests.conftest import NOON, add_person
from tests.factories.azure import make_workspace_at, secret_of
from tests.factories.incidents import make_site
from tests.reuse import reuse_rows


@reuse_rows
def site(db):
    return make_site()


@reuse_rows
def porto(db):
    return make_site("Porto", zone="Blending", time_zone="Europe/Lisbon")


@reuse_rows
def oda(site):
    return add_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.SITE, site.uuid))


@reuse_rows
def olaf(site):
    return add_person(cast.OLAF, (Role.OT_SITE_LEAD, GrantScope.SITE, site.uuid))


@reuse_rows
def pia(porto):
    return add_person(cast.PIA, (Role.OT_ENGINEER, GrantScope.SITE, porto.uuid))


@reuse_rows
def sam(workspace):
    return add_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, workspace.uuid))


@reuse_rows
def leo(workspace):
    return add_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, workspace.uuid))


@reuse_rows
def mia(db):
    return add_person(cast.MIA, (Role.MANAGER, GrantScope.ALL, None))


@reuse_rows
def ada(db):
    return add_person(cast.ADA, (Role.ADMINISTRATOR, GrantScope.ALL, None))


@pytest.fixture(scope="module")
def azure(request):
    """A pretend Azure over TLS for all tests of a file, which says how much has happened there
    before (`INCIDENTS`).
    """
    incidents = getattr(request.module, "INCIDENTS", 0)
    with running_simulator(now=NOON, incidents=incidents) as running:
        yield running


@pytest.fixture
def add_azure_workspace(db, azure, noon):
    """`add_azure_workspace("far")` adds a workspace of this Azure; faults end with the test."""
    with secret_of(azure):
        yield lambda name="far", **columns: make_workspace_at(azure, name, **columns)
    azure.control.clear_faults()
