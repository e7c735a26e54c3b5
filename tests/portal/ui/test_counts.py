"""After an act the badges of the frame say what the page says."""

import re

import pytest
from playwright.sync_api import expect

from alerts.incidents.ingest.groups import regroup
from alerts.reviews.models import Question
from alerts.reviews.services.questions import ask_ot, withdraw_question
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_site, make_workspace
from tests.program import stored_incident

HTMX = {"HX-Request": "true"}


@pytest.fixture
def plant(make_person):
    """Three rows of the queue at one site, and people of both sides."""
    workspace, site = make_workspace(), make_site()
    sam = make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, workspace.uuid))
    oda = make_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.SITE, site.uuid))
    rows = [
        stored_incident(workspace, site_ids=[site.pk], source=f"ENG-WS-0{n}", destination="PLC-4")
        for n in range(3)
    ]
    for row in rows:
        make_alert(row, site=site)
    regroup([row.pk for row in rows], now=NOON)
    return sam, oda, rows


@pytest.mark.django_db
def test_a_part_tells_the_browser_that_numbers_may_have_changed(client, plant, noon):
    client.force_login(plant[0])
    for address in ("/incidents/", "/reviews/", "/", f"/incidents/{plant[2][0].pk}/"):
        assert "counts-changed" in client.get(address, headers=HTMX)["HX-Trigger"], address
        assert "HX-Trigger" not in client.get(address), address


@pytest.mark.django_db
def test_the_numbers_come_with_the_page_they_stand_on_marked(client, plant, noon):
    client.force_login(plant[0])
    answer = client.get("/ui/counts/?at=/incidents/", headers=HTMX)
    [current] = re.findall(r'<a class="rail-link" href="([^"]+)" aria-current', answer.text)
    assert current == "/incidents/"
    assert '<span class="count count-hot">3</span>' in answer.text
    assert 'id="bell" hx-swap-oob="true"' in answer.text
    assert "HX-Trigger" not in answer  # else it would ask for itself for ever


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_tab_badge_row_and_toast_agree_after_asking_closing_and_undo(browse, plant, noon):
    page = browse("/incidents/", as_=plant[0])
    tab = page.locator("#queue-tabs a[aria-current] .count")
    queue = page.locator(".rail-link[href='/incidents/'] .count")
    questions = page.locator(".rail-link[href='/reviews/'] .count")
    lines = page.locator("#queue-rows tbody tr")

    def agree(needs, waiting):
        expect(lines).to_have_count(needs)
        expect(tab).to_have_text(str(needs))
        expect(queue).to_have_text(str(needs))
        expect(questions).to_have_text(str(waiting)) if waiting else expect(
            questions
        ).to_have_count(0)

    agree(3, 0)
    page.keyboard.press("r")
    page.locator("dialog").get_by_label("Was this you?").check(force=True)
    page.locator("dialog").get_by_role("button", name="Ask OT").click()
    expect(page.locator(".toast").last).to_contain_text("OT at Gdańsk was asked.")
    agree(2, 1)
    page.keyboard.press("e")
    page.locator("dialog input[name=outcome]").first.check()
    page.locator("dialog button[type=submit]").last.click()
    expect(page.locator(".toast").last).to_contain_text("Closed:")
    agree(1, 1)
    page.keyboard.press("z")
    expect(page.locator(".toast").last).to_contain_text("Undone for 1 incident")
    agree(2, 1)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_tab_of_waiting_questions_follows_the_list(browse, plant, noon):
    sam, oda, rows = plant
    site = rows[0].site_ids[0]
    asked = [
        ask_ot(incident_ids=[row.pk], site_id=site, question="Yours?", by=sam, now=NOON)
        for row in rows
    ]
    page = browse("/reviews/", as_=oda)
    tab = page.locator("#review-tabs a[aria-current] .count")
    badge = page.locator(".rail-link[href='/reviews/'] .count")
    expect(tab).to_have_text("3")
    withdraw_question(question_id=asked[0].pk, by=sam, now=NOON)
    page.evaluate("document.querySelector('#rows').dispatchEvent(new CustomEvent('live'))")
    expect(page.locator(".review-card")).to_have_count(2)
    expect(tab).to_have_text("2")
    expect(badge).to_have_text("2")
    assert Question.objects.filter(state="waiting").count() == 2
