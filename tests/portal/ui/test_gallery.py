"""The gallery shows every piece of the kit without a fault, in both themes, on desk and phone."""

import pytest

from tests.browser import axe_findings, cut_words, sideways, small_targets

pytestmark = pytest.mark.browser

PAGES = ("/ui/", "/ui/frame/list/", "/ui/frame/phone/")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(browse, keeper, path, width, dark):
    page = browse(path, as_=keeper, width=width, dark=dark)
    assert axe_findings(page) == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [390, 320])
def test_nothing_scrolls_sideways_on_a_phone(browse, keeper, path, width):
    assert sideways(browse(path, as_=keeper, width=width)) == 0


@pytest.mark.parametrize("path", PAGES)
def test_a_thumb_finds_every_target(browse, keeper, path):
    assert small_targets(browse(path, as_=keeper, width=390)) == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [1440, 390])
def test_large_letters_are_not_cut(browse, keeper, path, width):
    page = browse(path, as_=keeper, width=width)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert cut_words(page) == []
    assert sideways(page) == 0


@pytest.mark.parametrize("path", ["/login/", "/nowhere/"])
@pytest.mark.parametrize("width", [1440, 390, 320])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_pages_before_sign_in_hold(browse, keeper, path, width, dark):
    page = browse(path, as_=keeper if path == "/nowhere/" else None, width=width, dark=dark)
    assert axe_findings(page) == []
    assert sideways(page) == 0
    assert width == 1440 or small_targets(page) == []
