"""People see the workspaces their grants reach, and no others."""

import pytest

from alerts.sentinel.queries import workspaces_to_read, workspaces_visible_to
from portal.accounts.models import Organisation
from tests import cast
from tests.factories.incidents import make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspaces():
    customer = Organisation.objects.create(name="Northern Foods")
    return {
        "gdansk": make_workspace("gdansk"),
        "porto": make_workspace("porto", organisation=customer),
        "lille": make_workspace("lille", organisation=customer, state="paused"),
    }


def seen_by(person):
    return [workspace.name for workspace in workspaces_visible_to(person)]


def test_reach_is_everywhere_an_organisation_or_one_workspace(workspaces, make_person):
    gdansk, porto = workspaces["gdansk"], workspaces["porto"]
    sam = make_person(cast.SAM, ("soc-analyst", "all", None))
    leo = make_person(cast.LEO, ("soc-lead", "organisation", porto.organisation.uuid))
    mia = make_person(cast.MIA, ("manager", "workspace", gdansk.uuid))
    ada = make_person(cast.ADA, ("administrator", "all", None))
    oda = make_person(cast.ODA)
    assert seen_by(sam) == seen_by(ada) == ["gdansk", "lille", "porto"]
    assert seen_by(leo) == ["lille", "porto"]
    assert seen_by(mia) == ["gdansk"]
    assert seen_by(oda) == []


def test_only_active_workspaces_are_worked_on(workspaces):
    assert [workspace.name for workspace in workspaces_to_read()] == ["gdansk", "porto"]
