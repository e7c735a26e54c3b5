"""A workspace, its analyst and a lead of all."""

from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import add_person
from tests.factories.incidents import make_workspace
from tests.reuse import reuse_rows


@reuse_rows
def workspace(db):
    return make_workspace("gdansk")


@reuse_rows
def sam(workspace):
    return add_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, workspace.uuid))
