"""What is read and done on a page with scripts is there without them, too."""

from datetime import timedelta

import pytest

from alerts.incidents.models import Group, Incident
from alerts.reviews.services.questions import ask_ot
from tests.architecture.test_query_budgets import add_people, fill_patterns, make_place
from tests.bars import calm_down
from tests.browser import change_person
from tests.conftest import NOON
from tests.factories.incidents import make_queue_row

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Words of the page by the element they stand in, and what can be pressed; by its words or address.
WORDS = """() => [...document.querySelectorAll('main *')]
  .filter((e) => e.checkVisibility({visibilityProperty: true}) && !e.closest('kbd, .hints, .live'))
  .flatMap((e) => [...e.childNodes]).filter((n) => n.nodeType === 3)
  .map((n) => n.data.trim().replace(/\\s+/g, ' ')).filter(Boolean)"""
ACTS = """() => [...document.querySelectorAll('main a[href], main button, main summary')]
  .filter((e) => e.checkVisibility({visibilityProperty: true}))
  .map((e) => e.getAttribute('href')?.replace(/#.*/, '') || e.innerText.split('\\n')[0].trim()
    || e.ariaLabel)"""
ONLY_SCRIPTS = {"Close preview", "Copy link", "Choose a row to see what is known about it."}


@pytest.fixture
def people(transactional_db, noon):
    site, workspace = make_place()
    people = add_people(site)
    fill_patterns(site, workspace, people, 2)
    for n in (1, 3):
        row = make_queue_row(workspace, site, n=n)
        ask_ot(
            incident_ids=[incident.pk for incident in Incident.objects.filter(group_key=row.key)],
            site_id=site.pk,
            question="Was this yours?",
            by=people["sam"],
            now=NOON - timedelta(minutes=5),
        )
    return people


def test_nothing_is_lost_without_scripts(browse, people):
    page = browse("/login/")
    plain = browse("/", as_=people["sam"], java_script_enabled=False)  # which says that none run
    for name, path in (("sam", "/incidents/?view=waiting"), ("oda", "/rules/"), ("sam", "/rules/")):
        for each in (page, plain):
            change_person(each, people[name])
            each.goto(path)
        calm_down(page)
        for look in (WORDS, ACTS):
            shown, left = set(page.evaluate(look)), set(plain.evaluate(look))
            assert shown - left - ONLY_SCRIPTS == set(), (name, path)
        assert len(plain.inner_text("main")) >= 0.9 * len(page.inner_text("main"))


def test_each_row_can_be_previewed_and_several_acted_on_without_scripts(browse, people):
    page = browse("/", as_=people["sam"], java_script_enabled=False)
    page.goto("/incidents/?view=waiting")
    single, triple = Group.objects.order_by("n")
    for row in (single, triple):
        page.locator(f"#row-{row.key} .row-number a").click()
        assert page.locator(".panel-title").inner_text().endswith("×3") == (row is triple)
    page.get_by_role("button", name="Severity").last.click()
    assert "Select the rows first." in page.inner_text("body")
    page.goto("/incidents/?view=waiting")
    for box in page.locator("tbody input[type=checkbox]").all():
        box.check()
    page.locator("#queue-picks").get_by_role("button", name="Severity").click()
    assert "This acts on all 4 incidents." in page.inner_text("main")


def test_where_scripts_run_again_pages_leave_their_parts_to_them(browse, people):
    page = browse("/rules/", as_=people["sam"])
    page.evaluate("document.cookie = 'tagout_scripts=off;path=/'")
    page.reload()
    assert not any(cookie["name"] == "tagout_scripts" for cookie in page.context.cookies())
