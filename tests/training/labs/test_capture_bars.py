"""The capture pages at a desk and on a phone, light and dark, by keyboard, without a fault."""

import pytest
from playwright.sync_api import expect

from tests.bars import bar_faults_everywhere

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_capture_keeps_the_bars_and_goes_by_keys(browse, sam, noon):
    page = browse("/training/captures/lines-four-stops/?frame=51", as_=sam)
    page.get_by_role("heading", name="Frame 51 of 237").wait_for()
    expect(page.locator("tr[aria-current]")).not_to_have_css("box-shadow", "none")
    assert bar_faults_everywhere(page) == []
    tops = page.locator(".capture > *").evaluate_all("all => all.map(e => e.offsetTop)")
    assert tops == sorted(tops)  # on a phone what comes later stands lower: it moves nothing
    page.keyboard.press("j")
    page.get_by_role("heading", name="Frame 52 of 237").wait_for()
    page.keyboard.press("v")
    page.get_by_role("link", name="Hide values").wait_for()


def test_the_list_keeps_the_bars(browse, sam, noon):
    page = browse("/training/captures/", as_=sam)
    assert bar_faults_everywhere(page) == []
