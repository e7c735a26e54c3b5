"""Programs that ask the API, and something to ask about."""

import pytest

from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.factories.incidents import make_site, make_workspace
from tests.program import Program, stored_incident


@pytest.fixture
def workspace(db):
    return make_workspace("gdansk")


@pytest.fixture
def sam(make_person, workspace):
    return make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, workspace.uuid))


@pytest.fixture
def incident(workspace):
    return stored_incident(workspace, site_ids=[make_site().pk], place="Gdańsk")


@pytest.fixture
def program(sam, noon):
    """Sam's program, with every scope."""
    return Program(sam)
