"""One's own record: every answer as a page, as CSV and as JSON, and nobody else's."""

import csv
import io
import json

import pytest

from portal.formats.csv_files import csv_bytes
from tests.conftest import NOON
from training.catalog.engine.answers import answer_text
from training.catalog.models import QuestionVersion
from training.progress.models import Attempt

pytestmark = pytest.mark.django_db

LESSON = "/training/first-module/one-stop/"


@pytest.fixture
def answered(client, sam, leo, noon, lesson):
    """Sam tried the port twice and typed a formula; Leo answered once. Sam's browser."""
    client.force_login(leo)
    client.post(f"{LESSON}questions/name/", {"text": "leo was here"})
    client.force_login(sam)
    for slug, text in (("port", "502"), ("port", "102"), ("name", "=1+1")):
        client.post(f"{LESSON}questions/{slug}/", {"text": text})
    return client


def test_the_page_tells_first_tries_by_module_and_the_latest_answers(answered):
    html = answered.get("/training/record/").text
    assert "3 answers" in html and "0 of 2 (0 %)" in html
    assert html.index("=1+1") < html.index("Which port?")
    assert "leo was here" not in html
    assert 'href="/training/record/"' in answered.get("/training/").text


@pytest.mark.abuse("A34")
def test_csv_has_every_answer_in_their_order_and_runs_no_formula(answered):
    answer = answered.get("/training/record.csv")
    disposition = 'attachment; filename="training-record-2026-11-24.csv"'
    assert answer["Content-Disposition"] == disposition
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["try"], row["answer"], row["result"]) for row in rows] == [
        ("1", "502", "wrong"),
        ("2", "102", "right"),
        ("1", "'=1+1", "wrong"),
    ]
    assert rows[0] | {"try": "", "answer": "", "result": ""} == {
        "answered_at": "2026-11-24T12:00:00Z",
        "module": "Reading alerts",
        "lesson": "One stop",
        "question": "first-module/one-stop#port",
        "version": "1",
        "try": "",
        "prompt": "Which port?",
        "answer": "",
        "result": "",
    }


def test_json_has_the_same_and_says_whose_it_is(answered):
    document = json.loads(answered.get("/training/record.json").content)
    assert (document["person"], document["exported_at"]) == (
        "sam@demo.example",
        "2026-11-24T12:00:00Z",
    )
    assert [attempt["answer"] for attempt in document["attempts"]] == ["502", "102", "=1+1"]
    assert [attempt["version"] for attempt in document["attempts"]] == [1, 1, 1]


def test_who_answered_nothing_is_told_so_and_gets_an_empty_file(client, leo, mia, lesson):
    client.force_login(leo)
    assert "Nothing answered yet" in client.get("/training/record/").text
    assert len(client.get("/training/record.csv").text.splitlines()) == 1
    client.force_login(mia)
    for name in ("record/", "record.csv", "record.json"):
        assert client.get(f"/training/{name}").status_code == 403


@pytest.mark.parametrize(
    ("slug", "answer", "words"),
    [
        ("choose", {"chosen": [1]}, "Close it."),
        ("both", {"chosen": [0, 1]}, "The work order.; The engineer."),
        ("port", {"text": "0x66"}, "0x66"),
        ("levels", {"places": [1, 0, 2]}, "PLC: 2; HMI: 1; Historian: 3"),
        ("steps", {"places": [1, 0, 2]}, "Ask.; Call.; Write."),
    ],
)
def test_every_kind_of_answer_is_told_in_words(lesson, slug, answer, words):
    version = QuestionVersion.objects.get(question__slug=slug)
    assert answer_text(version.content, answer) == words


def test_the_record_needs_as_many_queries_for_many_answers(
    answered, sam, django_assert_num_queries
):
    version = QuestionVersion.objects.get(question__slug="choose")
    for number in range(1, 30):
        Attempt.objects.create(
            learner=sam,
            version=version,
            number=number,
            answer={"chosen": [0]},
            is_correct=True,
            answered_at=NOON,
        )
    with django_assert_num_queries(5):
        assert answered.get("/training/record.csv").text.count("\n") == 33


@pytest.mark.abuse("A34")
def test_texts_that_spreadsheets_would_run_are_texts():
    cells = ["=A1", "+1", "-1", "@x", "\t=1", "plain", 'say "no"', -1]
    text = csv_bytes(["a"] * len(cells), [cells]).decode("utf-8-sig")
    (_, row) = csv.reader(io.StringIO(text))
    assert row == ["'=A1", "'+1", "'-1", "'@x", "'\t'=1", "plain", 'say "no"', "-1"]
