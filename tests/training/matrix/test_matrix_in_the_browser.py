"""The matrix in a real browser: in both themes, on a phone, by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.bars import bar_faults_of_each, cut_words, settle, sideways
from tests.factories.incidents import make_incident, make_workspace

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_matrix_is_read_wide_and_folded_and_leads_on_by_keyboard(browse, sam, lesson):
    make_incident(make_workspace())
    page = browse("/attack/", as_=sam)
    matrix = page.get_by_role("region", name="Matrix")
    expect(matrix.get_by_role("heading", level=3)).to_have_count(12)
    page.get_by_role("link", name="Seen").focus()
    page.keyboard.press("Enter")
    matrix.get_by_role("link", name="Program Download 1 incident").focus()
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
BROKEN = """() => [...document.querySelectorAll('.matrix .cell-name, .matrix h3 span')]
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
    expect(page.locator(".matrix")).to_be_visible()
    assert page.evaluate(BROKEN) == []


def test_arrow_keys_lead_from_technique_to_technique_and_tab_leads_out(browse, sam):
    page = browse("/attack/", as_=sam)
    grid = page.locator(".matrix")
    columns = grid.locator("ul").evaluate_all(
        "lists => lists.map(list => [...list.querySelectorAll('.cell-name')]"
        ".map(name => name.textContent))"
    )

    def press(*keys):
        for key in keys:
            page.keyboard.press(key)
        return page.evaluate(
            "document.activeElement.querySelector('.cell-name')?.textContent"
            " ?? document.activeElement.tagName"
        )

    page.get_by_role("link", name="Mapping of alert types").focus()
    assert press("Tab") == columns[0][0]
    assert press("ArrowRight") == columns[1][0]
    assert press("End") == columns[-1][0]
    assert press("ArrowRight") == columns[-1][0]  # there is nothing on
    assert press("Home") == columns[0][0]
    assert press("ArrowUp") == columns[0][0]
    assert press("ArrowDown") == columns[0][1]
    assert press("Control+End") == columns[-1][-1]
    assert press("Control+Home") == columns[0][0]

    # Tab is one step out of the grid, and Shift+Tab back to where one was.
    press("ArrowDown")
    press("Tab")
    assert not grid.evaluate("grid => grid.contains(document.activeElement)")
    assert press("Shift+Tab") == columns[0][1]
    assert grid.locator("[tabindex='0']").count() == 1

    # From a long column to a short one: the last there.
    press("Control+Home", *["ArrowDown"] * 11, "ArrowRight", "ArrowRight")
    assert press("ArrowRight") == columns[3][-1]

    press("Control+Home")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(columns[0][0])
    assert "attack" in page.url


def test_without_scripts_each_technique_is_a_stop_of_its_own(browse, sam):
    page = browse("/attack/", as_=sam, java_script_enabled=False)
    expect(page.locator(".matrix")).to_be_visible()
    expect(page.locator(".matrix [tabindex]")).to_have_count(0)
