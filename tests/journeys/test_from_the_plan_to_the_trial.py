"""Oda proposes from the plan; Leo signs all of it in one sitting, by keyboard, with one password;
the rules are in their trial.
"""

import pytest
from playwright.sync_api import expect

from alerts.patterns.services.mine import mine_patterns
from alerts.suppression.models import RuleVersion, State
from portal.accounts.models import Role, ScopeKind
from portal.audit.models import Entry
from tests import cast
from tests.alerts.suppression.past import judge, routine
from tests.conftest import NOON
from tests.factories.incidents import make_site, make_workspace

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse battery"
STATIONS = {"ENG-WS-04": 6, "ENG-WS-05": 11, "ENG-WS-06": 16}  # each with its hour


@pytest.fixture
def people(make_person):
    """Oda and Olaf speak for OT at the site, Leo leads the SOC."""
    site = make_site()
    at_site = (ScopeKind.SITE, site.uuid)
    oda = make_person(cast.ODA, (Role.OT_ENGINEER, *at_site))
    olaf = make_person(cast.OLAF, (Role.OT_SITE_LEAD, *at_site))
    leo = make_person(cast.LEO, (Role.SOC_LEAD, ScopeKind.ALL, None))
    workspace = make_workspace()
    for source, hour in STATIONS.items():
        rows = routine(workspace, site, source=source, hour=hour)
        for n, row in enumerate(rows[:24]):
            judge([row], oda if n % 2 else olaf)
    for n in range(8):  # so that no process is too large a part of the site
        routine(workspace, site, source=f"HMI-{n}", hour=n, alert_type=f"Something new {n}")
    mine_patterns(now=NOON)
    return oda, leo


def test_oda_proposes_from_the_plan_and_leo_signs_in_one_sitting(browse, people, noon):
    oda, leo = people
    propose_all(browse("/plan/", as_=oda))
    sign_all(browse("/plan/", as_=leo), browse)
    assert {version.state for version in RuleVersion.objects.all()} == {State.CANARY}
    assert Entry.objects.filter(action="suppression.rule.signed").count() == len(STATIONS)
    expect(browse("/plan/", as_=oda).locator(".plan-table")).to_contain_text("In its trial")


def propose_all(page):
    """Oda reads what is ready and proposes all of it at once, which signs for OT."""
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sign these 3 rules")
    page.get_by_role("link", name="Propose 3").click()
    page.get_by_label("A note for the people who sign").fill("All of it is our own programming.")
    page.get_by_label("Your password again").fill(PASSWORD)
    page.get_by_role("button", name="Propose these 3 rules").click()
    expect(page.locator(".plan-table")).to_contain_text("Waiting for the SOC")
    assert RuleVersion.objects.filter(state=State.PROPOSED).count() == len(STATIONS)


def sign_all(page, browse):
    """Leo goes from the plan into the sitting: one password, then S for each rule."""
    page.get_by_role("link", name="Sign 3 now").click()
    for number in range(1, len(STATIONS) + 1):
        expect(page.locator(".sitting-line").first).to_contain_text(f"Rule {number} of 3")
        expect(page.locator(".closes")).to_contain_text("Closes an incident when every alert")
        password = page.get_by_label("Your password again")
        if number == 1:
            password.fill(PASSWORD)
            password.blur()
        else:
            expect(password).to_be_hidden()
            expect(page.locator(".proof")).to_contain_text("left")
        page.keyboard.press("s")
    expect(page.get_by_role("heading", name="You signed 3 rules")).to_be_visible()
