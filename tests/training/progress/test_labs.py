"""A lab in its lesson: an alert is judged, and what OT said comes after."""

from html import unescape

import pytest
from django.test import Client

from tests.bars import bar_faults_everywhere, bar_faults_of_each
from tests.conftest import NOON
from tests.factories import lessons
from tests.training.conftest import KNOWN
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.services.import_curriculum import import_curriculum
from training.progress.models import Attempt
from training.progress.web.questions import show_lab

LESSON = "/training/first-module/one-stop/"
RIGHT = {"verdict": "maintenance", "reason": "repair", "sure": "70", "next_step": "phone"}


@pytest.fixture
def lab(db, tmp_path):
    lessons.write_lab(tmp_path)
    curriculum = read_curriculum(tmp_path, "content", KNOWN)
    import_curriculum(curriculum=curriculum, by="tests", now=NOON)


@pytest.fixture
def judge(lab, sam, noon):
    client = Client()
    client.force_login(sam)

    def send(**changes):
        version = client.get(LESSON).content.decode().rpartition('name="version" value="')[2]
        form = {**RIGHT, **changes, "version": version.partition('"')[0]}
        answer = client.post(f"{LESSON}questions/judge/", form, headers={"HX-Request": "true"})
        return unescape(answer.content.decode())

    send.client = client
    return send


def test_before_it_is_judged_the_page_shows_what_was_known_and_no_key(judge):
    page = unescape(judge.client.get(LESSON).content.decode())
    for shown in ("ENG-WS-04 told PLC-2 to stop.", "Work is planned for line B.", "Test rig"):
        assert shown in page
    assert "No:" not in page, "a cross before a sentence reads as a wrong sentence"
    for hidden in ("A valve hung open", "The upload first", "The repair would stop half way"):
        assert hidden not in page


def test_none_of_these_comes_last(tmp_path):
    lessons.write_lab(tmp_path)
    vendor = "{id: vendor, text: Vendor session"
    for file in tmp_path.rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(vendor, "{id: none, text: None of these"), encoding="utf-8")
    modules = read_curriculum(tmp_path, "content", KNOWN).modules
    (lab,) = (q.case for m in modules for le in m.lessons for q in le.questions if q.case)
    views = [show_lab(lab, seed=str(n), entered={}, answer=None) for n in range(9)]
    orders = {tuple(choice.value for choice in view.reasons) for view in views}
    assert len(orders) > 1 and {order[-1] for order in orders} == {"none"}


def test_each_part_is_told_apart(judge):
    page = judge(verdict="suspicious", next_step="block")
    assert "Not right yet" in page and "A valve hung open" in page
    assert "The station and the person belong here." in page
    assert "This step could hurt the plant." in page and "They see the line." in page
    assert Attempt.objects.get().answer == {
        "verdict": "suspicious",
        "reason": "repair",
        "next_step": "block",
        "sure": 70,
    }
    record = judge.client.get("/training/record.json").json()["attempts"]
    assert [entry["answer"].split("; ")[::3] for entry in record] == [["suspicious", "70 % sure"]]
    assert "Right after 2 tries" in judge()


def test_what_is_missing_is_said_and_what_was_chosen_stays(judge):
    page = judge(sure="")
    assert "Choose a verdict, a reason, how sure you are, and a next step." in page
    assert 'value="repair" checked' in page
    assert not Attempt.objects.exists()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_lab_keeps_the_bars_open_and_judged(browse, sam, lab):
    page = browse(LESSON, as_=sam)
    form = page.locator("#q-judge")
    for name in ("Suspicious", "Vendor session", "70 %", "Block the station"):
        form.locator("label", has_text=name).click()
    form.get_by_role("button", name="Check my answer").click()
    form.get_by_text("This step could hurt the plant.").wait_for()
    assert bar_faults_everywhere(page) == []
    assert bar_faults_of_each(page, f"{LESSON}?again=judge") == []
