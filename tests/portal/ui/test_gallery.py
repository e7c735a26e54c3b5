"""The gallery and the pages before sign-in keep the bars of the design, on desk and phone."""

import pytest

from tests.bars import bar_faults_everywhere

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("path", ["/ui/", "/ui/frame/list/", "/ui/frame/phone/", "/nowhere/"])
def test_every_piece_keeps_the_bars(browse, keeper, path):
    assert bar_faults_everywhere(browse(path, as_=keeper)) == []


def test_the_sign_in_page_keeps_the_bars(browse, transactional_db):
    assert bar_faults_everywhere(browse("/login/")) == []
