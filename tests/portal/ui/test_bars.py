"""The bars themselves: what is wrong only in the dark is found, from one visit."""

import pytest

from tests.bars import axe_findings, axe_findings_in_both_themes

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
