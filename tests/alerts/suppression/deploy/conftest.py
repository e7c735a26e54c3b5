"""A workspace with a plant behind it, and the two who sign."""

import pytest

from tests import cast
from tests.alerts.suppression.deploy.plant import furnish
from tests.factories.incidents import make_site, make_workspace


@pytest.fixture
def site(db):
    return make_site()


@pytest.fixture
def workspace(site):
    made = make_workspace()
    furnish(made, site)
    return made


@pytest.fixture
def oda(make_person, site):
    return make_person(cast.ODA, ("ot-engineer", "site", site.uuid))


@pytest.fixture
def leo(make_person, workspace):
    return make_person(cast.LEO, ("soc-lead", "workspace", workspace.uuid))
