"""A comment whose answer was lost before its workspace changed sides is not written once more."""

import uuid

import pytest

from alerts.outbox.models import Change, ChangeOutcome
from alerts.sentinel.client.errors import SentinelDenied, SentinelUnavailable
from alerts.sentinel.wire.incidents import comment_body
from tests.alerts.outbox.test_defender_portal import NAME, PortalDesk

TEXT = "Routine."


class Sides(PortalDesk):
    """A desk whose workspace can be on either side; what one writes, the other has, too."""

    is_in_portal = True

    @property
    def client(self):
        return super().client if self.is_in_portal else self.sentinel

    def say_and_lose_the_answer(self, clock):
        self.say(NAME, TEXT)
        if self.is_in_portal:
            self.lose_the_answer("post")
        else:
            self.sentinel.put_comment = self.write_and_fail
        clock.go(seconds=10)
        assert self.deliver().outcome == ChangeOutcome.OPEN

    def write_and_fail(self, name, comment, body):
        del self.sentinel.put_comment
        self.sentinel.put_comment(name, comment, body)
        self.graph.say("8754", body["properties"]["message"], by="API-App:tagout")
        raise SentinelUnavailable("Too slow.")

    def change_sides(self):
        """Sentinel takes over what Graph has, under names of its own."""
        if self.is_in_portal:
            for comment in self.graph.comments["8754"]:
                body = comment_body(comment["comment"])
                self.sentinel.put_comment(NAME, str(uuid.uuid4()), body)
        self.is_in_portal = not self.is_in_portal

    def texts(self):
        """What both sides have of it."""
        theirs = [row["comment"] for row in self.graph.comments["8754"]]
        stored = self.sentinel.comments.get(NAME, {}).values()
        return theirs, [row["properties"]["message"] for row in stored]


@pytest.fixture
def sides(workspace, sentinel, clock):
    return Sides(workspace, sentinel)


@pytest.mark.parametrize("begins_in_portal", [True, False])
def test_what_the_other_side_wrote_is_there(sides, clock, begins_in_portal):
    sides.is_in_portal = begins_in_portal
    sides.say_and_lose_the_answer(clock)
    sides.change_sides()
    clock.go(minutes=10)
    assert sides.deliver().outcome == ChangeOutcome.SENT
    assert [len(texts) for texts in sides.texts()] == [1, 1]


@pytest.mark.parametrize("begins_in_portal", [True, False])
def test_what_nobody_wrote_is_written_once(sides, clock, begins_in_portal):
    sides.is_in_portal = begins_in_portal
    sides.say(NAME, TEXT)
    Change.objects.update(fence=3)
    sides.change_sides()
    clock.go(seconds=10)
    assert sides.deliver().outcome == ChangeOutcome.SENT
    assert sum(map(len, sides.texts())) == 1


def test_a_resource_manager_that_is_taken_away_keeps_no_comment(sides, clock):
    def denied(name, comment):
        raise SentinelDenied("No more.", status=403)

    sides.sentinel.get_comment = denied
    sides.say(NAME, TEXT)
    Change.objects.update(fence=3)
    clock.go(seconds=10)
    assert sides.deliver().outcome == ChangeOutcome.SENT
    assert len(sides.graph.comments["8754"]) == 1
