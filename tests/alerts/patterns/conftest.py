"""A plant with routine in it, and its people."""

import pytest

from alerts.patterns.models import Candidate
from alerts.patterns.services.mine import mine_patterns
from portal.accounts.models import Role, ScopeKind
from tests import cast
from tests.alerts.suppression.past import judge, routine
from tests.conftest import NOON
from tests.factories.incidents import make_workspace

SCAN = "Address Scan Detected"


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def leo(make_person):
    return make_person(cast.LEO, (Role.SOC_LEAD, ScopeKind.ALL, None))


@pytest.fixture
def programming(workspace, site):
    """The engineering station programs a PLC every day at seven, plant time: it has a rhythm."""
    return routine(workspace, site)


@pytest.fixture
def judged(programming, oda):
    """OT has judged twelve of them, one by one."""
    return [judge([each], oda) for each in programming[:12]]


@pytest.fixture
def mine(noon):
    """`mine()` looks at history and gives the candidates, the best first."""

    def run(**given):
        mine_patterns(now=NOON, **given)
        return list(Candidate.objects.order_by("-rank", "-incidents", "pk"))

    return run
