"""Paths name lessons that there are; what is wrong with one is named by line and column."""

from datetime import date

import pytest

from tests.factories import lessons
from training.catalog.engine.content import PathDay
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.engine.faults import Vocabulary

KNOWN = Vocabulary(date(2026, 11, 24), frozenset({"Controller Stop"}))


def read(root, text=lessons.PATH):
    lessons.write_module(root)
    lessons.write_path(root, text)
    return read_curriculum(root, "content", KNOWN)


def test_a_path_has_days_and_lessons_in_their_order(tmp_path):
    curriculum = read(tmp_path)
    assert curriculum.faults == ()
    (path,) = curriculum.paths
    assert (path.id, path.title, path.nice) == ("first-week", "First week", ("PD-WRL-001",))
    assert path.days == (
        PathDay("Stops", ("first-module/one-stop",)),
        PathDay("Starts", ("second-module/one-start",)),
    )


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("YAML-SYNTAX", "title: First week", "title: [First week\nsummary§: a"),
        ("YAML-DUPLICATE", "  - title: Stops", "  - title: Stops\n    §title: Stops"),
        ("UNKNOWN-KEY", "days:", "§weeks: 1\ndays:"),
        ("MISSING-KEY", "id: first-week\ntitle: First week", "§id: first-week"),
        ("MISSING-KEY", "  - title: Stops\n    lessons", "§  - lessons"),
        ("WRONG-VALUE", "lessons: [first-module/one-stop]", "lessons: §[one-stop]"),
        ("WRONG-VALUE", "  - title: Starts", "  - title: §2"),
        ("UNKNOWN-LESSON", "- second-module/one-start", "- §second-module/gone"),
        ("DUPLICATE-LESSON", "- second-module/one-start", "- §first-module/one-stop"),
        (
            "NO-LESSONS",
            "  - title: Stops\n    lessons: [first-module/one-stop]",
            "  - §title: Stops\n    lessons: []",
        ),
        ("FILE-NAME", "id: first-week", "id: §other-week"),
    ],
)
def test_a_fault_of_a_path_is_named_at_its_place(tmp_path, code, old, new):
    assert old in lessons.PATH
    marked = lessons.PATH.replace(old, new, 1)
    before = marked[: marked.index("§")]
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    faults = read(tmp_path, marked.replace("§", "")).faults
    found = {(fault.path, fault.line, fault.column, fault.code) for fault in faults}
    assert ("content/paths/first-week.yaml", line, column, code) in found, [*map(str, faults)]


def test_a_path_without_days_and_a_stray_file_are_faults(tmp_path):
    text = lessons.PATH.partition("days:")[0] + "days: []\n"
    read(tmp_path, text)
    (tmp_path / "paths" / "notes.txt").write_text("?")
    curriculum = read(tmp_path, text)
    assert {fault.code for fault in curriculum.faults} == {"NO-DAYS", "STRAY-FILE"}
    assert curriculum.paths == ()
