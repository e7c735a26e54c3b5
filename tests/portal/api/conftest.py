"""Programs that ask the API, and something to ask about."""

import pytest

from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import add_person
from tests.factories.incidents import make_site, make_workspace
from tests.program import Program, stored_incident
from tests.reuse import reuse_rows


@reuse_rows
def workspace(db):
    return make_workspace("gdansk")


@reuse_rows
def sam(workspace):
    return add_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, workspace.uuid))


@pytest.fixture
def incident(workspace):
    return stored_incident(workspace, site_ids=[make_site().pk], place="Gdańsk")


@pytest.fixture
def program(sam, noon):
    """Sam's program, with every scope."""
    return Program(sam)
