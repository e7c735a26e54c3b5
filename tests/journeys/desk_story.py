"""Points 2 and 3 of the main job, step by step: the SOC asks, OT answers from a phone, the SOC
closes, and Sentinel gets it all.
"""

from playwright.sync_api import expect

from tests.journeys.mail import link_in
from tests.journeys.people import (
    answer_maintenance,
    ask_at_the_desk,
    close_by_keys,
    count_taps,
    taps_of,
    twenty_seconds_later,
)


def ask_answer_and_close(world, browse, sam, oda):
    """One download, from Sam's question to both names in Sentinel; the incident."""
    incident = world.happens()
    desk = browse("/incidents/", as_=sam)
    ask_at_the_desk(desk, "Unauthorized PLC Programming")
    world.post()
    (mail,) = world.mailbox.to(oda)
    assert mail["Subject"].startswith("Was this planned work?")

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
    return incident


def assert_closed_with_both_names(there):
    assert there["status"] == "Closed"
    assert there["classification"] == "BenignPositive"
    assert there["classificationReason"] == "SuspiciousButExpected"
    assert "OT (Oda Nowak): Maintenance" in there["classificationComment"]
    assert "Closed by Sam Keller in Tagout." in there["classificationComment"]
