"""A token that may not read gets no row back from what it writes."""

import pytest

from portal.accounts.models import GrantScope, Role, TokenScope
from tests import cast
from tests.abuse.test_api import OPERATIONS, call, roles_for
from tests.abuse.world import the_world
from tests.program import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def answers(make_person):
    """What every command answers a program with these scopes, where it was carried out."""

    def asked(*scopes):
        workspace, _site, ids = the_world(make_person, "gdansk")
        where = (GrantScope.WORKSPACE, workspace.uuid)
        owner = make_person(cast.LEO, (Role.SOC_LEAD, *where), (Role.OT_SITE_LEAD, *where))
        program = Program(owner, *scopes)
        found = {}
        for path, method, _said in OPERATIONS:
            if roles_for(path, method).kind == "command":
                answer = call(program, path, method, ids)
                if answer.status_code == 200:
                    found[path] = answer.json()
        return found

    return asked


@pytest.mark.abuse("A17")
def test_it_hears_the_id_and_no_more(answers):
    found = answers(*(scope for scope in TokenScope if scope != TokenScope.READ))
    assert len(found) > 10
    assert {path: row for path, row in found.items() if set(row) - {"data_age_seconds", "id"}} == {}


def test_with_read_it_gets_the_whole_row(answers):
    found = answers(*TokenScope)
    assert {path for path, row in found.items() if len(row) < 5} == set()
