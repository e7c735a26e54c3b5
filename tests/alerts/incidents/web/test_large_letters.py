"""The queue and the incident on a phone with letters of 200 %, and what stands above the queue."""

from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from alerts.incidents.models import (
    Group,
    Incident,
    IncidentStatus,
    OtState,
    PatternMemory,
    Severity,
)
from tests.bars import calm_down, cut_words, settle, sideways
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_queue_row

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rows(gdansk, plant, noon):
    """The longest that stands in a row: what OT said before, late questions, names of devices."""
    pattern = uuid4()
    PatternMemory.objects.create(
        pattern=pattern, first_seen_at=NOON, latest_seen_at=NOON, maintenance=111, routine=11
    )
    ends = {"source": "HIST-GD-01", "destination": "PLC-PL2-08"}
    row = make_queue_row(gdansk, plant, n=3, pattern=pattern, severity=Severity.HIGH, **ends)
    late = make_queue_row(gdansk, plant, **ends)
    due = NOON - timedelta(hours=27, minutes=44)
    Group.objects.filter(pk=late.pk).update(ot_states=[OtState.WAITING], n_waiting=1, ot_due_at=due)
    for state in (OtState.MAINTENANCE, OtState.SUSPICIOUS):
        make_incident(gdansk, pattern=pattern, status=IncidentStatus.CLOSED, ot_state=state)
    return Incident.objects.get(pk=row.latest_id)


def test_nothing_is_cut_or_scrolls_sideways(browse, rows, sam):
    here = f"/incidents/{rows.pk}/"
    page = browse("/login/", width=390, as_=sam)
    for path in (
        "/incidents/",
        "/incidents/?view=open&q=sev:high",
        "/incidents/?view=closed",
        here,
        f"{here}?tab=similar",
        f"{here}?tab=alerts",
    ):
        page.goto(path)
        calm_down(page)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        for width in (390, 320):
            page.set_viewport_size({"width": width, "height": 844})
            settle(page)
            assert sideways(page) == 0, (path, width)
            assert cut_words(page) == [], (path, width)


def test_how_fresh_the_list_is_reads_as_one_sentence(browse, rows, sam):
    page = browse("/incidents/", as_=sam)
    freshness = page.locator(".live")
    expect(freshness).to_have_text("Live, updated just now")
    words, time = freshness.evaluate("""(live) => {
      const range = document.createRange();
      range.selectNodeContents(live.querySelector('[data-live-stamp]').previousSibling);
      return [range, live.querySelector('time')].map((e) => e.getBoundingClientRect())
        .map(({left, right}) => ({left, right}));
    }""")
    assert 0 <= time["left"] - words["right"] < 2


def test_fourteen_rows_fit_a_desk_and_none_hides_where_it_is(browse, rows, gdansk, plant, sam):
    ends = {"source": "HIST-GD-01", "destination": "PLC-PL2-08"}
    for _ in range(13):
        make_queue_row(gdansk, plant, title="Unauthorized PLC Programming", **ends)
    page = browse("/incidents/?view=open", as_=sam)
    calm_down(page)
    below = page.locator("#queue-list .hints").bounding_box()["y"]
    bottoms = page.eval_on_selector_all(
        "#queue-rows tbody tr", "(rows) => rows.map((row) => row.getBoundingClientRect().bottom)"
    )
    assert sum(bottom <= below for bottom in bottoms) >= 14
    cut = "(parts) => parts.filter((part) => part.scrollWidth > part.clientWidth).length"
    assert page.eval_on_selector_all("#queue-rows .grid-meta .more", cut) == 0
