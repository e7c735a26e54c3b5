"""The main job on a workspace in the Defender portal: read and written through Microsoft Graph, and
on one that comes there half way, while everything goes on.
"""

import pytest
from playwright.sync_api import expect

from alerts.incidents.models import Incident, IncidentStatus
from alerts.outbox.models import WantedRule
from alerts.readiness.services.check_workspace import check_workspace
from alerts.sentinel.client import client_for
from alerts.sentinel.models import Workspace
from portal import clock
from tests import cast
from tests.journeys import sentinel_story
from tests.journeys.desk_story import ask_answer_and_close, assert_closed_with_both_names
from tests.journeys.mail import link_in
from tests.journeys.past import WORKSPACE
from tests.journeys.people import answer_maintenance, ask_at_the_desk, close_by_keys
from tests.journeys.rule_story import (
    close_two_and_leave_the_rest,
    look_at_the_record,
    read_and_sign,
    reopen_and_stop,
    try_it_out,
    write_the_rule,
)
from tests.journeys.sentinel_story import write_and_sign

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
GDANSK = "gdansk"
# A rule's copy of an alert names no function: that stands in the sensor's own alert alone.
FIELDS = ("destination_device", "time")
WORDS = ("PLC-PL2-07, PLC-PL2-08", "Tue 05:00–", "ENG-WS-04")
UNLIKE = {
    "another source": {"source": "ENG-WS-02"},
    "an uncovered alert beside it": {"also": ["Controller Stop"]},
}


@pytest.fixture
def people(django_user_model):
    return lambda who: django_user_model.objects.get(email=who.email)


def test_the_soc_asks_ot_answers_and_all_of_it_goes_through_graph(world_in_portal, browse, people):
    world = world_in_portal
    incident = ask_answer_and_close(world, browse, people(cast.SAM), people(cast.ODA))
    body = incident.raw.body
    assert body["graph"]["id"] == world.graph_id(incident)
    assert len(world.posts(incident)) == 1, "OT's verdict, said once"
    assert len(world.patches(incident)) == 2, "the label, then the closing"
    assert world.puts_by_arm() == []


def test_routine_becomes_a_rule_that_closes_through_graph(routine_in_portal, browse):
    routine = routine_in_portal
    oda, leo = routine.person(cast.ODA), routine.person(cast.LEO)
    write_the_rule(routine, browse, oda, fields=FIELDS)
    read_and_sign(routine, browse, leo, words=WORDS)
    try_it_out(routine, browse, oda)
    closed = close_two_and_leave_the_rest(routine, unlike=UNLIKE)
    look_at_the_record(routine, browse)
    reopen_and_stop(routine, browse, leo, closed)
    assert routine.patches(Incident.objects.get(name=closed))
    assert routine.puts_by_arm() == []


def test_sentinel_keeps_a_rule_there_by_analytics_rule_and_custom_detail(routine_in_portal, browse):
    """Titles change in the portal, so none is compared; the rule closes while Tagout is stopped."""
    routine = routine_in_portal
    workspace = Workspace.objects.get(name=WORKSPACE)
    check_workspace(workspace, purpose="read", now=clock.now(), connect=client_for)
    oda, leo = routine.person(cast.ODA), routine.person(cast.LEO)
    write_and_sign(routine, browse, oda, leo)
    conditions = str(WantedRule.objects.get(kind="rule").landed["triggeringLogic"]["conditions"])
    assert "IncidentRelatedAnalyticRuleIds" in conditions and "AlertName" in conditions
    assert "Title" not in conditions and "ProviderName" not in conditions
    sentinel_story.try_it_out(routine)
    sentinel_story.act_alone_for_a_day(routine)
    sentinel_story.stop_it_all(routine, browse, leo)


@pytest.mark.parametrize("which", ["open", "none"])  # incidents of before: which come along
def test_a_workspace_is_onboarded_half_way_and_nothing_is_lost_or_doubled(
    moving_world, browse, people, which
):
    world, sam = moving_world, people(cast.SAM)
    incident, done = world.happens(), world.happens(nonce=1)
    world.closes(done, by="marta")
    answer_before_it_moves(world, browse, sam, people(cast.ODA), incident)
    world.onboard(GDANSK, incidents=which)
    late = world.happens_unread(nonce=2)
    world.use(GDANSK, "graph")
    world.deliver()  # what OT said is owed since before
    world.sync(GDANSK)

    assert world.names_there() == world.names_here() == sorted([incident.name, done.name, late])
    (comment,) = world.comments(incident)
    assert "OT verdict: Maintenance" in comment
    assert [label["labelName"] for label in world.there(incident)["labels"]] == [
        "tagout:maintenance"
    ]
    close_although_an_answer_is_lost(world, browse, sam, incident)
    resolved = [row["name"] for row in world.control.portal() if row["status"] == "resolved"]
    assert resolved == ([incident.name] if which == "open" else [])
    comment_on_what_stayed_in_sentinel(world, browse, sam, done)
    late = Incident.objects.get(name=late)
    assert (late.number, late.status) == (world.there(late)["incidentNumber"], IncidentStatus.NEW)

    world.use(GDANSK, "arm")
    world.sync(GDANSK)
    assert world.names_there() == world.names_here()
    incident.refresh_from_db()
    assert incident.status == IncidentStatus.CLOSED
    assert len(world.comments(incident)) == 1


def answer_before_it_moves(world, browse, sam, oda, incident):
    """OT has answered, and nothing of it is in Sentinel yet."""
    desk = browse("/incidents/", as_=sam)
    ask_at_the_desk(desk, incident.title)
    world.post()
    (mail,) = world.mailbox.to(oda)
    answer_maintenance(browse(link_in(mail), as_=oda, width=390))
    assert world.comments(incident) == []


def close_although_an_answer_is_lost(world, browse, sam, incident):
    """Sam closes; the other side does it, and its answer never arrives."""
    desk = browse(f"/incidents/{incident.pk}/", as_=sam)
    expect(desk.locator(".page-head")).to_contain_text("Maintenance")
    close_by_keys(desk)
    before = world.writes_of(incident)
    world.control.fault(path="/incidents/", method="PATCH|PUT", drop="after", count=1)
    world.deliver_in_vain()
    world.deliver()
    assert_closed_with_both_names(world.there(incident))
    assert world.writes_of(incident) - before == 1


def comment_on_what_stayed_in_sentinel(world, browse, sam, done):
    """What was closed before never came to the portal; it is written to as ever."""
    desk = browse(f"/incidents/{done.pk}/", as_=sam)
    desk.locator(".comment-form textarea").fill("Looked at it once more.")
    desk.locator(".comment-form button").click()
    expect(desk.locator(".timeline")).to_contain_text("Looked at it once more.")
    world.deliver()
    (comment,) = world.comments(done)
    assert "Looked at it once more." in comment
    assert any(done.name in entry["path"] for entry in world.puts_by_arm())
