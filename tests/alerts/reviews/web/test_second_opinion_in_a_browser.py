"""The second opinion in a browser: on a phone, at a desk, in German, without scripts."""

from datetime import timedelta

import pytest

from alerts.reviews.models import Opinion, SecondOpinion
from alerts.reviews.services.second_opinions import run_second_opinions
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.bars import bar_faults_everywhere, bar_faults_of_each
from tests.conftest import NOON

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SEED = b"a secret"
KASIA = cast.Person("kasia@demo.example", "Kasia Nowicka")


@pytest.fixture
def kasia(make_person, site):
    return make_person(KASIA, (Role.OT_ENGINEER, GrantScope.SITE, site.uuid))


@pytest.fixture
def opinion(answer, incident, oda, kasia, olaf, leo, noon):
    answer(
        incident_ids=[incident.pk],
        verdict="suspicious",
        cause="other",
        note="I do not know this, and nobody told us of work.",
        now=NOON - timedelta(hours=1),
    )
    run_second_opinions(seed=SEED, now=NOON)
    return Opinion.objects.get()


def pick(page, name):
    page.locator("label", has_text=name).filter(visible=True).first.tap()


def test_an_answer_takes_three_taps_and_shows_both(browse, kasia, opinion):
    page = browse(f"/reviews/{opinion.uuid}/second/", as_=kasia, width=390)
    pick(page, "Routine")
    page.locator(".reasons-routine label").filter(visible=True).first.tap()
    page.get_by_role("button", name="Save my answer").tap()
    page.get_by_role("heading", name="You two see it differently").wait_for()
    opinion.refresh_from_db()
    assert opinion.verdict == "routine"


def test_it_works_without_scripts_and_in_german(browse, kasia, opinion):
    page = browse(
        f"/reviews/{opinion.uuid}/second/",
        as_=kasia,
        width=390,
        locale="de",
        java_script_enabled=False,
    )
    assert page.get_by_role("heading", name="Was war das?").is_visible()
    pick(page, "Unsicher")
    page.locator(".reasons-not-sure label").filter(visible=True).first.tap()
    page.get_by_role("button", name="Meine Antwort speichern").tap()
    page.get_by_role("heading", name="Nicht alle waren sicher").wait_for()
    opinion.refresh_from_db()
    assert opinion.verdict == "not-sure"


def test_the_question_holds_the_bars(browse, kasia, opinion):
    page = browse(f"/reviews/{opinion.uuid}/second/", as_=kasia)
    page.get_by_text("All facts of the alert").click()
    assert bar_faults_everywhere(page) == []


def test_the_decision_and_the_list_of_a_lead_hold_them_too(browse, olaf, opinion):
    run_second_opinions(seed=SEED, now=NOON + timedelta(hours=73))
    found = SecondOpinion.objects.get()
    page = browse(f"/reviews/{found.uuid}/second/", as_=olaf)
    assert page.get_by_role("heading", name="Your decision").is_visible()
    assert bar_faults_everywhere(page) == []
    assert bar_faults_of_each(page, "/reviews/") == []
    assert page.get_by_role("heading", name="Suspicions for you to decide").is_visible()
