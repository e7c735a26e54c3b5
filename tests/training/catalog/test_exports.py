"""What other programs get of the teaching."""

import io
import json
import re
import zipfile
from datetime import date
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

import pytest
from django.core.management import CommandError, call_command

from tests.architecture.tree import HOME
from tests.factories import lessons
from training.catalog.engine.content import all_questions
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.engine.exports.moodle import questions_to_moodle
from training.catalog.engine.exports.site import lessons_to_zip
from training.catalog.vocabulary import current_vocabulary

TODAY = date(2026, 11, 27)


@pytest.fixture(scope="module")
def shipped():
    vocabulary = current_vocabulary(TODAY)
    return read_curriculum(HOME / "training" / "content", "content", vocabulary).modules


def test_moodle_gets_every_question_but_labs_with_its_key_and_feedback(shipped):
    text, left_out = questions_to_moodle(shipped)
    quiz = ET.fromstring(text)
    kinds = [entry.get("type") for entry in quiz if entry.get("type") != "category"]
    types = [question.type for _, _, question in all_questions(shipped)]
    assert left_out == types.count("triage") > 0
    assert len(kinds) == len(types) - left_out
    for entry in quiz.findall("question[@type='multichoice']"):
        shares = [float(answer.get("fraction")) for answer in entry.findall("answer")]
        assert sum(share for share in shares if share > 0) == pytest.approx(100, abs=0.01)
        assert all(answer.findtext("feedback/text") for answer in entry.findall("answer"))
    assert "footnote-ref" not in text and "unbroken" not in text


def test_the_pages_open_from_a_folder_and_every_link_leads_somewhere(shipped):
    packed = lessons_to_zip(shipped)
    assert packed == lessons_to_zip(shipped)
    archive = zipfile.ZipFile(io.BytesIO(packed))
    names = set(archive.namelist())
    for name in names:
        if not name.endswith(".html"):
            continue
        html = archive.read(name).decode()
        assert "<script" not in html
        for href in re.findall(r'href="([^"]+)"', html):
            if href.startswith("#"):
                assert f'id="{href[1:]}"' in html, f"{name}: {href}"
            elif not href.startswith("http"):
                goal = urljoin(f"https://x/{name}", href).removeprefix("https://x/")
                assert goal.partition("#")[0] in names, f"{name}: {href}"


def test_the_command_writes_files_and_refuses_in_a_sentence(tmp_path):
    lessons.write_module(tmp_path)
    out = io.StringIO()
    goal = tmp_path / "x.xml"
    call_command(
        "training",
        "export",
        str(tmp_path),
        "--format",
        "moodle",
        "--output",
        str(goal),
        "--json",
        stdout=out,
    )
    assert json.loads(out.getvalue())["left_out"] == 0
    assert goal.read_text().startswith("<?xml")
    call_command("training", "preview", str(tmp_path), "--output", str(tmp_path / "p"), stdout=out)
    assert "Phone the control room." in (tmp_path / "p/first-module/one-stop.html").read_text()
    with pytest.raises(CommandError, match="knows moodle, html"):
        call_command("training", "export", str(tmp_path), "--format", "scorm")
