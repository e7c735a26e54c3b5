"""Planned work over the API: read, create, edit, extend, done, cancel."""

from datetime import timedelta

import pytest

from alerts.planned_work.models import PlannedWork
from tests.conftest import NOON

pytestmark = pytest.mark.django_db

WORK = {
    "site": "Gdańsk",
    "title": "Drive firmware",
    "kind": "firmware",
    "starts_at": "2026-11-24T08:00",
    "ends_at": "2026-11-24T13:00",
    "from_devices": ["ENG-WS-04"],
    "to_devices": ["Packaging 2 / 10.20.4.40"],
}


@pytest.fixture
def ask(client, noon):
    def send(person, path="", values=None, method="post"):
        client.force_login(person)
        address = f"/api/v1/planned-work/{path}"
        if method == "get":
            return client.get(address)
        return client.post(address, values or {}, content_type="application/json")

    return send


def test_work_is_planned_and_read_back(ask, devices, oda):
    made = ask(oda, values=WORK).json()
    assert (made["title"], made["minutes"], made["time_zone"]) == (
        "Drive firmware",
        300,
        "Europe/Warsaw",
    )
    assert made["to_devices"] == ["Packaging 2 / 10.20.4.40"]
    listed = ask(oda, method="get").json()["results"]
    assert [row["id"] for row in listed] == [made["id"]]
    times = ask(oda, f"{made['id']}/occurrences/", method="get").json()["results"]
    assert [row["starts_at"] for row in times] == ["2026-11-24T07:00:00Z"]


def test_moments_with_an_offset_mean_what_they_say(ask, devices, oda):
    values = WORK | {"starts_at": "2026-11-24T07:00:00Z", "ends_at": "2026-11-24T12:00:00Z"}
    assert ask(oda, values=values).json()["starts_local"] == "2026-11-24T08:00:00"


def test_it_is_extended_done_and_cancelled_by_name(ask, planned, oda):
    work = planned()
    path = f"{work.uuid}/"
    assert ask(oda, f"{path}extend/", {"until": "2026-11-24T16:00:00Z"}).status_code == 200
    assert ask(oda, f"{path}done/").json()["state"] == "done"
    assert ask(oda, f"{path}cancel/", {"note": "no"}).status_code == 409


def test_an_edit_says_all_of_it_anew(ask, planned, oda):
    work = planned(now=NOON - timedelta(hours=1))
    made = ask(oda, f"{work.uuid}/edit/", WORK | {"title": "Another"}).json()
    assert (made["title"], made["revision"]) == ("Another", 2)


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"site": "Nowhere"}, "site"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"starts_at": "0001-01-01T00:00"}, "starts_at"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"devices": ["GHOST-1"]}, "devices"),
        ({"zone": "Nowhere"}, "zone"),
        ({"owner": "sam"}, "owner"),
    ],
)
def test_bad_input_is_named(ask, devices, oda, change, member):
    answer = ask(oda, values=WORK | change)
    assert answer.status_code == 400
    assert member in answer.json()["errors"]
    assert not PlannedWork.objects.exists()


def test_who_may_not_plan_there_is_refused(ask, devices, planned, pia, sam):
    work = planned()
    assert ask(sam, values=WORK).status_code == 403
    assert ask(pia, values=WORK).status_code == 400  # no site that she may see
    assert ask(pia, f"{work.uuid}/done/").status_code == 404
