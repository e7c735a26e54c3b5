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


def test_numbers_are_not_written_before_a_row_is_chosen(browse, gdansk, plant, sam):
    make_queue_row(gdansk, plant)
    page = browse("/incidents/", as_=sam).context.new_page()  # scripts stay with a page
    page.add_init_script(
        "const write = Number.prototype.toLocaleString;"
        "window.written = 0;"
        "Number.prototype.toLocaleString ="
        " function (...how) { window.written += 1; return write.apply(this, how); };"
    )
    page.goto("/incidents/")
    assert page.evaluate("window.written") == 0  # a phone would load the browser's languages
    page.get_by_role("checkbox").first.check()
    page.wait_for_function("window.written > 0")
    page.close()
