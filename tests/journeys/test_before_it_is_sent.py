"""Between a click and its delivery: a person in Sentinel was faster, or Sam thinks again."""

import pytest
from playwright.sync_api import expect

from tests.journeys.people import close_on_the_page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PIOTR = "Piotr Zielinski"


EDITS = (
    ({"owner": PIOTR}, f"Owner stays {PIOTR}"),
    ({"properties": {"severity": "Low"}}, "Severity stays Low"),
)


def test_an_edit_in_sentinel_meanwhile_is_never_overwritten(world, browse, sam):
    for nonce, (edit, text) in enumerate(EDITS):
        incident = world.happens(nonce=nonce)
        page = browse(f"/incidents/{incident.pk}/", as_=sam)
        close_on_the_page(page)
        world.control.edit(incident.name, by=PIOTR, **edit)
        theirs = world.there(incident)
        world.deliver()
        assert world.there(incident) == theirs
        assert not world.writes(incident)
        page.reload()
        note = page.locator(".note", has_text="kept a newer change")
        expect(note).to_contain_text("before the change by Sam Keller came")
        expect(note).to_contain_text(text)
        expect(page.locator(".page-head")).to_contain_text("New")
        expect(page.get_by_role("link", name="Close…")).to_be_visible()


def test_what_is_undone_within_the_hold_never_reaches_sentinel(world, browse, sam):
    incident = world.happens()
    page = browse(f"/incidents/{incident.pk}/", as_=sam)
    close_on_the_page(page)
    expect(page.locator(".page-head")).to_contain_text("Closed · Benign positive")
    page.keyboard.press("z")
    expect(page.locator(".toast").last).to_contain_text("Undone for 1 incident")
    expect(page.locator(".page-head")).to_contain_text("New")
    world.deliver()
    assert world.there(incident)["status"] == "New"
    assert not world.writes(incident)
