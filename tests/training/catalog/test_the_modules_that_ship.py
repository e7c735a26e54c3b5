"""The teaching that ships has no fault, is as large as promised, and is checked at once."""

import time
from datetime import date

from tests.architecture.tree import HOME
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.vocabulary import current_vocabulary


def test_the_modules_that_ship_have_no_fault_and_are_checked_within_two_seconds():
    known = current_vocabulary(date(2026, 11, 27))
    began = time.process_time()
    curriculum = read_curriculum(HOME / "training" / "content", "training/content", known)
    assert time.process_time() - began < 2
    assert [str(fault) for fault in curriculum.faults] == []
    least = {"modules": 12, "lessons": 60, "questions": 150, "cards": 240, "captures": 12}
    assert all(curriculum.figures[name] >= number for name, number in least.items())
    factual = [
        lesson for module in curriculum.modules for lesson in module.lessons if lesson.is_factual
    ]
    assert all(lesson.sources for lesson in factual)
