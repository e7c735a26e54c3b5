"""Sign in, read, answer and close where the browser runs no scripts."""

import pytest
from playwright.sync_api import expect

from alerts.demo.cast import PASSWORD
from tests import cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(page, person):
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_sign_in_read_answer_and_close(world, browse):
    incident = world.happens()
    here = f"/incidents/{incident.pk}/"
    plain = {"java_script_enabled": False}
    desk = browse("/incidents/", **plain)
    sign_in(desk, cast.SAM)
    desk.get_by_role("link", name="Unauthorized PLC Programming").click()
    expect(desk.locator(".lead")).to_contain_text("ENG-WS-04")
    desk.get_by_label("Was this planned work?").check(force=True)
    desk.get_by_role("button", name="Ask OT").click()

    phone = browse("/reviews/", width=390, **plain)
    sign_in(phone, cast.ODA)
    phone.get_by_role("link", name="Someone loaded a program").click()
    phone.get_by_role("radio", name="Maintenance").check(force=True)
    phone.get_by_role("radio", name="Planned programming").check(force=True)
    phone.get_by_role("button", name="Save answer").click()
    expect(phone.locator(".toast")).to_contain_text("Saved: Maintenance.")

    desk.goto(here)
    expect(desk.locator(".page-head")).to_contain_text("Maintenance")
    desk.get_by_role("link", name="Close…").click()
    expect(desk.get_by_label("Benign positive")).to_be_checked()
    desk.get_by_role("button", name="Close", exact=True).click()
    expect(desk).to_have_url(f"{desk.url.split('/incidents')[0]}{here}")
    expect(desk.locator(".page-head")).to_contain_text("Closed · Benign positive")
    world.deliver()
    text = world.there(incident)["classificationComment"]
    assert "OT (Oda Nowak): Maintenance" in text
    assert "Closed by Sam Keller" in text
