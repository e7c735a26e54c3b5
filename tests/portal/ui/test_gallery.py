"""The gallery and the pages before sign-in keep the bars of the design, on desk and phone."""

import pytest

from tests.browser import bar_faults

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("path", ["/ui/", "/ui/frame/list/", "/ui/frame/phone/", "/nowhere/"])
@pytest.mark.parametrize("width", [1440, 390])
def test_every_piece_keeps_the_bars(browse, keeper, path, width):
    assert bar_faults(browse(path, as_=keeper, width=width)) == []


@pytest.mark.parametrize("width", [1440, 390])
def test_the_sign_in_page_keeps_the_bars(browse, transactional_db, width):
    assert bar_faults(browse("/login/", width=width)) == []
