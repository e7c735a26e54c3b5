"""The pages of planned work at a desk and on a phone, light and dark, without a fault."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.bars import bar_faults, bar_faults_everywhere

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ELEVEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
EARLY = ELEVEN - timedelta(hours=12)


@pytest.fixture
def busy(planned, happen, monkeypatch):
    """A week with nightly work, work that is over its end, and alerts beside both."""
    monkeypatch.setattr("portal.clock.now", lambda: datetime(2026, 11, 24, 14, 0, tzinfo=UTC))
    planned(
        now=EARLY,
        title="Backup",
        kind="backup",
        rule="FREQ=DAILY",
        hours=2,
        start=datetime(2026, 11, 23, 3, 0),
    )
    work = planned(now=EARLY)
    happen(ELEVEN)
    happen(ELEVEN, to="DB-GD-01")
    return work


def test_the_week_and_the_list_keep_the_bars(browse, busy, oda):
    page = browse("/planned-work/", as_=oda)
    assert page.locator(".work").count() >= 8
    assert bar_faults_everywhere(page) == []
    page = browse("/planned-work/?as=list", as_=oda)
    assert bar_faults(page) == []


def test_one_work_keeps_the_bars(browse, busy, oda):
    page = browse(f"/planned-work/{busy.uuid}/", as_=oda)
    assert bar_faults_everywhere(page) == []


def test_the_forms_keep_the_bars(browse, busy, oda):
    page = browse("/planned-work/new/", as_=oda)
    assert bar_faults_everywhere(page) == []
    for name in ("PLC-PL2-07", "eng-ws-04"):
        page.get_by_label("Add a device").press_sequentially(name)
        page.keyboard.press("Enter")
    expect(page.locator("#id_any_names")).to_have_value("PLC-PL2-07, eng-ws-04")
    page = browse("/planned-work/import/", as_=oda, width=390)
    assert bar_faults(page) == []


def test_the_empty_week_keeps_the_bars(browse, oda, noon):
    page = browse("/planned-work/", as_=oda, width=390)
    page.get_by_text("Nothing is planned this week").wait_for()
    assert bar_faults(page) == []
