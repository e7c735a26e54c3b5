"""The pages of patterns at a desk and on a phone, light and dark, without a fault."""

import pytest

from alerts.patterns.models import Pattern
from tests.alerts.suppression.past import judge, routine
from tests.bars import bar_faults, bar_faults_everywhere, calm_down

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def some(workspace, site, judged, oda, run_mining):
    """One that may become a rule, and one that may not."""
    judge(routine(workspace, site, days=20, source="HMI-PACK-1", hour=3)[:1], oda, "suspicious")
    return run_mining()


def test_list_and_pattern_keep_the_bars_and_rejecting_is_undone_at_once(browse, some, oda):
    page = browse("/patterns/", as_=oda)
    assert page.locator(".pattern").count() == 2
    assert bar_faults_everywhere(page) == []
    page = browse("/rules/", as_=oda)
    page.get_by_role("heading", name="Patterns that can become a rule").wait_for()
    calm_down(page)
    assert bar_faults_everywhere(page) == []
    page = browse(f"/patterns/{some[0].uuid}/", as_=oda)
    page.get_by_text("Show as table").click()
    assert bar_faults_everywhere(page) == []
    page.get_by_label("Why this should not become a rule").fill("The station is replaced.")
    page.get_by_role("button", name="Reject").click()
    page.locator(".toast button").click()
    page.locator(".pattern").nth(1).wait_for()
    assert Pattern.objects.get(pk=some[0].pk).state == "open"


def test_the_empty_list_keeps_the_bars(browse, oda, noon):
    page = browse("/patterns/", as_=oda, width=390)
    page.get_by_text("0 of 14 days of history").wait_for()
    assert bar_faults(page) == []
