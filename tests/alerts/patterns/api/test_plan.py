"""The plan over the API: one row a site, with its curve and its questions."""

import pytest

from tests.program import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def planned(judged, polling, run_mining, leo):
    polling()
    return run_mining()


def test_the_plan_of_each_site_comes_with_its_curve(planned, leo):
    (plan,) = Program(leo).get("plan/").json()["results"]
    assert (plan["site"], plan["incidents"], plan["rules_to_sign"]) == ("Gdańsk", 360, 1)
    assert [step["state"] for step in plan["curve"]] == ["ready", "evidence"]
    assert [step["gain"] for step in plan["curve"]] == [30, 80]
    shares = [step["share"] for step in plan["curve"]]
    assert shares == [plan["share_signed"], plan["share_full"]]
    assert (plan["judged"], plan["suspicious"], plan["minutes_month"]) == (12, 0, None)
    assert len(plan["questions"]) == plan["questions_today"] == 3


def test_one_site_is_asked_for_by_name_and_unknown_words_are_refused(planned, leo):
    program = Program(leo)
    assert len(program.get("plan/", {"site": "Gdańsk"}).json()["results"]) == 1
    assert program.get("plan/", {"site": "Porto"}).json()["results"] == []
    assert program.get("plan/", {"sight": "Porto"}).status_code == 400
