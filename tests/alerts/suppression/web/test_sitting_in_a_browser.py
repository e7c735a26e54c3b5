"""A sitting in a browser: by keyboard, without scripts, against the bars of the design."""

import pytest

from alerts.suppression.models import VersionState
from tests.bars import bar_faults_everywhere
from tests.conftest import NOON
from tests.factories import rules

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ADDRESS = "/approvals/sitting/"
PASSWORD = "correct horse battery"


def propose_two(people, history):
    """Two proposals of Oda's that wait for Leo."""
    made = []
    for title in ("Planned recipe downloads", "Downloads to one PLC"):
        rule = rules.downloads(title=title)
        draft = rules.draft(rule, by=people.oda, evidence=history.verdicts, now=NOON)
        made.append(rules.propose(draft, by=people.oda, now=NOON))
    return made


@pytest.fixture
def proposals(people, history):
    return propose_two(people, history)


def fill_in(page):
    page.get_by_label("Why is this little evidence enough?").fill("Seen with Oda.")
    page.get_by_label("I looked at the alerts myself.").check()
    page.get_by_label("I looked at the alerts myself.").blur()


def test_a_sitting_and_its_end_hold_the_bars(browse, people, history, noon):
    assert bar_faults_everywhere(browse(ADDRESS, as_=people.leo)) == []
    propose_two(people, history)
    page = browse(ADDRESS, as_=people.leo)
    assert page.get_by_text("Rule 1 of 2").count()
    assert bar_faults_everywhere(page) == []


def test_two_rules_are_signed_by_keyboard_with_one_proof(browse, people, proposals, noon):
    page = browse(ADDRESS, as_=people.leo)
    page.get_by_text("Rule 1 of 2").first.wait_for()
    fill_in(page)
    if page.get_by_label("Your password again").is_visible():
        page.get_by_label("Your password again").fill(PASSWORD)
        page.get_by_label("Your password again").blur()
    page.keyboard.press("s")
    page.get_by_text("Rule 2 of 2").first.wait_for()
    page.keyboard.press("z")
    assert page.get_by_label("Why? One line is enough.").is_visible()
    assert bar_faults_everywhere(page) == []
    assert not page.get_by_label("Your password again").is_visible()
    fill_in(page)
    page.keyboard.press("s")
    page.get_by_role("heading", name="You signed 2 rules").wait_for()
    for version in proposals:
        version.refresh_from_db()
        assert version.state == VersionState.IN_TRIAL


def test_keys_skip_ask_for_changes_and_open_a_check(browse, people, proposals, noon):
    page = browse(ADDRESS, as_=people.leo)
    page.keyboard.press("1")
    page.wait_for_url("**/incidents/**")
    page.go_back()
    page.get_by_text("1 opened").wait_for()
    page.keyboard.press("c")
    page.get_by_label("What should change?").fill("Name one PLC.")
    page.get_by_role("button", name="Request changes").click()
    page.get_by_text("Rule 2 of 2").first.wait_for()
    page.keyboard.press("n")
    page.get_by_role("button", name="Look at the one you skipped").wait_for()
    page.keyboard.press("z")
    page.get_by_text("Rule 2 of 2").first.wait_for()


def test_without_scripts_a_rule_is_signed_in_a_sitting(browse, people, proposals, noon):
    page = browse(ADDRESS, as_=people.leo, java_script_enabled=False, width=390, height=844)
    fill_in(page)
    if page.get_by_label("Your password again").is_visible():
        page.get_by_label("Your password again").fill(PASSWORD)
    page.get_by_role("button", name="Sign", exact=True).click()
    assert page.get_by_text("Rule 2 of 2").first.is_visible()
    page.get_by_role("button", name="Skip").click()
    assert page.get_by_role("button", name="Look at the one you skipped").is_visible()
