"""Offsets that PostgreSQL does not know, and moments that UTC has no day for, are 400 or mean the
moment that they name; they never become our mistake.
"""

import base64

import pytest

from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.abuse.test_api import OPERATIONS
from tests.abuse.world import the_world
from tests.conftest import add_person
from tests.program import Program
from tests.reuse import reuse_rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

MOMENTS = {
    "2026-11-25T11:59:00+23:59": 200,
    "2026-11-24T12:00:00-23:59": 200,
    "0001-01-01T00:00:00+14:00": 400,
    "9999-12-31T23:59:59-14:00": 400,
    "2026-11-24T12:00:00": 400,
}
MARKS = [*MOMENTS, "1e999", "-1e308", "5", "", "x"]


@reuse_rows
def world(db):
    workspace, _site, ids = the_world(add_person, "gdansk")
    where = (GrantScope.WORKSPACE, workspace.uuid)
    lead = add_person(cast.LEO, (Role.SOC_LEAD, *where), (Role.OT_SITE_LEAD, *where))
    return Program(lead), lead, ids


def lists(kind):
    """Return address and parameters of this kind, of every list that there is."""
    for path, method, operation in OPERATIONS:
        names = [
            parameter["name"]
            for parameter in operation["parameters"]
            if parameter["in"] == "query" and kind(parameter)
        ]
        if method == "get" and names:
            yield path, names


def ask(world, path, **query):
    program, _lead, ids = world
    place = path.strip("/").split("/")
    kind = "/".join(place[:2]) if place[0] == "training" else place[0]
    address = path.strip("/").replace("{id}", str(ids.get(kind, ""))) + "/"
    return program.get(address.replace("{name}", "open-incidents"), query)


def test_no_cursor_of_any_list_is_our_mistake(world):
    found = {}
    for path, _ in lists(lambda field: field["name"] == "cursor"):
        for mark in MARKS:
            cursor = base64.urlsafe_b64encode(f"{mark}|1".encode()).decode().rstrip("=")
            found[path, mark] = ask(world, path, cursor=cursor).status_code
    assert len(found) > 150
    assert {key: code for key, code in found.items() if code not in (200, 400)} == {}


def test_each_filter_by_a_moment_takes_any_offset(world):
    found = {}
    for path, names in lists(lambda field: field["schema"].get("format") == "date-time"):
        for name in names:
            for text in MOMENTS:
                other = {"to": "2026-11-26T00:00:00Z"} if path.startswith("/metrics") else {}
                answer = ask(world, path, **{**other, name: text})
                found[path, name, text] = answer.status_code
    assert len(found) > 60
    wrong = {key: code for key, code in found.items() if code != MOMENTS[key[2]]}
    assert {key: code for key, code in wrong.items() if not key[0].startswith("/metrics")} == {}
    assert set(wrong.values()) <= {400}  # a period that begins after its end


@pytest.mark.parametrize("text", MOMENTS)
def test_pages_take_them_as_well(world, client, text):
    _program, lead, ids = world
    client.force_login(lead)
    mark = f"0_{text}_{ids['patterns']}"
    for query in ({"since": text}, {"after": mark}, {"after": f"{text}_1", "show": "closed"}):
        answer = client.get("/incidents/", query, headers={"HX-Request": "true"})
        assert answer.status_code in (200, 204, 400, 404), (query, answer.status_code)
    form = {"many": "1", "until": text, "ids": str(ids["incidents"]), "q": ""}
    answer = client.post("/incidents/act/assign/", form)
    assert answer.status_code < 500
    answer = client.post(f"/planned-work/{ids['planned-work']}/extend/", {"until": text})
    assert answer.status_code < 500


def test_a_moment_with_an_odd_offset_is_the_moment_it_names(world):
    found = ask(world, "/incidents/", modified_from="2026-11-25T11:59:00+23:59").json()["results"]
    later = ask(world, "/incidents/", modified_from="2026-11-25T12:00:00+23:59").json()["results"]
    assert len(found) > len(later) == 0
    assert {row["modified_at"] for row in found} == {"2026-11-24T12:00:00Z"}
