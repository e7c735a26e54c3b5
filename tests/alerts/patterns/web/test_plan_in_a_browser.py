"""The plan against the bars of the design, and by keyboard."""

import pytest

from tests.bars import bar_faults_everywhere, bar_faults_of_each

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def planned(run_mining, judged, polling):
    polling()
    return run_mining()


def test_the_pages_hold_the_bars_and_a_phone_shows_a_chosen_pattern_alone(
    browse, planned, leo, noon
):
    page = browse("/plan/", as_=leo)
    assert bar_faults_everywhere(page) == []
    assert bar_faults_of_each(page, "/plan/?site=all", "/plan/propose/") == []
    page.goto("/plan/")
    width = page.viewport_size["width"]
    page.set_viewport_size({"width": 1440, "height": 900})
    bound = page.locator(".plan-evidence .plan-meta:not(.is-medium)").first
    assert bound.evaluate("words => words.offsetHeight") < 24, "one line"
    page.set_viewport_size({"width": width, "height": 900})
    page.locator(".plan-sentence").nth(1).click()
    page.get_by_text("Back to the plan").wait_for()
    assert not page.locator(".plan-table").is_visible()
    page.get_by_text("Back to the plan").click()
    page.locator(".plan-table").wait_for()


def test_the_empty_plan_holds_the_bars(browse, leo, noon):
    assert bar_faults_everywhere(browse("/plan/", as_=leo)) == []


def test_keys_move_along_the_rows_open_propose_and_ask(browse, planned, leo, noon):
    page = browse("/plan/", as_=leo)
    page.locator("#panel h2").first.wait_for()
    first = page.locator("#panel h2").first.inner_text()
    page.keyboard.press("j")
    page.wait_for_function(
        "text => document.querySelector('#panel h2').innerText !== text", arg=first
    )
    page.keyboard.press("k")
    page.locator("#panel h2", has_text=first).wait_for()
    page.keyboard.press("p")
    page.get_by_role("heading", name="Read and propose this rule").wait_for()
    page.go_back()
    page.keyboard.press("o")
    page.wait_for_url("**/patterns/*/")
    page.go_back()
    page.keyboard.press("r")
    page.get_by_text("was asked 3 questions").wait_for()
