"""The gallery and the pages before sign-in keep the bars of the design, on desk and phone."""

import pytest

from tests.bars import bar_faults_everywhere, bar_faults_in_all, bar_faults_of_each

pytestmark = pytest.mark.browser


def test_every_piece_keeps_the_bars(browse, keeper):
    page = browse("/ui/", as_=keeper)
    assert bar_faults_in_all(page) == []
    assert bar_faults_of_each(page, "/ui/frame/list/", "/ui/frame/phone/", "/nowhere/") == []


def test_the_sign_in_page_keeps_the_bars(browse, transactional_db):
    assert bar_faults_everywhere(browse("/login/")) == []
