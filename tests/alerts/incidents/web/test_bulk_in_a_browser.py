"""All that match, chosen in a browser, closed, and watched until it is done."""

import re

import pytest
from playwright.sync_api import expect

from alerts.incidents.acts.bulk import process_piece
from alerts.incidents.models import BulkAct, Incident, IncidentRaw, IncidentStatus
from portal import clock
from tests.alerts.sentinel.wire.samples import incident as sentinel_incident
from tests.bars import bar_faults_everywhere
from tests.conftest import NOON
from tests.factories.incidents import make_queue_row

TOPS = "rows => [scrollY, ...rows.map(row => row.getBoundingClientRect().top)]"

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def tops_of_rows(page):
    return page.locator("#queue-rows tr").evaluate_all(TOPS)


def test_all_that_match_are_chosen_closed_and_watched(
    browse, small_pieces, gdansk, plant, sam, noon, monkeypatch
):
    monkeypatch.setattr("alerts.incidents.queue.queries.PAGE", 3)
    for _ in range(4):
        make_queue_row(gdansk, plant, n=2)
    for incident in Incident.objects.all():  # what an undo brings back
        body = sentinel_incident(incident.number)
        IncidentRaw.objects.create(incident=incident, body=body)
    page = browse("/incidents/?view=open", as_=sam)
    expect(page.locator("#panel .panel-title")).to_be_visible()
    before = tops_of_rows(page)
    page.get_by_label("Select all rows of this page").check()
    expect(page.locator("[data-bulk-count]")).to_have_text("6 incidents selected")
    page.get_by_role("button", name="Select all 8 matching").click()
    expect(page.locator("[data-bulk-count]")).to_have_text("8 incidents selected")
    assert tops_of_rows(page) == before, "nothing moves under the pointer"
    expect(page.get_by_role("button", name="Ask OT")).to_be_hidden()
    expect(page.get_by_role("button", name="Select none")).to_be_focused()
    page.keyboard.press("e")
    expect(page.locator("dialog[open]")).to_contain_text("This acts on all 8 incidents.")
    page.get_by_label("Undetermined").check()
    page.locator("dialog[open]").get_by_role("button", name="Close", exact=True).last.click()
    expect(page.locator("h1")).to_have_text("Close as “Undetermined”: 8 incidents")
    expect(page.locator("#progress")).to_contain_text("0 of 8")
    changed = Incident.objects.order_by("pk")[0]
    Incident.objects.filter(pk=changed.pk).update(owner_id="leo")
    assert process_piece(unshifted=clock.unshifted(), now=NOON)
    expect(page.get_by_role("button", name="Undo all")).to_be_visible()
    assert process_piece(unshifted=clock.unshifted(), now=NOON)
    expect(page.locator("#progress")).to_contain_text("Done: 7")
    expect(page.get_by_role("link", name=f"#{changed.number}")).to_be_visible()
    assert bar_faults_everywhere(page) == []
    page.keyboard.press("z")
    expect(page.locator("#progress")).to_contain_text("7 incidents are back as they were.")
    assert not Incident.objects.filter(status=IncidentStatus.CLOSED).exists()
    assert BulkAct.objects.get().undone == 7
    page.get_by_role("link", name="Back to the queue").click()
    expect(page).to_have_url(re.compile("view=open"))
