"""`manage.py training check` and `lock` at an author's desk: no database, one line a fault."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from tests.factories import lessons


def _run(*words):
    out = io.StringIO()
    call_command("training", *words, stdout=out)
    return out.getvalue()


def test_check_prints_faults_counts_and_ends_with_one(tmp_path):
    folder = lessons.write_module(tmp_path)
    assert _run("check", str(tmp_path)).startswith("1 modules, 1 lessons, 7 questions, 1 cards")
    (folder / "assets" / "strip.svg").write_text(lessons.FIGURE.replace("10", "12"))
    with pytest.raises(SystemExit) as ended:
        _run("check", str(folder))
    assert ended.value.code == 1
    _run("lock", str(tmp_path))
    document = json.loads(_run("check", str(tmp_path), "--json"))
    assert document == {
        "modules": 1,
        "lessons": 1,
        "questions": 7,
        "cards": 1,
        "captures": 1,
        "footnoted": 1,
        "faults": [],
    }
    with pytest.raises(CommandError, match="is not a folder"):
        _run("check", str(tmp_path / "gone"))
