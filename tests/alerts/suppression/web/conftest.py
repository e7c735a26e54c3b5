"""A plant with people of both sides, and rules in every state, as rows."""

import pytest

from tests import cast
from tests.alerts.suppression import samples
from tests.factories import rule_rows
from tests.factories.incidents import make_workspace
from tests.reuse import reuse_rows


@reuse_rows
def workspace(db):
    return make_workspace("north")


@pytest.fixture
def rule():
    return samples.but(
        samples.DOWNLOADS,
        reason="Recipe downloads after the change of shift",
        owner_ot=cast.ODA.email,
        owner_soc=cast.LEO.email,
    )


@pytest.fixture
def make_version(workspace, site, oda, leo, rule):
    """`make_version("live")` makes a rule whose only version stands in that state."""
    here = {"ot": oda, "soc": leo, "workspace": workspace, "site": site}
    return lambda state="draft", **more: rule_rows.make_version(state, **{"of": rule} | here | more)


@pytest.fixture
def acted(workspace, site):
    """`acted(version)` lets a version close an incident."""
    return lambda version, **more: rule_rows.make_entry(
        version, workspace=workspace, site=site, **more
    )


@pytest.fixture
def opened(client, noon):
    """`opened(person, address)` gives the page as text."""

    def shown(person, address, *, status=200, **more):
        client.force_login(person)
        answer = client.get(address, **more)
        assert answer.status_code == status
        return answer.content.decode()

    return shown


@pytest.fixture
def stand_in_sentinel(workspace):
    """`stand_in_sentinel(version, outcome)` says how a rule stands in the workspace."""
    return lambda version, outcome="landed", **more: rule_rows.make_wanted(
        version, workspace=workspace, outcome=outcome, **more
    )
