"""Sam meets a stop that he cannot judge: from the incident to its lesson, to the frame that stops
the controller, and to the technique in the matrix. By keyboard alone, at a desk and on a phone.
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
MAX_TABS = 150


def tab_to(page, target):
    """Press Tab until the focus is there, as somebody without a mouse does."""
    expect(target).to_be_visible()
    for _ in range(MAX_TABS):
        if target.evaluate("(e) => e === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not lead to {target}.")


def follow(page, target):
    tab_to(page, target)
    page.keyboard.press("Enter")


def choose(page, question, words):
    """Tab into the options, then go down with the arrow until this one is chosen."""
    boxes = question.get_by_role("radio")
    tab_to(page, boxes.first)
    page.keyboard.press("Space")
    choice = question.get_by_label(words)
    for _ in range(boxes.count()):
        if choice.is_checked():
            break
        page.keyboard.press("ArrowDown")
    expect(choice).to_be_checked()
    page.keyboard.press("Enter")


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


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desk", "phone"])
def test_from_an_incident_to_the_frame_and_the_technique(browse, sam, captures_module, size):
    incident = make_incident(make_workspace(), alert_type=STOP, title=STOP)
    page = browse(f"/incidents/{incident.pk}/", as_=sam, width=size[0])
    follow(page, page.get_by_role("link", name="Four stops in two minutes"))
    expect(page).to_have_title("Four stops in two minutes · Tagout")
    assert axe_findings(page) == []

    lesson = page.url
    form = page.locator("#q-what-you-know")
    choose(page, form, re.compile("attacked"))
    expect(form).to_contain_text("Not right yet")
    follow(page, form.get_by_role("link", name="Try again"))
    choose(page, form, re.compile("no start follows within 22 seconds"))
    expect(form).to_contain_text("Right after 2 tries")

    frame = name_the_stop_without_a_start(page)
    page.goto(lesson)
    question = page.locator("#q-no-start-s7")
    tab_to(page, question.get_by_label("Frame"))
    page.keyboard.type(frame)
    page.keyboard.press("Enter")
    expect(question).to_contain_text("From 10.20.5.10, the jump host")
    assert [attempt.is_correct for attempt in Attempt.objects.order_by("pk")] == [False, True, True]

    follow(page, page.get_by_role("link", name="Three witnesses"))
    expect(page).to_have_title(re.compile("^Three "))
    page.go_back()
    follow(page, page.get_by_role("link", name="T0858 Change Operating Mode"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Change Operating Mode")
    expect(page.locator("main")).to_contain_text("1 incident")
    assert axe_findings(page) == []
    follow(page, page.get_by_role("main").get_by_role("link", name="ATT&CK® for ICS").first)
    if size == PHONE:  # tactics are folded
        follow(page, page.locator("summary", has_text="Execution"))
    cell = page.get_by_role("link", name=re.compile("Change Operating Mode 1 incident"))
    expect(cell.first).to_be_visible()


def name_the_stop_without_a_start(page):
    """Open the capture, keep its stops, and open the third, after which no start is seen."""
    follow(page, page.locator("#q-no-start-s7").get_by_role("link", name="Open the capture"))
    tab_to(page, page.get_by_role("checkbox", name="Stop"))
    page.keyboard.press("Space")
    follow(page, page.get_by_role("button", name="Filter"))
    stops = page.get_by_role("main").get_by_role("link", name=re.compile(r"^Frame \d+$"))
    expect(stops).to_have_count(4)
    follow(page, stops.nth(2))
    heading = page.get_by_role("heading", name=re.compile("^Frame 184 "))
    expect(heading).to_be_visible()
    return heading.inner_text().split()[1]
