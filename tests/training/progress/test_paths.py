"""A path of several days stands first for who has just begun, and says where to go on."""

from datetime import timedelta

import pytest

from tests.conftest import NOON
from tests.factories import lessons
from tests.training.conftest import KNOWN
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.models import LearningPath, QuestionVersion
from training.catalog.services.import_curriculum import import_curriculum
from training.progress.models import Attempt

STOP, START = "/training/first-module/one-stop/", "/training/second-module/one-start/"


@pytest.fixture
def path(tmp_path, lesson, noon):
    lessons.write_module(tmp_path)
    lessons.write_path(tmp_path)
    curriculum = read_curriculum(tmp_path, "content", KNOWN)
    first, again = (
        import_curriculum(curriculum=curriculum, by="tests", now=NOON).counts for _ in range(2)
    )
    assert first["new"] > 1 and again["new"] == again["changed"] == 0
    return LearningPath.objects.get()


@pytest.fixture
def see(client, sam):
    client.force_login(sam)
    return lambda address: client.get(address).text


def answer_right(learner, slug, *, at=NOON):
    for version in QuestionVersion.objects.filter(question__lesson__slug=slug):
        Attempt.objects.create(
            learner=learner, version=version, number=1, answer={}, is_correct=True, answered_at=at
        )


def test_who_has_just_begun_sees_it_above_the_modules(see, sam, path):
    html = see("/training/")
    assert html.index("First week") < html.index(">Modules<")
    assert "0 of 2 days, 0 of 14 questions right, 12 min left" in html
    assert html.count('aria-current="step"') == 1
    answer_right(sam, "one-stop")
    html = see("/training/")
    assert "1 of 2 days, 7 of 14 questions right, 6 min left" in html
    assert html.count(f'href="{START}"') >= 2  # in its day, and to go on


def test_the_next_lesson_is_that_of_the_path_not_of_the_module(see, sam, path):
    assert f'href="{STOP}"' in see("/training/next/")
    answer_right(sam, "one-stop")
    assert f'href="{START}"' in see("/training/next/")


def test_later_it_stands_below_the_modules_and_when_done_nowhere(see, sam, path):
    answer_right(sam, "one-stop", at=NOON - timedelta(days=28))
    html = see("/training/")
    assert html.index(">Modules<") < html.index("First week")
    answer_right(sam, "one-start")
    assert "First week" not in see("/training/")


def test_for_another_role_it_stands_below(see, path):
    html = see("/training/?for=all")
    assert html.index(">Modules<") < html.index("First week")


def test_a_lesson_that_was_taken_out_is_left_out_of_its_day(see, path):
    path.days[0]["lessons"].append("first-module/gone")
    path.save()
    assert "0 of 2 days, 0 of 14 questions right" in see("/training/")
