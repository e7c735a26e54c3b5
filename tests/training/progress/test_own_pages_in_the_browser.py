"""What comes back, the path, one's record and a team's totals in a real browser: by keyboard, on a
phone, in both themes.
"""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from portal import clock
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.bars import bar_faults_everywhere, right_margin
from tests.conftest import NOON, add_person
from tests.factories import lessons
from tests.training.conftest import KNOWN
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.models import QuestionVersion
from training.catalog.services.import_curriculum import import_curriculum
from training.progress.services import answer_question

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_question_that_came_back_is_answered_by_keyboard_and_all_pages_keep_the_bars(
    browse, sam, mia, lesson, tmp_path
):
    lessons.write_module(tmp_path)
    lessons.write_path(tmp_path)
    curriculum = read_curriculum(tmp_path, "content", KNOWN)
    import_curriculum(curriculum=curriculum, by="tests", now=NOON)
    version = QuestionVersion.objects.get(
        question__slug="port", question__lesson__slug="one-stop", is_current=True
    )
    for text in ("502", "102"):
        past = clock.now() - timedelta(days=5)
        answer_question(version=version, form={"text": [text]}, learner=sam, now=past)
    for at in range(4):
        person = cast.Person(f"analyst{at}@demo.example", "Analyst")
        add_person(person, (Role.SOC_ANALYST, GrantScope.ALL, None))

    for address in ("/training/", "/training/due/"):
        page = browse(address, as_=sam)
        expect(page.get_by_text("Which port?")).to_be_visible()
        assert bar_faults_everywhere(page) == []
    page = browse("/training/", as_=sam)
    expect(page.get_by_text("Day 1", exact=True)).to_be_visible()
    assert right_margin(page) < 40, "no dead space at the right"
    page.get_by_role("link", name="Answer 1 question").click()
    expect(page).to_have_title("Due again · Tagout")
    question = page.locator(f"#due-{version.pk}")
    question.get_by_label("Your answer").focus()
    page.keyboard.type("102")
    page.keyboard.press("Enter")
    expect(question).to_contain_text("S7 uses it.")
    expect(question).not_to_contain_text("comes back")
    page.goto(page.url.partition("#")[0])
    expect(page.get_by_text("Nothing is due")).to_be_visible()
    for address, person, words in (
        ("/training/record/", sam, "3 answers"),
        ("/team-progress/", mia, "Totals of 5 people"),
    ):
        page = browse(address, as_=person)
        expect(page.get_by_text(words)).to_be_visible()
        assert bar_faults_everywhere(page) == []
