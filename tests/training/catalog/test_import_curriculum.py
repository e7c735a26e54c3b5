"""Texts become rows: doing it again changes nothing, and nothing that was answered is lost."""

from datetime import UTC, date, datetime

import pytest

from portal.audit.models import Entry
from tests.factories import lessons
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.engine.faults import Vocabulary
from training.catalog.models import Card, CurriculumImport, Lesson, LessonQuestion, QuestionVersion
from training.catalog.services.import_curriculum import CannotImportCurriculum, import_curriculum

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KNOWN = Vocabulary(date(2026, 11, 24), frozenset({"Controller Stop"}))


def take_over(root, **texts):
    lessons.write_module(root, **texts)
    curriculum = read_curriculum(root, "content", KNOWN)
    return import_curriculum(curriculum=curriculum, by="tests", now=NOON)


@pytest.mark.django_db
def test_an_import_fills_the_rows_and_a_second_one_changes_nothing(tmp_path):
    assert take_over(tmp_path).counts == {"new": 18, "changed": 0, "retired": 0}
    assert take_over(tmp_path).counts == {"new": 0, "changed": 0, "retired": 0}
    lesson = Lesson.objects.get()
    assert [block.get("question") for block in lesson.body if "question" in block] == [
        "choose",
        "both",
        "port",
        "name",
        "frame",
        "levels",
        "steps",
    ]
    assert "<svg" in lesson.body[0]["html"] and "#source-1" in lesson.body[0]["html"]
    assert (lesson.alert_types, lesson.module.order) == (["Controller Stop"], 1)
    assert QuestionVersion.objects.get(question__slug="frame").content.accepted == ("2",)
    assert CurriculumImport.objects.count() == 1
    assert Entry.objects.filter(action="catalog.curriculum.imported").count() == 1


@pytest.mark.django_db
def test_a_new_key_is_a_new_version_and_a_typo_or_a_feedback_is_none(tmp_path):
    def import_with(*edits):
        text = lessons.LESSON
        for old, new in zip(edits[::2], edits[1::2], strict=True):
            assert old in text
            text = text.replace(old, new)
        take_over(tmp_path, **{"01-one-stop__md": text})
        rows = QuestionVersion.objects.filter(question__slug="choose").order_by("number")
        return [(row.number, row.is_current) for row in rows]

    assert import_with() == [(1, True)]
    assert import_with("Too soon.", "Far too soon.") == [(1, True)]
    assert import_with("Phone the", "Fone the") == [(1, False), (2, True)]
    minor = ("type=single", "type=single minor=true", "Phone the", "Phone at once the")
    assert import_with(*minor) == [(1, False), (2, True)]
    assert import_with() == [(1, True), (2, False)]  # back to the first wording


@pytest.mark.django_db
def test_what_is_taken_out_is_retired_and_comes_back_as_it_was(tmp_path):
    take_over(tmp_path)
    without = lessons.LESSON.replace("::: question {#port", "::: question {#door")
    changes = take_over(tmp_path, **{"01-one-stop__md": without, "cards__md": ""})
    assert changes.counts == {"new": 2, "changed": 1, "retired": 2}
    assert LessonQuestion.objects.get(slug="port").is_retired
    assert Card.objects.get().is_retired
    take_over(tmp_path, cards__md=lessons.CARDS)
    assert not LessonQuestion.objects.get(slug="port").is_retired
    assert LessonQuestion.objects.get(slug="door").is_retired


@pytest.mark.django_db
def test_faulty_texts_are_refused_and_old_ones_are_not(tmp_path):
    lessons.write_module(tmp_path, cards__md="## No id")
    curriculum = read_curriculum(tmp_path, "content", KNOWN)
    with pytest.raises(CannotImportCurriculum, match=r"1 fault;.*cards.md:1:1: CARD-HEAD"):
        import_curriculum(curriculum=curriculum, by="tests", now=NOON)
    assert not Lesson.objects.exists()
    lessons.write_module(tmp_path)
    late = Vocabulary(date(2028, 1, 1), KNOWN.alert_titles)
    import_curriculum(curriculum=read_curriculum(tmp_path, "c", late), by="tests", now=NOON)
    assert Lesson.objects.count() == 1
