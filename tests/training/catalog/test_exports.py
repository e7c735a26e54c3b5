"""What other programs get of the teaching, and what comes back from them."""

import io
import json
import re
import zipfile
from collections import Counter
from datetime import date
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

import pytest
from django.core.management import CommandError, call_command

from tests.architecture.tree import HOME
from tests.factories import lessons
from training.catalog.engine.content import all_questions
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.engine.exports.gift import (
    GiftError,
    question_to_block,
    questions_to_gift,
    read_gift,
    write_gift,
)
from training.catalog.engine.exports.moodle_anki import cards_to_tsv, questions_to_moodle
from training.catalog.engine.exports.site import lessons_to_zip
from training.catalog.vocabulary import current_vocabulary

TODAY = date(2026, 11, 27)
HEAD = lessons.LESSON.partition("\nThe phone")[0]


@pytest.fixture(scope="module")
def shipped():
    vocabulary = current_vocabulary(TODAY)
    return read_curriculum(HOME / "training" / "content", "content", vocabulary).modules


def test_gift_comes_back_byte_for_byte_also_by_way_of_a_lesson(shipped, tmp_path):
    text, left_out = questions_to_gift(shipped)
    types = Counter(question.type for _, _, question in all_questions(shipped))
    assert left_out == types["order"] + types["triage"] and types["order"] and types["triage"]
    found = read_gift(text)
    assert len(found) == types.total() - left_out
    assert "\n".join(write_gift(gift.name, gift.question) for gift in found) == text
    named = {f"q-{number}": gift.question for number, gift in enumerate(found)}
    blocks = "\n".join(question_to_block(name, question) for name, question in named.items())
    lessons.write_module(tmp_path, **{"01-one-stop__md": f"{HEAD}\n{blocks}"})
    modules = read_curriculum(tmp_path, "c", current_vocabulary(TODAY)).modules
    again = {question.id: write_gift("x", question) for _, _, question in all_questions(modules)}
    assert again == {name: write_gift("x", question) for name, question in named.items()}


def test_gift_of_others_is_read_and_what_cannot_be_is_told_by_its_line():
    text = (
        "// from a course\n$CATEGORY: a\n\n::T::Is it {T}\n\nPort {#502:1}\n\n"
        "[html]Which\\: one? {\n~%100%a \\= b#yes\n~c#no\n}\n\nCapital {=Berlin =%50%Bonn}\n"
    )
    true, port, which, capital = (gift.question for gift in read_gift(text))
    assert [option.is_correct for option in true.options] == [True, False]
    assert (port.accepted, port.tolerance) == (("502",), "1")
    assert (which.type, which.prompt, which.options[0].text) == ("single", "Which: one?", "a = b")
    assert capital.accepted == ("Berlin", "Bonn")
    for bad, line in (("Why? {}", 1), ("// x\n\nno answers", 3), ("n {#=many}", 1)):
        with pytest.raises(GiftError, match=f"line {line}:"):
            read_gift(bad)


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


def test_cards_are_three_columns_each(shipped):
    rows = [row for row in cards_to_tsv(shipped).splitlines() if not row.startswith("#")]
    assert len(rows) == sum(len(module.cards) for module in shipped)
    assert {row.count("\t") for row in rows} == {2}


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
    goal = tmp_path / "x.gift"
    call_command(
        "training",
        "export",
        str(tmp_path),
        "--format",
        "gift",
        "--output",
        str(goal),
        "--json",
        stdout=out,
    )
    assert json.loads(out.getvalue())["left_out"] == 1
    shown = io.StringIO()
    call_command("training", "gift", str(goal), stdout=shown)
    assert "::: question {#choose type=single}" in shown.getvalue()
    call_command("training", "preview", str(tmp_path), "--output", str(tmp_path / "p"), stdout=out)
    assert "Phone the control room." in (tmp_path / "p/first-module/one-stop.html").read_text()
    with pytest.raises(CommandError, match="knows gift, moodle, cards, html"):
        call_command("training", "export", str(tmp_path), "--format", "scorm")
    goal.write_text("no question")
    with pytest.raises(CommandError, match="line 1"):
        call_command("training", "gift", str(goal))
