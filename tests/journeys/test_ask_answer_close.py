"""Points 1 to 3 of the main job: the SOC asks, OT answers from a phone, Sentinel gets it all."""

import pytest
from playwright.sync_api import expect

from alerts.demo.cast import PASSWORD
from tests import cast
from tests.journeys.desk_story import ask_answer_and_close, assert_closed_with_both_names
from tests.journeys.mail import link_in
from tests.journeys.people import (
    answer_maintenance,
    ask_on_the_phone,
    close_by_thumb,
    tap_button,
    twenty_seconds_later,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_story_at_a_desk(world, browse, sam, oda):
    ask_answer_and_close(world, browse, sam, oda)


def test_the_story_on_two_phones(world, browse, sam, oda):
    incident = world.happens()
    hers = browse("/incidents/", as_=sam, width=390)
    ask_on_the_phone(hers, "Unauthorized PLC Programming")
    world.post()
    (mail,) = world.mailbox.to(oda)

    phone = browse(link_in(mail), width=390)  # nobody is signed in: the link carries no rights
    phone.get_by_label("E-mail address").fill(cast.ODA.email)
    phone.get_by_label("Password").fill(PASSWORD)
    tap_button(phone, "Sign in")
    expect(phone).to_have_url(link_in(mail))
    answer_maintenance(phone, work_order="WO-20917")
    world.deliver()
    (comment,) = world.comments(incident)
    assert "Work order: WO-20917." in comment

    hers.locator(".comment-form textarea").fill("Half a thought")
    hers.locator("h1").tap()
    twenty_seconds_later(hers)
    expect(hers.locator(".page-head")).to_contain_text("Maintenance")
    expect(hers.locator("#ot-panel")).to_contain_text("Work order WO-20917")
    assert hers.locator(".comment-form textarea").input_value() == "Half a thought"
    close_by_thumb(hers)
    expect(hers.locator(".page-head")).to_contain_text("Sending to Sentinel: closing")
    world.deliver()
    there = world.there(incident)
    assert_closed_with_both_names(there)
    assert "work order WO-20917" in there["classificationComment"]
