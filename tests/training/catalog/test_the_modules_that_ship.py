"""The teaching that ships has no fault, is as large as promised, and leaves out no alert."""

import time
from datetime import date

import pytest

from alerts.incidents.engine.catalogue import all_types
from portal.attack import engine as attack
from tests.architecture.tree import HOME
from tools.curriculum import (
    curriculum_overview,
    lessons_by_alert_type,
    reading_grade,
)
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.queries.lessons import shipped_reviews
from training.catalog.vocabulary import current_vocabulary

CONTENT = HOME / "training" / "content"
OWN_CAPTURES = {
    "two-stops.pcap"
}  # of one lesson alone; all others stand in the captures' room, too


@pytest.fixture(scope="module")
def shipped():
    vocabulary = current_vocabulary(date(2026, 11, 27))
    began = time.process_time()
    return read_curriculum(CONTENT, "training/content", vocabulary), time.process_time() - began


def test_the_modules_that_ship_have_no_fault_and_are_checked_within_two_seconds(shipped):
    curriculum, seconds = shipped
    assert seconds < 2
    assert [str(fault) for fault in curriculum.faults] == []
    least = {"modules": 12, "lessons": 60, "questions": 150, "cards": 240, "captures": 12}
    assert all(curriculum.figures[name] >= number for name, number in least.items())
    for module in curriculum.modules:
        for lesson in module.lessons:
            assert lesson.sources, f"{lesson.id} has no footnote"
            assert len(lesson.questions) >= 2, f"{lesson.id} asks too little"
            grade = reading_grade(block.html for block in lesson.blocks)
            assert grade <= 8, f"{lesson.id} is hard to read: grade {grade:.1f}"


def test_every_documented_type_of_alert_has_an_engine_a_review_and_a_lesson(shipped):
    curriculum, _ = shipped
    reviews = shipped_reviews()
    taught = lessons_by_alert_type(curriculum.modules)
    types = all_types()
    assert len(types) == 202
    assert [alert_type.title for alert_type in types if alert_type.title not in taught] == []
    engines = {"Policy Violation", "Protocol Violation", "Malware", "Anomaly", "Operational"}
    for alert_type in types:
        assert alert_type.engine in engines
        review = reviews[alert_type.title]
        assert all(attack.technique(technique).is_current for technique in review.techniques)
    notes = [review.note for review in reviews.values()]
    assert len(notes) == len(set(notes)) == 202, "each row has a reason of its own"
    assert sum(not review.techniques for review in reviews.values()) <= 40


def test_the_page_about_the_curriculum_says_what_the_lessons_are(shipped):
    curriculum, _ = shipped
    page = (HOME / "docs" / "curriculum.md").read_text(encoding="utf-8")
    fresh = curriculum_overview(
        curriculum.modules, all_types(), shipped_reviews(), attack.version()
    )
    assert page == fresh, "run `python -m tools.curriculum`"


def test_a_module_takes_as_long_as_its_lessons(shipped):
    curriculum, _ = shipped
    lengths = {
        module.id: (module.minutes, sum(lesson.minutes for lesson in module.lessons))
        for module in curriculum.modules
    }
    assert {name: pair for name, pair in lengths.items() if pair[0] != pair[1]} == {}


def test_captures_of_lessons_are_those_of_the_captures_room(shipped):
    curriculum, _ = shipped
    for module in curriculum.modules:
        for path in module.captures.values():
            if path.name not in OWN_CAPTURES:
                assert path.read_bytes() == (CONTENT / "captures" / path.name).read_bytes(), path


def test_the_reading_grade_counts_prose_and_nothing_else():
    prose = "<p>The pump stops. Who sent it?</p>"
    grade = reading_grade([prose])
    assert grade == pytest.approx(0.39 * 6 / 2 + 11.8 * 6 / 6 - 15.59)
    beside = "<h2>Extraordinary circumstances</h2><table><tr><td>Identification</td></tr></table>"
    assert (
        reading_grade([prose + beside + '<p>Who<sup class="footnote-ref">1</sup> asks?</p>'])
        < grade
    )
    assert reading_grade(["<p>Unauthorized communication necessitates investigation.</p>"]) > 15
    assert reading_grade([]) == 0
