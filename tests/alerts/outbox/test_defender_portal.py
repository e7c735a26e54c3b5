"""Changes go to the Defender portal by Graph: narrow, once, never over what people did there."""

import pytest

from alerts.outbox.models import Change, ChangeOutcome
from alerts.outbox.services.deliver import deliver_one
from alerts.outbox.wording import note_words
from alerts.sentinel.client.errors import SentinelUnavailable
from alerts.sentinel.client.graph_source import GraphIncidentSource
from alerts.sentinel.wire.graph.incidents import Counterpart
from tests.alerts.outbox.conftest import Desk
from tests.alerts.outbox.test_deliver import CLOSE
from tests.conftest import NOON
from tests.factories.graph import MemoryCounterparts, MemoryGraph

NAME = "73e01a99-5cd7-4139-a149-9f2736ff2ab5"
SAM = {
    "objectId": "o-1",
    "email": "sam@plant.example",
    "userPrincipalName": "sam@plant.example",
    "assignedTo": "Sam Keller",
}


class PortalDesk(Desk):
    """The same desk, with the workspace in the Defender portal."""

    def __init__(self, workspace, sentinel):
        super().__init__(workspace, sentinel)
        self.graph = MemoryGraph()
        self.counterparts = MemoryCounterparts(Counterpart("8754", NAME, 2673, {"owner": SAM}))
        self.graph.add("8754")
        self.graph.add_alert("8754")
        sentinel.add_incident(NAME)

    @property
    def client(self):
        return GraphIncidentSource(self.graph, self.sentinel, self.counterparts)

    def deliver(self, **arguments):
        return deliver_one(
            now=NOON, connect=lambda *_: self.client, pause=self.pauses.append, **arguments
        )

    def lose_the_answer(self, verb):
        """The next call of this verb lands, and nobody hears of it."""
        method = getattr(self.graph, verb)

        def call(*parts, **options):
            setattr(self.graph, verb, method)
            method(*parts, **options)
            raise SentinelUnavailable("Too slow.")

        setattr(self.graph, verb, call)


@pytest.fixture
def portal(workspace, sentinel, clock):
    return PortalDesk(workspace, sentinel)


def test_a_close_is_one_narrow_patch(portal, clock):
    portal.enqueue(NAME, CLOSE | {"owner": SAM, "labels_add": ["tagout:routine"]})
    clock.go(seconds=10)
    assert portal.deliver().outcome == ChangeOutcome.SENT
    assert portal.graph.writes == [
        (
            "PATCH",
            "incidents/8754",
            {
                "status": "resolved",
                "classification": "informationalExpectedActivity",
                "determination": "confirmedActivity",
                "resolvingComment": "Closed by Sam Keller in Tagout.",
                "assignedTo": "sam@plant.example",
                "customTags": ["tagout:routine"],
            },
        )
    ]
    assert Change.objects.get().etag_after.startswith("graph:")


def test_who_was_faster_in_the_portal_stays(portal, clock):
    portal.enqueue(NAME, CLOSE)
    portal.graph.edit("8754", severity="high")
    clock.go(seconds=10)
    assert portal.deliver().outcome == ChangeOutcome.CONFLICTED
    assert portal.graph.writes == []


def test_a_change_of_something_else_meanwhile_is_written_around(portal, clock):
    portal.enqueue(NAME, {"severity": "Low"})
    portal.graph.before_next(lambda: None, verb="GET")
    portal.graph.before_next(lambda: portal.graph.edit("8754", customTags=["theirs"]), verb="GET")
    clock.go(seconds=10)
    assert portal.deliver().outcome == ChangeOutcome.SENT
    assert portal.graph.incidents["8754"]["customTags"] == ["theirs"]
    assert portal.graph.incidents["8754"]["severity"] == "low"


def test_an_answer_that_was_lost_is_not_sent_twice(portal, clock):
    portal.enqueue(NAME, {"severity": "Low"})
    portal.say(NAME, "Routine.")
    portal.lose_the_answer("patch")
    clock.go(seconds=10)
    assert portal.deliver().outcome == ChangeOutcome.OPEN
    clock.go(minutes=10)
    assert portal.deliver().outcome == ChangeOutcome.SENT
    portal.lose_the_answer("post")
    assert portal.deliver().outcome == ChangeOutcome.OPEN
    clock.go(minutes=10)
    assert portal.deliver().outcome == ChangeOutcome.SENT
    assert [verb for verb, _, _ in portal.graph.writes] == ["PATCH", "POST"]
    assert len(portal.graph.comments["8754"]) == 1


def test_who_reopens_right_after_a_close_stays_and_the_change_says_so(portal, clock):
    portal.enqueue(NAME, CLOSE)

    def reopen_before_it_is_read_again():
        portal.graph.before_next(lambda: portal.graph.edit("8754", status="active"), verb="GET")

    portal.graph.before_next(reopen_before_it_is_read_again, verb="PATCH")
    clock.go(seconds=10)
    assert portal.deliver().outcome == ChangeOutcome.SENT
    assert portal.graph.incidents["8754"]["status"] == "active"
    note = Change.objects.get().note
    assert "right after" in note and note_words(note) == note
    assert portal.deliver() is None


def test_a_reason_that_the_portal_cannot_keep_is_told(portal, clock):
    portal.enqueue(
        NAME,
        CLOSE | {"classification": "FalsePositive", "classificationReason": "IncorrectAlertLogic"},
    )
    clock.go(seconds=10)
    assert portal.deliver().outcome == ChangeOutcome.SENT
    assert "no place for this reason" in Change.objects.get().note


def test_what_was_decided_before_the_onboarding_goes_out_after_it(portal, clock):
    """The base was Sentinel's word; the owner there has an object id, and a name of its own."""
    portal.sentinel.edit(NAME, owner=SAM)
    portal.graph.edit("8754", assignedTo="Sam@plant.example")
    portal.enqueue(NAME, CLOSE)
    clock.go(seconds=10)
    assert portal.deliver().outcome == ChangeOutcome.SENT


def test_a_merged_incident_is_left_alone(portal, clock):
    portal.enqueue(NAME, CLOSE)
    portal.graph.edit("8754", status="redirected", redirectIncidentId="8800")
    portal.graph.add("8800")
    clock.go(seconds=10)
    assert portal.deliver().outcome == ChangeOutcome.CONFLICTED
    assert portal.graph.writes == []
