"""The pages of workspaces hold the design's bars at a desk and on a phone, light and dark."""

import pytest

from alerts.sentinel.client.prerequisites import Prerequisite
from tests.bars import bar_faults_everywhere

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    "path",
    [
        "/workspaces/",
        "/workspaces/gdansk/",
        "/workspaces/gdansk/collected/",
        "/workspaces/gdansk/move/",
    ],
)
def test_a_page_holds_the_bars(browse, ada, look_now, sentinel, path):
    sentinel.lay_out(Prerequisite.CONNECTORS, [])
    look_now()
    assert bar_faults_everywhere(browse(path, as_=ada)) == []
