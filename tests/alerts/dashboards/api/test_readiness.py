"""Programs read whether a workspace is ready, as the command prints it."""

import pytest

from alerts.readiness.models import Finding
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_workspace
from tests.program import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def gdansk(db, noon):
    made = make_workspace()
    Finding.objects.create(workspace=made, part="connectors", facts=[], read_at=NOON, tried_at=NOON)
    return made


def person(make_person, role, workspace):
    return make_person(cast.LEO, (role, GrantScope.WORKSPACE, workspace.uuid))


def test_checks_have_the_members_of_the_command(make_person, gdansk):
    program = Program(person(make_person, Role.SOC_LEAD, gdansk))
    checks = program.get("workspaces/gdansk/readiness/").json()["checks"]
    connector = next(check for check in checks if check["name"].startswith("connector"))
    assert connector == {
        "name": "connector (s)",
        "state": "failed",
        "evidence": "No connector brings the alerts of this subscription.",
        "fix": "Connect the subscription.",
        "checked_at": "2026-11-24T12:00:00Z",
    }
    assert all(check["state"] in ("ok", "failed", "unknown") for check in checks)


@pytest.mark.abuse("A12")
def test_a_lead_of_another_workspace_gets_nothing(make_person, gdansk):
    program = Program(person(make_person, Role.SOC_LEAD, make_workspace("porto")))
    assert program.get("workspaces/gdansk/readiness/").status_code == 404
    assert program.get("workspaces/porto/readiness/").status_code == 200


def test_a_manager_gets_nothing_as_on_the_pages(make_person, gdansk):
    program = Program(person(make_person, Role.MANAGER, gdansk))
    assert program.get("workspaces/gdansk/").status_code == 200
    assert program.get("workspaces/gdansk/readiness/").status_code == 404
