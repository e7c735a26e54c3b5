"""Modules with one's own progress, one's own answers, and a team's totals over the API."""

from datetime import timedelta

import pytest

from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON, add_person
from tests.factories import lessons
from tests.portal.api.test_description import fits
from tests.program import Program
from training.catalog.models import QuestionVersion
from training.progress.services import answer_question

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


LAST_WEEK = NOON - timedelta(days=5)


def answer(learner, text="102", *, at=NOON):
    version = QuestionVersion.objects.get(question__slug="port", is_current=True)
    answer_question(version=version, form={"text": [text]}, learner=learner, now=at)


def test_modules_tell_the_progress_of_whoever_asks(sam, leo, mia, lesson):
    for text in ("502", "102"):
        answer(sam, text, at=NOON - timedelta(days=4))
    answered = Program(sam).get("training/modules/")
    fits(answered, "/training/modules/")
    (module,) = answered.json()["results"]
    assert module | {"slug": "first-module", "questions": 7, "right": 1, "due": 1} == module
    assert (module["is_complete"], module["minutes"], module["minutes_left"]) == (False, 20, 6)
    (of_leo,) = Program(leo).get("training/modules/?fields=slug,right,due").json()["results"]
    assert of_leo == {"slug": "first-module", "right": 0, "due": 0}
    one = Program(sam).get("training/modules/first-module/")
    assert one.json()["right"] == 1
    assert Program(mia).get("training/modules/").json()["results"] == []
    assert Program(mia).get("training/modules/first-module/").status_code == 404
    again = Program(sam).get("training/modules/", if_none_match=answered["ETag"])
    assert again.status_code == 304


def test_modules_run_by_their_order_page_by_page(sam):
    made = [lessons.make_lessons(1) for _ in range(3)]
    for order, module in zip((9, 11, 10), made, strict=True):
        type(module).objects.filter(pk=module.pk).update(order=order)
    program, orders, cursor = Program(sam), [], ""
    while cursor is not None:
        query = {"page_size": 1, "fields": "order"} | ({"cursor": cursor} if cursor else {})
        body = program.get("training/modules/", query).json()
        orders += [row["order"] for row in body["results"]]
        cursor = body["next"]
    assert orders == [9, 10, 11]


def test_results_are_ones_own_latest_first(sam, leo, lesson):
    answer(leo)
    for minutes, text in enumerate(("502", "102")):
        answer(sam, text, at=NOON + timedelta(minutes=minutes))
    program = Program(sam)
    answered = program.get("training/results/")
    fits(answered, "/training/results/")
    assert "data_age_seconds" in answered.json()
    assert [(row["number"], row["is_correct"]) for row in answered.json()["results"]] == [
        (2, True),
        (1, False),
    ]
    right, wrong = answered.json()["results"]
    assert (right["module"], right["lesson"], right["question"], right["version"]) == (
        "first-module",
        "one-stop",
        "port",
        1,
    )
    assert (right["is_first_right"], wrong["is_first_right"]) == (True, False)
    one = program.get(f"training/results/{right['id']}/")
    fits(one, "/training/results/{id}/")
    assert one.json()["answer"] == {"text": "102"}
    assert Program(leo).get(f"training/results/{right['id']}/").status_code == 404
    for query, count in {
        "module=first-module": 2,
        "module=other": 0,
        "is_correct=true": 1,
        "answered_from=2026-11-24T12:01:00Z": 1,
        "answered_to=2026-11-24T12:01:00Z": 1,
    }.items():
        assert len(program.get(f"training/results/?{query}").json()["results"]) == count, query
    assert program.get("training/results/?learner=1").status_code == 400


def test_totals_are_for_those_who_look_after_a_team_and_hidden_below_five(sam, mia, lesson):
    program = Program(mia)
    totals = program.get("training/totals/")
    fits(totals, "/training/totals/")
    assert (totals.json()["people"], totals.json()["results"]) == (1, [])
    assert "fewer than 5 people" in totals.json()["hidden_because"]
    for at in range(4):
        person = cast.Person(f"analyst{at}@demo.example", "Analyst")
        answer(add_person(person, (Role.SOC_ANALYST, GrantScope.ALL, None)), at=LAST_WEEK)
    answer(sam, "502", at=LAST_WEEK)
    totals = program.get("training/totals/")
    fits(totals, "/training/totals/")
    assert totals.json()["hidden_because"] is None
    assert totals.json()["counted_until"] == "2026-11-23T00:00:00Z"
    assert totals.json()["results"] == [
        {
            "module": "first-module",
            "title": "Reading alerts",
            "began": 5,
            "finished": 0,
            "share_first_right": 0.8,
        },
    ]
    assert Program(sam).get("training/totals/").status_code == 403
