"""The pages of the room against the bars of the design, in a browser."""

import pytest

from tests.browser import bar_faults
from tests.conftest import NOON

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("path", ["/rules/", "/approvals/", "/ledger/"])
def test_a_list_holds_the_bars(browse, make_version, acted, leo, noon, path, width):
    live = make_version("live")
    acted(live, ending="reopened", review_again_at=NOON)
    make_version("draft", rule=live.rule)
    make_version("proposed")
    assert bar_faults(browse(path, as_=leo, width=width)) == []


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_of_a_rule_holds_the_bars(browse, make_version, acted, leo, noon, width):
    version = make_version("proposed")
    acted(version)
    assert bar_faults(browse(f"/rules/{version.uuid}/", as_=leo, width=width)) == []
