"""Labs: alerts to judge. They are read whole, or each fault is named where it stands."""

from datetime import date

import pytest

from tests.factories import lessons
from training.catalog.engine.answers import AnswerError, is_right, read_submitted_answer
from training.catalog.engine.content import CaseVerdict, QuestionContent
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.engine.exports.site import site_files
from training.catalog.engine.faults import Vocabulary

KNOWN = Vocabulary(date(2026, 11, 24), frozenset({"Controller Stop"}))
RIGHT = {"verdict": ["maintenance"], "reason": ["repair"], "sure": ["70"], "next_step": ["phone"]}


def read(tmp_path, text=lessons.LAB):
    lessons.write_lab(tmp_path, text)
    return read_curriculum(tmp_path, "content", KNOWN)


def question_of(tmp_path, text=lessons.LAB):
    curriculum = read(tmp_path, text)
    assert [str(fault) for fault in curriculum.faults] == []
    return curriculum.modules[0].lessons[0].questions[-1]


def test_a_triage_question_carries_its_lab(tmp_path):
    question = question_of(tmp_path)
    assert (
        question.case.source.level == "Level 3" and question.case.verdict is CaseVerdict.MAINTENANCE
    )
    assert [choice.id for choice in question.case.next_steps if choice.is_unsafe] == ["block"]
    assert QuestionContent.from_json(question.as_json()) == question


def test_another_key_is_another_version_and_other_feedback_is_not(tmp_path):
    question = question_of(tmp_path)
    reworded = question_of(tmp_path, lessons.LAB.replace("They see the line.", "They see it."))
    keyed = question_of(tmp_path, lessons.LAB.replace("reason: repair", "reason: vendor"))
    assert reworded.content_hash == question.content_hash != keyed.content_hash


def test_right_is_verdict_and_reason_and_next_step(tmp_path):
    question = question_of(tmp_path)
    assert is_right(question, read_submitted_answer(question, RIGHT, "seed"))
    for part, wrong in {"verdict": "routine", "reason": "vendor", "next_step": "close"}.items():
        assert not is_right(
            question, read_submitted_answer(question, {**RIGHT, part: [wrong]}, "seed")
        )
    assert is_right(question, read_submitted_answer(question, {**RIGHT, "sure": ["50"]}, "seed"))


@pytest.mark.parametrize("part", list(RIGHT))
def test_an_answer_without_one_of_its_parts_is_not_judged(part, tmp_path):
    question = question_of(tmp_path)
    for value in ([], ["nonsense"], ["routine", "maintenance"]):
        with pytest.raises(AnswerError, match="parts"):
            read_submitted_answer(question, {**RIGHT, part: value}, "seed")


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("UNKNOWN-ALERT-TYPE", "type: Controller Stop", "type: §Controler Stop"),
        ("WRONG-VALUE", "severity: Low", "severity: §Awful"),
        ("WRONG-VALUE", "{verdict: maintenance,", "{verdict: §harmless,"),
        ("WRONG-VALUE", "known:\n", "known: §none\nold:\n"),
        ("WRONG-VALUE", "holds: true", "holds: §maybe"),
        ("MISSING-KEY", "  raised: Sunday, 02:13\n", ""),
        ("UNKNOWN-KEY", "decided: The up", "§resolved: now\ndecided: The up"),
        ("LAB-KEY", "reason: repair", "reason: §holiday"),
        ("LAB-KEY", "next_step: phone", "next_step: §block"),
        (
            "LAB-REASONS",
            "  - {id: misuse, text: Station misused, feedback: The engineer was there.}\n",
            "",
        ),
        ("DUPLICATE-ID", "{id: vendor", "{id: §repair"),
        ("YAML-DUPLICATE", "decided: The", "decided: Once.\n§decided: The"),
    ],
)
def test_a_fault_of_a_lab_is_named_where_it_stands(code, old, new, tmp_path):
    assert old in lessons.LAB
    before, mark, after = lessons.LAB.replace(old, new, 1).partition("§")
    faults = read(tmp_path, before + after).faults
    found = [(fault.code, fault.line, fault.column) for fault in faults]
    place = (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
    assert code in {fault[0] for fault in found}, found
    assert not mark or (code, *place) in found, found
    assert all(fault.path.endswith("labs/sunday-stop.yaml") for fault in faults)


def test_a_lab_that_nobody_asks_and_a_stray_file_are_named(tmp_path):
    lab = lessons.write_lab(tmp_path)
    (lab.parent / "second.yaml").write_text(lessons.LAB)
    (lab.parent / "notes.txt").write_text("")
    faults = read_curriculum(tmp_path, "content", KNOWN).faults
    assert [(fault.code, fault.path.rpartition("/")[2]) for fault in faults] == [
        ("STRAY-FILE", "notes.txt"),
        ("UNUSED-LAB", "second.yaml"),
    ]


def test_the_exported_page_keeps_the_key_behind_a_line_that_opens(tmp_path):
    read(tmp_path)
    page = site_files(read_curriculum(tmp_path, "c", KNOWN).modules)[
        "first-module/one-stop.html"
    ].decode()
    asked, _, answer = page.partition("ENG-WS-04 told PLC-2 to stop.")[2].partition("<details>")
    assert "Repair after a fault" in asked and "A valve hung open." not in asked
    assert "A valve hung open." in answer
