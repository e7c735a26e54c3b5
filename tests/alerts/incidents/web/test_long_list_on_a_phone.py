"""A phone does not lay out fifty rows before it shows the first of them."""

import pytest

from tests.factories.incidents import make_queue_row

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_rows_out_of_sight_are_laid_out_when_they_come_near(browse, gdansk, plant, sam):
    for at in range(40):
        make_queue_row(gdansk, plant, title=f"Case {at:02d}")
    page = browse("/incidents/", as_=sam, viewport={"width": 390, "height": 844})
    row = page.locator("#queue-rows tr").last
    is_drawn = (
        "row => row.querySelector('.grid-title').checkVisibility({ contentVisibilityAuto: true })"
    )
    assert not row.evaluate(is_drawn)
    row.scroll_into_view_if_needed()
    page.wait_for_function(is_drawn, arg=row.element_handle())
