"""Sam triages at one plant, whose incidents come from one workspace."""

from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import add_person
from tests.factories.incidents import make_site, make_workspace
from tests.reuse import reuse_rows


@reuse_rows
def gdansk(db):
    return make_workspace("gdansk")


@reuse_rows
def plant(db):
    return make_site("Gdańsk")


@reuse_rows
def sam(gdansk):
    return add_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, gdansk.uuid))
