"""Points 1 to 3 of the main job: the SOC asks, OT answers from a phone, Sentinel gets it all."""

import pytest
from playwright.sync_api import expect

from alerts.demo.cast import PASSWORD
from tests import cast
from tests.journeys.mail import link_in
from tests.journeys.people import (
    answer_maintenance,
    ask_at_the_desk,
    ask_on_the_phone,
    close_by_keys,
    close_by_thumb,
    count_taps,
    tap_button,
    taps_of,
    twenty_seconds_later,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_story_at_a_desk(world, browse, sam, oda):
    incident = world.happens()
    desk = browse("/incidents/", as_=sam)
    ask_at_the_desk(desk, "Unauthorized PLC Programming")
    world.post()
    (mail,) = world.mailbox.to(oda)
    assert mail["Subject"].startswith("Was this you?")

    phone = browse(link_in(mail), as_=oda, width=390)
    with count_taps(phone):
        answer_maintenance(phone)
    assert taps_of(phone) <= 3
    world.deliver()
    labels = [label["labelName"] for label in world.there(incident)["labels"]]
    assert labels == ["tagout:maintenance"]
    (comment,) = world.comments(incident)
    assert "OT verdict: Maintenance (Planned programming)." in comment
    assert "Given by Oda Nowak for OT at Gdańsk." in comment
    assert world.there(incident)["status"] == "New", "an answer closes nothing"

    world.post()
    (news,) = world.mailbox.to(sam)
    assert news["Subject"].startswith("OT says Maintenance")
    desk.goto(link_in(news))
    expect(desk.locator(".page-head")).to_contain_text("Maintenance")
    expect(desk.locator("#ot-panel")).to_contain_text("Oda Nowak answered")
    expect(desk.locator(".timeline")).to_contain_text("judged it: Maintenance")
    expect(desk.locator(".timeline")).not_to_contain_text("OT verdict:")
    close_by_keys(desk)
    expect(desk.locator(".page-head")).to_contain_text("Closed · Benign positive")
    expect(desk.locator(".page-head")).to_contain_text("Sending to Sentinel: closing")
    assert world.there(incident)["status"] == "New", "ten seconds to undo"
    world.deliver()
    assert_closed_with_both_names(world.there(incident))
    twenty_seconds_later(desk)
    expect(desk.locator(".page-head")).to_contain_text("Closed · Benign positive")
    expect(desk.locator(".page-head")).not_to_contain_text("Sending to Sentinel")


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


def assert_closed_with_both_names(there):
    assert there["status"] == "Closed"
    assert there["classification"] == "BenignPositive"
    assert there["classificationReason"] == "SuspiciousButExpected"
    assert "OT (Oda Nowak): Maintenance" in there["classificationComment"]
    assert "Closed by Sam Keller in Tagout." in there["classificationComment"]
