"""What was right only on a later try comes back after four days, until it is right at once."""

import re
from datetime import timedelta

import pytest

from tests.conftest import NOON
from tests.factories import lessons
from training.catalog.models import QuestionVersion
from training.progress.engine.repetition import QuestionState, state_after
from training.progress.models import Attempt
from training.progress.queries.lesson_progress import due_questions

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("tries", "is_right", "due_on_day"),
    [
        ([], False, None),
        ([(False, 0)], False, None),
        ([(True, 0)], True, None),
        ([(False, 0), (True, 0)], True, 4),
        ([(False, 0), (True, 0), (True, 1)], True, 4),  # the feedback was just read
        ([(False, 0), (True, 0), (False, 1)], True, 4),
        ([(False, 0), (True, 0), (True, 4)], True, None),
        ([(False, 0), (True, 0), (False, 5)], True, 4),
        ([(False, 0), (True, 0), (False, 5), (True, 5)], True, 9),
        ([(True, 0), (False, 30), (True, 30)], True, 34),
    ],
)
def test_a_question_is_due_four_days_after_a_later_try(tries, is_right, due_on_day):
    due_at = None if due_on_day is None else NOON + due_on_day * DAY
    found = state_after((right, NOON + day * DAY) for right, day in tries)
    assert found == QuestionState(is_right, due_at)
    assert found.is_due(NOON + 4 * DAY) == (due_on_day == 4)


@pytest.fixture
def at(client, sam, monkeypatch, lesson):
    """`at(5)` makes it the fifth day after noon, and returns Sam's browser."""

    def on_day(day):
        monkeypatch.setattr("portal.clock.now", lambda: NOON + day * DAY)
        client.force_login(sam)
        return client

    return on_day


def words(html):
    return re.sub(r"<[^>]+>", "", html)


LESSON = "/training/first-module/one-stop/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def port(at):
    """The question for a port, answered wrong and then right on the first day."""
    for text in ("502", "102"):
        at(0).post(f"{LESSON}questions/port/", {"text": text})
    return QuestionVersion.objects.get(question__slug="port")


def test_the_lesson_says_when_it_comes_back_and_then_that_it_is_due(at, port):
    html = at(0).get(LESSON).text
    assert "Right after 2 tries" in html
    assert "It was not right at the first try, so it comes back on 28 Nov." in words(html)
    assert "It is due again." in at(4).get(LESSON).text


def test_catalogue_module_and_home_list_it_from_the_fourth_day(at, port):
    pages = ("/training/", "/training/first-module/", "/training/next/")
    for path in pages:
        assert "Due again" not in at(3).get(path).text
    for path in pages[:2]:
        html = at(4).get(path).text
        assert "Due again" in html and "Which port?" in html and "Answer 1 question" in html
    assert 'href="/training/due/?module=first-module"' in at(4).get(pages[1]).text
    assert "1 question that was right only on a later try" in at(4).get(pages[2]).text


def test_it_is_answered_in_the_list_and_settled_at_the_first_try(at, port):
    assert "Nothing is due" in at(3).get("/training/due/").text
    html = at(4).get("/training/due/").text
    assert f'id="due-{port.pk}"' in html and 'name="text"' in html
    assert f'href="{LESSON}"' in html and "That is Modbus." not in html
    address = f"/training/due/{port.pk}/"
    answer = at(4).post(address, {"text": "102"})
    assert answer["Location"] == f"/training/due/?answered={port.pk}#due-{port.pk}"
    html = at(4).get(answer["Location"]).text
    assert "S7 uses it." in html and "so it comes back" not in html and "Nothing is due" in html
    assert "Due again" not in at(9).get("/training/").text
    assert f'id="due-{port.pk}"' not in at(9).get("/training/due/").text


def test_wrong_again_stays_due_and_right_after_that_comes_back_in_four_days(at, port, sam):
    address = f"/training/due/{port.pk}/"
    html = at(4).post(address, {"text": "502"}, headers=HTMX).text
    assert "<main" not in html and "That is Modbus." in html and "It is due again." in html
    assert 'name="text"' in at(4).get(address, headers=HTMX).text
    html = at(4).post(address, {"text": "102"}, headers=HTMX).text
    assert "comes back on 2 Dec." in words(html)
    assert due_questions(sam, now=NOON + 7 * DAY) == []
    (due,) = due_questions(sam, now=NOON + 8 * DAY)
    assert (due.version, due.due_at) == (port, NOON + 8 * DAY)


def test_what_cannot_be_judged_in_the_list_is_told_there(at, port, take_over):
    address = f"/training/due/{port.pk}/"
    for headers in (HTMX, {}):
        answer = at(4).post(address, {"text": "many"}, headers=headers)
        assert answer.status_code == 422 and "Type a number" in answer.text
        assert 'value="many"' in answer.text
    before = Attempt.objects.count()
    take_over(**{"01-one-stop__md": lessons.LESSON.replace("Which port?", "Which TCP port?")})
    answer = at(4).post(address, {"text": "102"})
    assert answer.status_code == 422 and "This question has just been changed." in answer.text
    assert "Which TCP port?" in answer.text and Attempt.objects.count() == before
    assert at(4).get("/training/due/99999/").status_code == 404
    assert at(4).get("/training/due/?answered=99999&module=gone").status_code == 200


def test_only_ones_own_questions_come_back(client, at, port, leo):
    at(4)
    client.force_login(leo)
    assert "Nothing is due" in client.get("/training/due/").text
    assert "Due again" not in client.get("/training/").text
