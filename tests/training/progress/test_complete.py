"""When a lesson and a module are complete."""

import pytest

from training.catalog.models import Lesson, Module
from training.progress.queries.lesson_progress import LessonProgress, ModuleProgress


def lesson(right, total):
    return LessonProgress(lesson=Lesson(minutes=10), total=total, right=right, tried=total)


@pytest.mark.parametrize(
    ("mark", "lessons", "is_complete"),
    [
        (0.8, [(4, 5)], True),
        (0.8, [(3, 5)], False),
        (0.8, [(5, 5), (3, 5)], True),
        (0.8, [(3, 5), (4, 5)], False),
        (0.8, [(7, 9)], False),
        (1.0, [(5, 5)], True),
        (1.0, [(4, 5)], False),
        (0.0, [(0, 0)], False),
    ],
)
def test_a_module_is_complete_from_exactly_its_pass_mark(mark, lessons, is_complete):
    rows = tuple(lesson(right, total) for right, total in lessons)
    assert ModuleProgress(Module(pass_mark=mark), rows).is_complete is is_complete


@pytest.mark.parametrize(
    ("right", "total", "is_complete"), [(5, 5, True), (4, 5, False), (0, 0, False)]
)
def test_a_lesson_is_complete_when_every_question_is_right(right, total, is_complete):
    assert lesson(right, total).is_complete is is_complete
