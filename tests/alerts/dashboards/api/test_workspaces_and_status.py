"""How old the data is, workspace by workspace, and how the installation stands."""

from datetime import timedelta

import pytest

from alerts.dashboards.queries.sync import oldest_age
from alerts.intake.models import Cursor
from alerts.sentinel.models import Workspace
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_queue_row, make_site, make_workspace
from tests.program import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def read(workspace, **ago):
    Cursor.objects.create(
        workspace=workspace, fresh_at=NOON - timedelta(**ago), backfilled_until=NOON
    )


@pytest.fixture
def both(db):
    gdansk, porto = make_workspace("gdansk"), make_workspace("porto")
    read(gdansk, seconds=40)
    read(porto, minutes=20)
    return gdansk, porto


@pytest.fixture
def leo(make_person, both):
    return Program(make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.ALL, None)))


@pytest.fixture
def sam(make_person, both):
    return Program(make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, both[0].uuid)))


def ages(answer):
    body = answer.json()
    return body["data_age_seconds"], {r["name"]: r["data_age_seconds"] for r in body["results"]}


def test_every_answer_tells_the_age_of_the_stalest_workspace_behind_it(leo, sam):
    assert ages(leo.get("workspaces/")) == (1200, {"gdansk": 40, "porto": 1200})
    assert ages(sam.get("workspaces/")) == (40, {"gdansk": 40})
    assert leo.get("incidents/").json()["data_age_seconds"] == 1200
    answer = leo.get("incidents/", {"workspace": "gdansk"})
    assert answer.json()["data_age_seconds"] == 40 and answer["Data-Age-Seconds"] == "40"
    assert leo.get("workspaces/gdansk/").json()["data_age_seconds"] == 40


def test_the_age_alone_makes_no_new_answer(leo, monkeypatch):
    first = leo.get("incidents/")
    monkeypatch.setattr("portal.clock.now", lambda: NOON + timedelta(seconds=30))
    again = leo.get("incidents/", If_None_Match=first["ETag"])
    assert again.status_code == 304 and again["Data-Age-Seconds"] == "1230"


def test_a_paused_workspace_ages_no_answer_and_one_never_read_does(leo, both):
    Workspace.objects.filter(name="porto").update(state="paused")
    assert leo.get("incidents/").json()["data_age_seconds"] == 40
    make_workspace("new", added_at=NOON - timedelta(hours=1))
    assert leo.get("incidents/").json()["data_age_seconds"] == 3600
    assert ages(leo.get("workspaces/"))[1]["new"] is None


def test_ot_hears_of_the_workspaces_that_feed_its_site(make_person, both):
    site = make_site()
    oda = make_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.SITE, site.uuid))
    assert oldest_age(oda, now=NOON) is None
    make_queue_row(both[1], site)
    assert oldest_age(oda, now=NOON) == 1200
    assert ages(Program(oda).get("workspaces/"))[1] == {"porto": 1200}


def test_a_workspace_out_of_reach_is_not_there(sam):
    assert sam.get("workspaces/porto/").status_code == 404
    assert sam.get("workspaces/gdansk/").json()["health"] == "unknown"


def test_status_tells_freshness_to_all_and_details_to_those_who_can_help(leo, sam):
    body = leo.get("status/").json()
    levels = {row["name"]: row["level"] for row in body["workspaces"]}
    assert levels == {"gdansk": "ok", "porto": "bad"}
    assert body["details"]["owed"] == {"waiting": 0, "given_up": 0, "details_owed": 0}
    assert body["details"]["record"]["entries"] > 0
    assert sam.get("status/").json()["details"] is None
