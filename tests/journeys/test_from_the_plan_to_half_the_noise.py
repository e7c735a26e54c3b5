"""Oda proposes seven rules from the plan; Leo signs all of them in one sitting, by keyboard, with
one password; after their trial less than half as many incidents of her site come to people.
"""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from alerts.demo.cast import PASSWORD
from alerts.incidents.models import Incident
from alerts.sites.models import Site
from alerts.suppression.models import RuleVersion, VersionState
from portal import clock
from portal.audit.models import Entry
from tests import cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
RULES = 7
DAY, WEEK = timedelta(days=1), timedelta(days=7)
MAX_ERROR = 0.12  # of the promise: a week is short, and some is left open for blind review


def test_seven_rules_of_the_plan_halve_what_comes_to_people(small_plant, browse):
    oda, leo = small_plant.person(cast.ODA), small_plant.person(cast.LEO)
    before = coming_to_people()
    promised = propose_the_first(browse("/plan/", as_=oda))
    sign_all(browse("/plan/", as_=leo))
    assert {version.state for version in RuleVersion.objects.all()} == {VersionState.CANARY}
    assert Entry.objects.filter(action="suppression.rule.signed").count() == RULES

    days_pass(small_plant, 6)
    assert coming_to_people() == arriving(), "a trial closes nothing"
    days_pass(small_plant, 2)
    assert RuleVersion.objects.filter(state=VersionState.LIVE).exists()
    days_pass(small_plant, 8)
    assert RuleVersion.objects.filter(state=VersionState.LIVE).count() >= 5, "some come too rarely"
    assert coming_to_people() < before / 2
    share = 1 - coming_to_people() / arriving()
    assert abs(share - promised) < MAX_ERROR
    plan = browse("/plan/", as_=oda).locator(".plan-table")
    expect(plan).to_contain_text("Live")


def propose_the_first(page):
    """Oda reads the first seven and proposes them, which signs for OT. Answers the share that the
    page promises.
    """
    expect(page.get_by_role("heading", level=1)).to_contain_text("fewer incidents")
    promise = page.locator(".plan-headline", has_text=f"The first {RULES} alone")
    (percent,) = re.findall(rf"The first {RULES} alone: (\d+)\s%", promise.inner_text())
    page.get_by_role("link", name=f"Propose the first {RULES}").click()
    page.get_by_label("A note for the people who sign").fill("All of it is our own machines.")
    page.get_by_label("Your password again").fill(PASSWORD)
    page.get_by_role("button", name=f"Propose these {RULES} rules").click()
    expect(page.locator(".plan-table")).to_contain_text("Waiting for the SOC")
    assert RuleVersion.objects.filter(state=VersionState.PROPOSED).count() == RULES
    return int(percent) / 100


def sign_all(page):
    """Leo goes from the plan into the sitting: one password, then S for each rule. Where there are
    few verdicts, or those of one person, he looks at the alerts and says why these are enough.
    """
    page.get_by_role("link", name=f"Sign {RULES} now").click()
    for number in range(1, RULES + 1):
        expect(page.locator(".sitting-line").first).to_contain_text(f"Rule {number} of {RULES}")
        expect(page.locator(".closes")).to_contain_text("Closes an incident when every alert")
        password = page.get_by_label("Your password again")
        if number == 1:
            password.fill(PASSWORD)
            password.blur()
        else:
            expect(password).to_be_hidden()
            expect(page.locator(".proof")).to_contain_text("left")
        if (why := page.get_by_label("Why is this little evidence enough?")).is_visible():
            why.fill("Olaf showed me.")
        if (look := page.get_by_label("I looked at the alerts myself.")).is_visible():
            look.check()
        page.keyboard.press("s")
    expect(page.get_by_role("heading", name=f"You signed {RULES} rules")).to_be_visible()


def days_pass(plant, days):
    """The plant lives on, and every worker has its turn each other day."""
    for _ in range(0, days, 2):
        plant.pass_time(2 * DAY)
        plant.work()


def arriving():
    """How many incidents of Oda's site came in the last week."""
    return _of_the_week().count()


def coming_to_people():
    """How many of them no rule has closed."""
    return _of_the_week().filter(closed_by="").count()


def _of_the_week():
    site = Site.objects.get(name="Gdańsk")
    since = clock.now() - WEEK
    return Incident.objects.filter(site_ids__contains=[site.pk], created_at__gte=since)
