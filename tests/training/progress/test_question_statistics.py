"""How hard a wording is: from thirty first tries on, with an interval, to training managers."""

from math import isclose, sqrt

import pytest

from portal.accounts.models import User
from tests.conftest import NOON
from tests.factories import lessons
from training.catalog.models import QuestionVersion
from training.progress.engine.statistics import Z95, wilson_interval
from training.progress.models import Attempt
from training.progress.queries.lesson_feedback import question_statistics

PAGE = "/lesson-notes/figures/"


@pytest.mark.parametrize(
    ("hits", "n"), [(18, 20), (45, 50), (1, 30), (30, 30), (0, 30), (700, 1000)]
)
def test_the_interval_ends_where_the_share_would_be_just_as_unlikely(hits, n):
    share = hits / n
    for end in wilson_interval(hits, n):
        if 1e-9 < end < 1 - 1e-9:
            distance = Z95 * sqrt(end * (1 - end) / n)
            assert isclose(abs(share - end), distance, abs_tol=1e-9)
    low, high = wilson_interval(hits, n)
    assert 0 <= low <= share <= high <= 1


def test_the_interval_of_few_is_wide_and_of_none_says_nothing():
    assert [round(end, 2) for end in wilson_interval(18, 20)] == [0.7, 0.97]
    assert [round(end, 2) for end in wilson_interval(45, 50)] == [0.79, 0.96]
    assert wilson_interval(0, 0) == (0.0, 1.0)


@pytest.fixture
def people(db):
    rows = [User(email=f"learner{at}@demo.example", name="Learner") for at in range(40)]
    return User.objects.bulk_create(rows)


def try_once(people, slug, right):
    version = QuestionVersion.objects.get(question__slug=slug, is_current=True)
    Attempt.objects.bulk_create(
        Attempt(
            learner=person,
            version=version,
            number=1,
            answer={"text": "1"},
            is_correct=at < right,
            answered_at=NOON,
        )
        for at, person in enumerate(people)
    )


def test_hard_ones_stand_first_and_those_with_few_tries_are_only_counted(
    client, noon, author, people, lesson
):
    try_once(people, "port", right=10)
    try_once(people, "name", right=40)
    try_once(people[:29], "frame", right=29)
    hard, easy = question_statistics().questions
    assert (hard.version.question.slug, hard.tries, hard.facility) == ("port", 40, 0.25)
    assert (hard.is_hard, easy.is_easy, easy.is_hard) == (True, True, False)
    client.force_login(author)
    html = client.get(PAGE).text
    assert "25 % (14 % to 40 %)" in html and "Hard: is it clear?" in html
    assert "100 % (91 % to 100 %)" in html and "Easy: nearly all are right" in html
    assert "1 more wording has fewer than 30 first tries." in html
    assert "Which frame stops?" not in html


def test_a_new_wording_begins_anew(people, take_over, lesson):
    try_once(people, "port", right=10)
    take_over(**{"01-one-stop__md": lessons.LESSON.replace("Which port?", "Which TCP port?")})
    try_once(people, "port", right=30)
    found = [
        (question.version.number, question.facility) for question in question_statistics().questions
    ]
    assert found == [(1, 0.25), (2, 0.75)]


def test_without_figures_the_page_says_when_there_will_be_some(client, noon, author, leo, lesson):
    client.force_login(author)
    assert "A question has figures once 30 people have tried it." in client.get(PAGE).text
    client.force_login(leo)
    assert client.get(PAGE).status_code == 403
