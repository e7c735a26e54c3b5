"""A workspace, its analyst and a lead of all."""

import pytest

from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.factories.incidents import make_workspace


@pytest.fixture
def workspace(db):
    return make_workspace("gdansk")


@pytest.fixture
def sam(make_person, workspace):
    return make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, workspace.uuid))
