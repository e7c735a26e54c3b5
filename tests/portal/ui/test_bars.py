"""The bars themselves: what is wrong only in the dark or on a phone is found, from one visit."""

import pytest

from tests.bars import axe_findings, axe_findings_in_both_themes, bar_faults_everywhere

pytestmark = pytest.mark.browser
PAGE = """<!doctype html><html lang="en"><title>A page</title><style>
  body { background: #fff; color: #111 } button { display: none }
  @media (prefers-color-scheme: dark) { body { background: #111; color: #eee } %s }
</style><main><h1>Words</h1><p>More words</p><button></button></main></html>"""


@pytest.mark.parametrize(
    ("dark", "found"),
    [
        ("", []),
        ("p { color: #333 }", ["color-contrast"]),
        ("button { display: block }", ["button-name"]),
    ],
    ids=["nothing", "a colour", "a piece"],
)
def test_what_is_wrong_only_in_the_dark_is_found(browse, transactional_db, dark, found):
    page = browse("about:blank")
    page.set_content(PAGE % dark)
    assert axe_findings(page) == []
    faults = axe_findings_in_both_themes(page)
    assert [fault.split(": ")[:2] for fault in faults] == [["dark", rule] for rule in found]


def test_of_pieces_that_look_alike_the_one_on_another_ground_is_found(browse, transactional_db):
    page = browse("about:blank")
    rows = "<p>Words</p><p>Words</p><div style='background: #222'><p>Words</p></div>"
    page.set_content((PAGE % "").replace("<p>More words</p>", rows))
    assert [fault.split(": ")[0] for fault in axe_findings(page)] == ["color-contrast"]


DARK = "@media (prefers-color-scheme: dark)"
WIDE = [("phone", "588 px of sideways scroll"), ("phone", "518 px of sideways scroll at 200 %")]

THUMB = "display: block; width: 44px; height: 44px"


@pytest.mark.parametrize(
    ("style", "found"),
    [
        ("", []),
        ("p { color: #ccc }", [("desk", "color-contrast")]),
        (
            "@media (prefers-color-scheme: dark) { p { color: #333 } }",
            [("phone", "color-contrast")],
        ),
        ("@media (pointer: coarse) { a { max-width: 30px } }", [("phone", "small target")]),
        ("@media (width < 600px) { p { width: 900px } }", WIDE),
        (f"@media (width < 600px) {{ button {{ {THUMB} }} }}", [("phone", "button-name")]),
        ("@media (width < 600px) { h1 { display: none } }", [("phone", "no heading")]),
        ("p { background: #333 }", [("desk", "color-contrast")]),
    ],
    ids=[
        "nothing",
        "a light colour",
        "a dark colour",
        "a target",
        "a width",
        "a piece",
        "a heading",
        "a ground",
    ],
)
def test_one_visit_finds_what_is_wrong_at_a_desk_and_on_a_phone(
    browse, transactional_db, style, found
):
    style = f"a {{ color: inherit; display: block; min-height: 44px }} {style}"
    page = browse("about:blank")
    link = f"<style>{style}</style><a href='/'>Go</a></main>"
    page.set_content((PAGE % "").replace("</main>", link))
    faults = bar_faults_everywhere(page)
    assert [tuple(fault.split(": ")[:2]) for fault in faults] == found
