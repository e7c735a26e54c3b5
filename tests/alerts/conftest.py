"""The plant and the people that most rooms work with. A room brings its own `workspace`, and may
bring its own of anything else.
"""

import pytest

from portal.accounts.models import Role, ScopeKind
from tests import cast
from tests.factories.incidents import make_site


@pytest.fixture
def site(db):
    return make_site()


@pytest.fixture
def porto(db):
    return make_site("Porto", zone="Blending", time_zone="Europe/Lisbon")


@pytest.fixture
def oda(make_person, site):
    return make_person(cast.ODA, (Role.OT_ENGINEER, ScopeKind.SITE, site.uuid))


@pytest.fixture
def olaf(make_person, site):
    return make_person(cast.OLAF, (Role.OT_SITE_LEAD, ScopeKind.SITE, site.uuid))


@pytest.fixture
def pia(make_person, porto):
    return make_person(cast.PIA, (Role.OT_ENGINEER, ScopeKind.SITE, porto.uuid))


@pytest.fixture
def sam(make_person, workspace):
    return make_person(cast.SAM, (Role.SOC_ANALYST, ScopeKind.WORKSPACE, workspace.uuid))


@pytest.fixture
def leo(make_person, workspace):
    return make_person(cast.LEO, (Role.SOC_LEAD, ScopeKind.WORKSPACE, workspace.uuid))


@pytest.fixture
def mia(make_person):
    return make_person(cast.MIA, (Role.MANAGER, ScopeKind.ALL, None))


@pytest.fixture
def ada(make_person):
    return make_person(cast.ADA, (Role.ADMINISTRATOR, ScopeKind.ALL, None))
