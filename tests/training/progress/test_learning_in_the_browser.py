"""A lesson in a real browser: by keyboard alone, on a phone, in both themes."""

import pytest
from playwright.sync_api import expect

from tests.bars import bar_faults_everywhere, settle, small_targets

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_lesson_is_answered_by_keyboard_and_stays_answered(browse, sam, author, lesson):
    page = browse("/training/", as_=sam)
    page.get_by_role("link", name="Start, 6 min").click()
    expect(page).to_have_title("One stop · Tagout")
    settle(page)
    assert page.locator(".prose").first.bounding_box()["width"] <= 610
    first = page.locator("#q-choose")
    first.get_by_label("Close it.").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(first).to_contain_text("Not right yet")
    expect(first).to_contain_text("Too soon.")
    first.get_by_role("link", name="Try again").focus()
    page.keyboard.press("Enter")
    first.get_by_label("Phone the control room.").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(first).to_contain_text("Right after 2 tries")
    expect(page.locator("#lesson-count")).to_contain_text("1 of 7 questions right")
    page.reload()
    expect(first).to_contain_text("Your first answer.")
    page.get_by_label("A line to the author").fill("Which byte?")
    page.get_by_role("button", name="No", exact=True).click()
    expect(page.locator("#lesson-note")).to_contain_text("You said: not clear.")
    assert bar_faults_everywhere(page) == []
    page = browse("/training/", as_=sam)
    assert bar_faults_everywhere(page) == []
    name = page.locator("tbody th").first  # on the phone it stands in the middle of a card
    expect(name).to_have_css("border-block-end-width", "0px")
    page.goto("/training/next/")  # of which the home page shows a part
    assert small_targets(page) == []
    page = browse("/lesson-notes/", as_=author)
    page.get_by_text("Which byte?").wait_for()
    assert bar_faults_everywhere(page) == []
