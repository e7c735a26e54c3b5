"""The matrix in a real browser: in both themes, on a phone, by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.bars import bar_faults_of_each, cut_words, settle, sideways
from tests.factories.incidents import make_incident, make_workspace

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_matrix_is_read_wide_and_folded_and_leads_on_by_keyboard(browse, sam, lesson):
    make_incident(make_workspace())
    page = browse("/attack/", as_=sam)
    table = page.get_by_role("grid")
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
            "/attack/mapping/?q=controller",
            "/attack/mapping/controller-stop/",
            "/attack/compare/",
        )
        == []
    )
    page.goto("/attack/mapping/")  # all 202 rows: axe would look at them for half a minute
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    settle(page)
    assert (sideways(page), cut_words(page)) == (0, [])
    page = browse("/attack/", as_=sam, width=390)
    page.get_by_text("Lateral Movement").last.click()
    page.get_by_role("link", name="Program Download 1 incident").click()
    expect(page).to_have_title("T0843 Program Download · Tagout")


# The words of names and headings that stand in more than one line, without a hyphen of their own
# (the soft one, U+00AD).
BROKEN = """() => [...document.querySelectorAll('.matrix .cell-name, .matrix th span')]
  .flatMap((e) => [...e.childNodes]).filter((n) => n.nodeType === 3)
  .flatMap((n) => [...n.data.matchAll(/[\\p{L}\u00ad]+/gu)].map((word) => {
    const range = document.createRange();
    range.setStart(n, word.index);
    range.setEnd(n, word.index + word[0].length);
    const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.y)));
    return lines.size > 1 && !word[0].includes('\u00ad') ? word[0] : '';
  })).filter(Boolean)"""


@pytest.mark.parametrize("width", [1280, 1440])
def test_no_word_of_the_matrix_is_broken(browse, sam, width):
    page = browse("/attack/", as_=sam, width=width)
    expect(page.get_by_role("grid")).to_be_visible()
    assert page.evaluate(BROKEN) == []


def test_arrow_keys_lead_from_technique_to_technique_and_tab_leads_out(browse, sam):
    page = browse("/attack/", as_=sam)
    grid = page.get_by_role("grid", name="Tactics as columns")
    names = page.locator(".matrix tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells]"
        ".map(cell => cell.querySelector('.cell-name')?.textContent ?? ''))"
    )

    def press(*keys):
        for key in keys:
            page.keyboard.press(key)
        return page.evaluate(
            "document.activeElement.querySelector('.cell-name')?.textContent"
            " ?? document.activeElement.tagName"
        )

    def last_of_column(number):
        return [row[number] for row in names if row[number]][-1]

    page.get_by_role("link", name="Mapping of alert types").focus()
    assert press("Tab") == names[0][0]
    assert press("ArrowRight") == names[0][1]
    assert press("End") == names[0][-1]
    assert press("ArrowRight") == names[0][-1]  # there is nothing on
    assert press("Home") == names[0][0]
    assert press("ArrowUp") == names[0][0]
    assert press("ArrowDown") == names[1][0]
    assert press("Control+End") == last_of_column(-1)
    assert press("Control+Home") == names[0][0]

    # Tab is one step out of the grid, and Shift+Tab back to where one was.
    press("ArrowDown")
    press("Tab")
    assert not grid.evaluate("grid => grid.contains(document.activeElement)")
    assert press("Shift+Tab") == names[1][0]
    assert grid.locator("[tabindex='0']").count() == 1

    # Sub-techniques are between the techniques of their column, once they are unfolded.
    unfold = grid.locator("summary").first
    unfold.focus()
    page.keyboard.press("Enter")
    below = grid.locator("details[open] .cell-name").first.text_content()
    assert press("ArrowDown") == below
    assert press("ArrowUp") == "SUMMARY"

    press("Control+Home")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(names[0][0])
    assert "attack" in page.url


def test_without_scripts_each_technique_is_a_stop_of_its_own(browse, sam):
    page = browse("/attack/", as_=sam, java_script_enabled=False)
    expect(page.get_by_role("table")).to_be_visible()
    expect(page.locator(".matrix [tabindex]")).to_have_count(0)
