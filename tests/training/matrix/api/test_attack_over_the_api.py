"""The matrix and its Navigator layers over the API: the numbers of the page."""

import pytest

from tests.factories.incidents import make_incident, make_workspace
from tests.portal.api.test_description import fits
from tests.program import Program
from training.matrix.engine.navigator import read_layer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def test_the_matrix_has_the_numbers_of_the_page(sam, lesson):
    make_incident(make_workspace(), title="Controller Stop")
    answered = Program(sam).get("attack/matrix/")
    fits(answered, "/attack/matrix/")
    body = answered.json()
    assert (body["version"], body["days"], len(body["results"])) == ("19.1", 90, 12)
    assert body["results"][0]["name"] == "Initial Access"
    cells = {
        technique["id"]: technique
        for tactic in body["results"]
        for technique in tactic["techniques"]
    }
    assert cells["T0858"]["lessons"] == 1
    assert {part["id"] for part in cells["T0843"]["subtechniques"]} >= {"T0843.001"}


def test_a_layer_opens_in_the_navigator(sam, lesson):
    answered = Program(sam).get("attack/navigator-layer/?of=trained")
    fits(answered, "/attack/navigator-layer/")
    layer = read_layer(answered.content)
    scores = {entry.technique_id: entry.score for entry in layer.entries}
    assert scores == {"T0858": 1, "T0843": 1}
    assert answered.json()["versions"]["layer"] == "4.5"
    assert Program(sam).get("attack/navigator-layer/").json()["name"].startswith("Tagout, seen,")
    for query in ("of=untrained", "of=seen,trained", "show=seen"):
        answer = Program(sam).get(f"attack/navigator-layer/?{query}")
        assert answer.status_code == 400, query


def test_whoever_may_not_open_the_matrix_gets_neither(make_person):
    from portal.accounts.models import GrantScope, Role
    from tests import cast

    ada = Program(make_person(cast.ADA, (Role.ADMINISTRATOR, GrantScope.ALL, None)))
    for path in ("attack/matrix/", "attack/navigator-layer/"):
        assert ada.get(path).status_code == 403
