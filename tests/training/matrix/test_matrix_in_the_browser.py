"""The matrix in a real browser: in both themes, on a phone, by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.bars import bar_faults_of_each
from tests.factories.incidents import make_incident, make_workspace

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_matrix_is_read_wide_and_folded_and_leads_on_by_keyboard(browse, sam, lesson):
    make_incident(make_workspace())
    page = browse("/attack/", as_=sam)
    table = page.get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_count(12)
    page.get_by_role("link", name="Seen").focus()
    page.keyboard.press("Enter")
    table.get_by_role("link", name="Program Download 1 incident").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_title("T0843 Program Download · Tagout")
    assert (
        bar_faults_of_each(
            page,
            "/attack/",
            "/attack/T0843/",
            "/attack/mapping/",
            "/attack/mapping/controller-stop/",
            "/attack/compare/",
        )
        == []
    )
    page = browse("/attack/", as_=sam, width=390)
    page.get_by_text("Lateral Movement").last.click()
    page.get_by_role("link", name="Program Download 1 incident").click()
    expect(page).to_have_title("T0843 Program Download · Tagout")
