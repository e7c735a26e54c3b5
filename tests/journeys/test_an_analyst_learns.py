"""Sam meets a stop that he cannot judge: from the incident to its lesson, to the frame that stops
the controller, and to the technique in the matrix. By keyboard alone at a desk, by thumb on a
phone.
"""

import re
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import expect

from tests import cast
from tests.bars import axe_findings
from tests.browser import PHONE, WIDE
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_workspace
from training.catalog.engine.curriculum import read_curriculum
from training.catalog.services.import_curriculum import import_curriculum
from training.catalog.vocabulary import current_vocabulary
from training.progress.models import Attempt

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MODULE = Path("training/content/modules/08-reading-captures")
STOP = "An S7 Stop PLC Command was Sent"
BEFORE = 5  # stops of Tab
# Chromium pays for each stop as for a piece of a page: all of them are gone through where a page is
# long enough to lose somebody, and from the fifth before the target elsewhere.
COME_NEAR = """(target, before) => {
  const stops = [...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
    .filter((e) => e.checkVisibility({visibilityProperty: true}) && e.tabIndex >= 0);
  stops[Math.max(0, stops.indexOf(target) - before)].focus();
}"""


class Desk:
    """Sam without a mouse."""

    max_tabs = 150

    def __init__(self, page):
        self.page = page

    def reach(self, target, *, from_the_top=False):
        """Press Tab until the focus is there."""
        expect(target).to_be_visible()
        if not from_the_top:
            target.evaluate(COME_NEAR, BEFORE)
        for _ in range(self.max_tabs if from_the_top else 2 * BEFORE):
            if target.evaluate("(e) => e === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        pytest.fail(f"Tab does not lead to {target}.")

    def follow(self, target, **how):
        self.reach(target, **how)
        self.page.keyboard.press("Enter")

    def check(self, box):
        self.reach(box)
        self.page.keyboard.press("Space")

    def choose(self, question, words):
        """Tab into the options, then go down with the arrow until this one is chosen."""
        boxes = question.get_by_role("radio")
        self.check(boxes.first)
        choice = question.get_by_label(words)
        for _ in range(boxes.count()):
            if choice.is_checked():
                break
            self.page.keyboard.press("ArrowDown")
        expect(choice).to_be_checked()
        self.page.keyboard.press("Enter")


class Phone:
    """Sam with a thumb, who finds a button for what Enter does."""

    def __init__(self, page):
        self.page = page

    def follow(self, target, **_how):
        target.tap()

    reach = check = follow

    def choose(self, question, words):
        choice = question.get_by_label(words)
        expect(choice).to_be_attached()  # an answered question has the same words, and no choice
        question.get_by_text(words).tap()
        expect(choice).to_be_checked()
        question.get_by_role("button", name="Check my answer").tap()


@pytest.fixture
def sam(make_person):
    """Not the Sam of the other journeys, whose world is another."""
    return make_person(cast.SAM, ("soc-analyst", "all", None))


@pytest.fixture
def captures_module(db):
    module = read_curriculum(
        settings.BASE_DIR / MODULE, str(MODULE), current_vocabulary(date(2026, 11, 24))
    )
    import_curriculum(curriculum=module, by="tests", now=NOON)


@pytest.mark.parametrize(("person", "width"), [(Desk, WIDE[0]), (Phone, PHONE[0])])
def test_from_an_incident_to_the_frame_and_the_technique(
    browse, sam, captures_module, person, width
):
    incident = make_incident(make_workspace(), alert_type=STOP, title=STOP)
    page = browse(f"/incidents/{incident.pk}/", as_=sam, width=width)
    reader = person(page)
    reader.follow(page.get_by_role("link", name="Four stops in two minutes"), from_the_top=True)
    expect(page).to_have_title("Four stops in two minutes · Tagout")
    assert axe_findings(page) == []

    lesson = page.url
    form = page.locator("#q-what-you-know")
    reader.choose(form, re.compile("attacked"))
    expect(form).to_contain_text("Not right yet")
    reader.follow(form.get_by_role("link", name="Try again"))
    reader.choose(form, re.compile("no start follows within 22 seconds"))
    expect(form).to_contain_text("Right after 2 tries")

    frame = name_the_stop_without_a_start(page, reader)
    page.goto(lesson)
    question = page.locator("#q-no-start-s7")
    reader.reach(question.get_by_label("Frame"))
    page.keyboard.type(frame)
    page.keyboard.press("Enter")
    expect(question).to_contain_text("From 10.20.5.10, the jump host")
    assert [attempt.is_correct for attempt in Attempt.objects.order_by("pk")] == [False, True, True]

    reader.follow(page.get_by_role("link", name="Three witnesses"))
    expect(page).to_have_title(re.compile("^Three "))
    page.go_back()
    reader.follow(page.get_by_role("link", name="T0858 Change Operating Mode"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Change Operating Mode")
    expect(page.locator("main")).to_contain_text("1 incident")
    assert axe_findings(page) == []
    reader.follow(page.get_by_role("main").get_by_role("link", name="ATT&CK® for ICS").first)
    if person is Phone:  # tactics are folded
        reader.follow(page.locator("summary", has_text="Execution"))
    cell = page.get_by_role("link", name=re.compile("Change Operating Mode 1 incident"))
    expect(cell.first).to_be_visible()


def name_the_stop_without_a_start(page, reader):
    """Open the capture, keep its stops, and open the third, after which no start is seen."""
    reader.follow(page.locator("#q-no-start-s7").get_by_role("link", name="Open the capture"))
    reader.check(page.get_by_role("checkbox", name="Stop"))
    reader.follow(page.get_by_role("button", name="Filter"))
    stops = page.get_by_role("main").get_by_role("link", name=re.compile(r"^Frame \d+$"))
    expect(stops).to_have_count(4)
    reader.follow(stops.nth(2))
    heading = page.get_by_role("heading", name=re.compile("^Frame 184 "))
    expect(heading).to_be_visible()
    return heading.inner_text().split()[1]
