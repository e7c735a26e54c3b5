"""The gallery shows every piece of the kit without a fault, in both themes, on desk and phone."""

import pytest

from tests import cast
from tests.browser import axe_findings, sideways, small_targets

pytestmark = pytest.mark.browser

PAGES = ("/ui/", "/ui/frame/list/", "/ui/frame/phone/")


@pytest.fixture
def keeper(transactional_db, make_person):
    person = make_person(cast.ADA)
    person.is_staff = True
    person.save(update_fields=["is_staff"])
    return person


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
