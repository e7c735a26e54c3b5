"""The pages at a desk and on a phone, light and dark; consent asked for by hand."""

import pytest
from playwright.sync_api import expect

from alerts.automation.models import Inventory, PlantConsent
from tests.bars import bar_faults_of_each
from tests.conftest import NOON
from tests.factories.automation import make_found_rule, make_made_rule, make_playbook, make_run

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_consent_is_asked_for_and_all_pages_keep_the_bars(browse, leo, workspace, incident, noon):
    Inventory.objects.create(
        workspace=workspace, due_at=NOON, rules_read_at=NOON, playbooks_read_at=NOON
    )
    playbook = make_playbook(workspace)
    make_playbook(workspace, "enrich-with-cve", is_harmless=True)
    make_run(playbook, incident, status="Failed", error="The switch does not answer.")
    make_found_rule(workspace, "Label everything that comes from the sensors of the plant")
    make_made_rule(workspace, incident, by=leo)
    tab = f"/incidents/{incident.pk}/?tab=playbooks"
    page = browse(tab, as_=leo)
    page.get_by_label("Why isolate-device should run").fill("It scans the controllers.")
    page.get_by_role("button", name="Ask for consent").click()
    expect(page.get_by_text("asks for consent: It scans the controllers.")).to_be_visible()
    consent = f"/automation/consents/{PlantConsent.objects.get().uuid}/"
    own = f"/automation/playbooks/{playbook.uuid}/"
    made = f"/automation/rules/new/{incident.pk}/"
    pages = (tab, "/automation/", own, consent, made, "/automation/workflow/gdansk/")
    assert bar_faults_of_each(page, *pages) == []
