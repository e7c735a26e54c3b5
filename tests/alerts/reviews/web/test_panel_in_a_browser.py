"""The panel on the incident's page, and asking from a row of the queue."""

import pytest
from django.urls import reverse

from alerts.reviews.models import Question, Verdict
from tests.bars import axe_findings, settle, sideways, small_targets

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def on_page(browse, incident, noon):
    def opened(person, **more):
        page = browse(f"/incidents/{incident.pk}/", as_=person, **more)
        page.locator("#ot-panel form, #ot-panel .detail-more").first.wait_for()
        return page

    return opened


def test_the_soc_asks_and_takes_it_back(on_page, sam, oda):
    page = on_page(sam)
    page.get_by_label("Was this planned work?").check(force=True)
    page.locator("#ot-panel").get_by_role("button", name="Ask OT").click()
    page.get_by_text("Nobody from OT has opened it yet.").wait_for()
    assert Question.objects.get().text == "Was this planned work?"
    page.locator(".toast button").click()
    page.get_by_text("Answer due").wait_for()
    assert Question.objects.get().state == "withdrawn"


def test_ot_judges_where_nobody_asked_and_undoes_it(on_page, oda):
    page = on_page(oda)
    assert not page.get_by_text("Runs by itself").is_visible()
    panel = page.locator("#ot-panel")
    panel.get_by_label("Routine").check(force=True)
    panel.get_by_label("Runs by itself").check(force=True)
    assert sideways(page) == 0
    page.set_viewport_size({"width": 390, "height": 844})
    settle(page)
    assert sideways(page) == 0
    panel.get_by_role("button", name="Save verdict").click()
    panel.get_by_text("Oda Nowak answered").wait_for()
    page.locator(".toast button").click()
    panel.get_by_role("button", name="Save verdict").wait_for()
    assert Verdict.objects.get().withdrawn_at is not None
    panel.get_by_label("Suspicious").check(force=True)
    assert not axe_findings(page)


def test_the_panel_on_a_page_of_its_own_fits_a_thumb(browse, incident, sam, noon):
    page = browse(reverse("reviews:panel", args=[incident.pk]), as_=sam, width=390)
    assert page.locator("h1 a").is_visible()
    assert small_targets(page) == []


def test_a_row_of_the_queue_asks_by_keyboard(browse, make, sam, oda, noon):
    make(3)
    page = browse("/incidents/", as_=sam)
    page.keyboard.press("j")
    page.keyboard.press("r")
    dialog = page.locator("dialog[open]")
    dialog.get_by_text("3 incidents").wait_for()
    assert not axe_findings(page)
    dialog.get_by_role("button", name="Ask OT").click()
    dialog.get_by_text("Choose a question").wait_for()
    dialog.get_by_label("Was this you?").check(force=True)
    dialog.get_by_role("textbox").press("Control+Enter")
    dialog.wait_for(state="hidden")
    page.locator(".toast").get_by_text("OT at Gdańsk was asked.").wait_for()
    assert Question.objects.get().incidents.count() == 3
