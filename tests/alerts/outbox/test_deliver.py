"""What is owed goes out once, in order, and never over what a person did in Sentinel."""

import uuid
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from alerts.outbox.models import Change, ChangeOutcome, Urgency, WriteKind
from alerts.outbox.queries import backlog_by_workspace
from alerts.outbox.registry import ChangeHandling, ChangeListener
from alerts.outbox.services.enqueue import PendingChanges, pending_changes_of, withdraw_changes
from alerts.sentinel.client.port import (
    SentinelRefused,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.client.timeouts import TOTAL_SECONDS
from alerts.sentinel.services.workspaces import remove_workspace
from portal.accounts.models import User
from portal.audit.models import Entry
from portal.jobs.models import JobState
from tests import cast
from tests.conftest import NOON
from tests.factories.changes import enqueue_update

CLOSE = {
    "status": "Closed",
    "classification": "BenignPositive",
    "classificationReason": "SuspiciousButExpected",
    "classificationComment": "Closed by Sam Keller in Tagout.",
}


def test_a_write_waits_for_an_undo_and_then_goes_out(desk, sentinel, clock):
    name = sentinel.add_incident()
    desk.enqueue(name, {"severity": "Low"})
    clock.go(seconds=9)
    assert desk.deliver() is None
    clock.go(seconds=1)
    assert desk.deliver().outcome == ChangeOutcome.SENT
    assert desk.properties(name)["severity"] == "Low"
    change = Change.objects.get()
    assert (change.state, change.etag_after) == (JobState.DONE, sentinel.incidents[name]["etag"])
    entry = Entry.objects.get(action="outbox.change.sent")
    assert entry.details["incident"] == name


def test_undone_within_the_hold_nothing_is_sent(desk, sentinel, clock, sam):
    change = desk.enqueue(sentinel.add_incident(), {"severity": "Low"}, by=sam)
    clock.go(seconds=8)
    report = withdraw_changes(act=change.act, by=sam, now=clock.at)
    assert (len(report.withdrawn), report.too_late) == (1, 0)
    clock.go(minutes=5)
    assert desk.deliver() is None
    assert sentinel.calls == []


@pytest.mark.abuse("A15")
def test_who_knows_the_act_of_somebody_else_takes_nothing_of_it_back(
    desk, sentinel, clock, sam, leo, attempts
):
    act = desk.enqueue(sentinel.add_incident(), {"severity": "Low"}, by=sam).act
    desk.enqueue(sentinel.add_incident(), {"severity": "Low"}, by=None, act=act)  # a rule's
    own = desk.enqueue(sentinel.add_incident(), {"severity": "High"}, by=leo, act=act)
    report = withdraw_changes(act=act, by=leo, now=clock.at)
    assert ([change.pk for change in report.withdrawn], report.too_late) == ([own.pk], 0)
    assert report.reasons == ("Only the person who decided this can undo it.",)
    clock.go(seconds=10)
    sent = desk.deliver_all()
    attempts.note("a lead with the id of the act", blocked=sent == [ChangeOutcome.SENT] * 2)


def test_what_a_worker_once_held_can_no_longer_be_taken_back(desk, sentinel, clock, sam):
    change = desk.enqueue(sentinel.add_incident(), {"severity": "Low"}, by=sam)
    sentinel.fail_next(SentinelUnavailable("Too slow."), verb="put_incident")
    clock.go(seconds=10)
    assert desk.deliver().outcome == ChangeOutcome.OPEN
    report = withdraw_changes(act=change.act, by=sam, now=clock.at)
    assert (report.withdrawn, report.too_late) == ((), 1)


def test_the_same_wish_of_the_same_act_is_one_change(desk, sentinel):
    name, act = sentinel.add_incident(), uuid.uuid4()
    first = desk.enqueue(name, {"severity": "Low"}, act=act)
    assert desk.enqueue(name, {"severity": "Low"}, act=act).pk == first.pk


def test_what_is_owed_to_a_workspace_that_was_removed_is_dropped_and_told(
    desk, sentinel, workspace, clock, wired
):
    outcomes = []
    wired(ChangeListener, ChangeListener(lambda result: outcomes.append(result.change.outcome)))
    desk.enqueue(sentinel.add_incident(), CLOSE)
    remove_workspace(name=workspace.name, by="an administrator", now=NOON)
    clock.go(seconds=10)
    done = desk.deliver()
    assert (done.outcome, done.note) == (ChangeOutcome.DROPPED, "The workspace was removed.")
    assert outcomes == [ChangeOutcome.DROPPED]
    assert sentinel.calls == [], "nobody calls there any more"
    assert desk.deliver() is None
    assert pending_changes_of([(workspace.pk, done.change.incident_name)]) == {}


def test_a_close_of_whoever_lost_their_account_meanwhile_is_not_sent(
    desk, sentinel, clock, make_person
):
    sam = make_person(cast.SAM)
    closed, lowered = sentinel.add_incident(), sentinel.add_incident()
    desk.enqueue(closed, CLOSE, by=sam)
    desk.enqueue(lowered, {"severity": "Low"}, by=sam)
    User.objects.update(is_active=False)
    clock.go(seconds=10)
    ended = {done.change.incident_name: done for done in (desk.deliver(), desk.deliver())}
    assert ended[closed].outcome == ChangeOutcome.DROPPED
    assert "account was disabled" in ended[closed].note
    assert desk.properties(closed)["status"] == "New", "on any doubt an incident stays open"
    assert ended[lowered].outcome == ChangeOutcome.SENT, "what silences nothing goes out"


def test_somebody_who_was_faster_in_sentinel_wins(desk, sentinel, clock):
    name = sentinel.add_incident()
    desk.enqueue(name, CLOSE)
    sentinel.edit(name, owner={"objectId": "1e0", "assignedTo": "Leo Hartmann"})
    clock.go(seconds=10)
    done = desk.deliver()
    assert done.outcome == ChangeOutcome.CONFLICTED
    assert "owner is Leo Hartmann" in done.note
    assert sentinel.writes == []
    assert desk.properties(name)["status"] == "New"


def test_an_edit_between_our_reading_and_our_writing_is_not_lost(desk, sentinel, clock):
    name = sentinel.add_incident()
    desk.enqueue(name, {"severity": "Low", "labels_add": ["ours"]})

    def colleague():
        sentinel.edit(name, status="Active", labels=[{"labelName": "theirs"}])

    sentinel.before_next(colleague, verb="put_incident")
    clock.go(seconds=10)
    assert desk.deliver().outcome == ChangeOutcome.SENT
    now = desk.properties(name)
    assert (now["status"], now["severity"]) == ("Active", "Low")
    assert [label["labelName"] for label in now["labels"]] == ["theirs", "ours"]
    assert len(desk.pauses) == 1


def test_a_close_loses_to_an_edit_between_our_reading_and_our_writing(desk, sentinel, clock):
    name = sentinel.add_incident()
    desk.enqueue(name, CLOSE)
    sentinel.before_next(lambda: sentinel.edit(name, severity="High"), verb="put_incident")
    clock.go(seconds=10)
    assert desk.deliver().outcome == ChangeOutcome.CONFLICTED
    assert (desk.properties(name)["status"], desk.properties(name)["severity"]) == ("New", "High")


def test_an_incident_that_never_rests_is_tried_four_times_and_again_later(desk, sentinel, clock):
    name = sentinel.add_incident()
    desk.enqueue(name, {"severity": "Low"})
    for _ in range(4):
        sentinel.before_next(lambda: sentinel.edit(name, description="x"), verb="put_incident")
    clock.go(seconds=10)
    assert desk.deliver().outcome == ChangeOutcome.OPEN
    assert (len(sentinel.writes), len(desk.pauses)) == (4, 3)
    clock.go(seconds=10)
    assert desk.deliver().outcome == ChangeOutcome.SENT


def test_no_turn_begins_that_could_outlive_the_lease(desk, sentinel, clock, monkeypatch):
    """Each call may take as long as a call may: after two turns the lease would be another's."""
    elapsed = [0.0]
    monkeypatch.setattr(
        "alerts.outbox.services.deliver.time", SimpleNamespace(monotonic=lambda: elapsed[0])
    )
    name = sentinel.add_incident()
    desk.enqueue(name, {"severity": "Low"})

    def slow_and_overtaken():
        elapsed[0] += TOTAL_SECONDS
        sentinel.edit(name, description="x")

    for _ in range(4):
        sentinel.before_next(slow_and_overtaken, verb="put_incident")
    clock.go(seconds=10)
    assert desk.deliver().outcome == ChangeOutcome.OPEN
    assert (len(sentinel.writes), desk.pauses) == (1, [])


def test_changes_of_one_incident_go_out_in_the_order_they_were_made(desk, sentinel, clock):
    name = sentinel.add_incident()
    desk.enqueue(name, {"severity": "Low"}, hold=timedelta(seconds=30))
    desk.enqueue(name, {"severity": "High"}, hold=timedelta(0))
    assert desk.deliver() is None
    clock.go(seconds=30)
    assert desk.deliver_all() == [ChangeOutcome.SENT, ChangeOutcome.SENT]
    assert [call.body["properties"]["severity"] for call in sentinel.writes] == ["Low", "High"]


def test_what_we_wrote_ourselves_does_not_stand_in_the_way_of_our_next_write(desk, sentinel, clock):
    name = sentinel.add_incident()
    desk.enqueue(name, {"owner": {"assignedTo": "Sam Keller", "email": "sam@demo.example"}})
    desk.enqueue(name, {"labels_add": ["Packaging"]})
    desk.enqueue(name, CLOSE)
    clock.go(seconds=10)
    assert desk.deliver_all() == [ChangeOutcome.SENT] * 3
    assert desk.properties(name)["status"] == "Closed"


def test_nor_does_it_where_the_answer_to_it_was_of_no_use(desk, sentinel, clock, monkeypatch):
    name = sentinel.add_incident()
    desk.enqueue(name, {"owner": {"objectId": "1e0", "assignedTo": "Leo"}, "labels_add": ["night"]})
    desk.enqueue(name, CLOSE)
    put = sentinel.put_incident

    def answered_badly(*arguments):
        return replace(put(*arguments), body=b'{"properties": 7}')

    monkeypatch.setattr(sentinel, "put_incident", answered_badly)
    clock.go(seconds=10)
    assert desk.deliver_all() == [ChangeOutcome.SENT, ChangeOutcome.SENT]
    assert desk.properties(name)["status"] == "Closed"


def test_people_go_before_machines(desk, sentinel, clock):
    machine, person = sentinel.add_incident(), sentinel.add_incident()
    desk.enqueue(machine, {"severity": "Low"}, urgency=Urgency.MACHINE, hold=timedelta(0))
    desk.enqueue(person, {"severity": "Low"})
    clock.go(seconds=10)
    assert [desk.deliver().change.incident_name for _ in range(2)] == [person, machine]


def test_an_incident_that_is_gone_is_refused_and_can_be_seen(desk, sentinel, clock):
    name = sentinel.add_incident()
    desk.enqueue(name, {"severity": "Low"})
    del sentinel.incidents[name]
    clock.go(seconds=10)
    done = desk.deliver()
    assert (done.outcome, done.note) == (ChangeOutcome.REFUSED, "It is no longer in Sentinel.")
    assert backlog_by_workspace()[0].given_up == 1


def test_a_refusal_is_told_in_azures_own_words(desk, sentinel, clock):
    error = SentinelRefused("Severity is odd.", status=400, code="BadRequest")
    desk.enqueue(sentinel.add_incident(), {"severity": "Low"})
    sentinel.fail_next(error, verb="put_incident")
    clock.go(seconds=10)
    done = desk.deliver()
    assert (done.outcome, done.note) == (ChangeOutcome.REFUSED, error.message)


@pytest.mark.parametrize(
    ("error", "least"),
    [(SentinelThrottled("Slow down.", retry_after=170), 170), (SentinelUnavailable("Away."), 5)],
)
def test_a_far_end_that_is_busy_or_away_costs_no_attempt(desk, sentinel, clock, error, least):
    desk.enqueue(sentinel.add_incident(), {"severity": "Low"})
    for _ in range(6):
        sentinel.fail_next(error, verb="get_incident")
        clock.go(minutes=6)
        assert desk.deliver().outcome == ChangeOutcome.OPEN
        clock.go(seconds=least - 1)
        assert desk.deliver() is None
    assert Change.objects.get().attempts == 0
    clock.go(minutes=6)
    assert desk.deliver().outcome == ChangeOutcome.SENT


def test_a_written_change_whose_answer_was_lost_is_not_written_again(desk, sentinel, clock):
    name = sentinel.add_incident()
    desk.enqueue(name, CLOSE)

    def write_and_lose_the_answer():
        sentinel.edit(name, **CLOSE)
        raise SentinelUnavailable("The answer was cut off.")

    sentinel.before_next(write_and_lose_the_answer, verb="put_incident")
    clock.go(seconds=10)
    assert desk.deliver().outcome == ChangeOutcome.OPEN
    clock.go(minutes=1)
    assert desk.deliver().outcome == ChangeOutcome.SENT
    assert len(sentinel.writes) == 1


def test_a_comment_whose_answer_was_lost_is_there_once(desk, sentinel, clock):
    name = sentinel.add_incident()
    change = desk.say(name, "OT says: maintenance")
    put = sentinel.put_comment

    def write_and_lose_the_answer(*args):
        put(*args)
        sentinel.put_comment = put
        raise SentinelUnavailable("The answer was cut off.")

    sentinel.put_comment = write_and_lose_the_answer
    clock.go(seconds=10)
    assert desk.deliver().outcome == ChangeOutcome.OPEN
    clock.go(minutes=1)
    assert desk.deliver().outcome == ChangeOutcome.SENT
    assert list(sentinel.comments[name]) == [str(change.key)]
    assert [call.verb for call in sentinel.writes] == ["put_comment"]


def test_a_paused_workspace_waits_and_the_others_go_on(desk, sentinel, clock, workspace):
    desk.enqueue(sentinel.add_incident(), {"severity": "Low"})
    clock.go(seconds=10)
    workspace.state = "paused"
    workspace.save()
    assert desk.deliver() is None
    workspace.state = "active"
    workspace.save()
    assert desk.deliver().outcome == ChangeOutcome.SENT


def test_what_is_no_longer_right_when_its_turn_comes_is_dropped(desk, sentinel, clock, wired):
    wired(
        ChangeHandling,
        ChangeHandling(WriteKind.TAG, check=lambda change, now: "The rule was paused."),
    )
    name = sentinel.add_incident()
    desk.enqueue_of_rules(name, {"labels_add": ["x"]}, WriteKind.TAG)
    desk.enqueue_of_rules(name, CLOSE, WriteKind.CLOSE)
    clock.go(seconds=10)
    assert [desk.deliver().note for _ in range(2)] == [
        "The rule was paused.",
        "Nothing is known here that allows a change of this kind, so it was not sent.",
    ]
    assert sentinel.calls == []


def test_a_change_that_breaks_its_worker_is_given_up_and_lets_the_next_one_pass(
    desk, sentinel, clock
):
    name = sentinel.add_incident()
    desk.enqueue(name, {"incidentNumber": 5})  # nothing we may change: a bug of ours
    desk.enqueue(name, {"severity": "Low"})
    outcomes = []
    for _ in range(6):
        clock.go(minutes=6)
        if done := desk.deliver():
            outcomes.append(done.outcome)
    assert outcomes == [ChangeOutcome.OPEN] * 4 + [ChangeOutcome.REFUSED, ChangeOutcome.SENT]


def test_a_base_that_leaves_out_what_a_close_must_watch_is_a_mistake(workspace):
    with pytest.raises(ValueError, match="must be watched"):
        enqueue_update(
            workspace_id=workspace.pk,
            incident_name="x",
            patch=CLOSE,
            base={"status": "New"},
            act=uuid.uuid4(),
            by=None,
            by_label="Sam Keller",
            now=NOON,
        )


def test_pages_ask_what_is_still_owed(desk, sentinel, clock, workspace):
    name = sentinel.add_incident()
    desk.enqueue(name, {"severity": "Low"})
    desk.say(name, "hello")
    pair = (workspace.pk, name)
    assert pending_changes_of([pair, (workspace.pk, "other")]) == {
        pair: PendingChanges(2, ({"severity": "Low"},))
    }
    clock.go(seconds=40)
    backlog = backlog_by_workspace()[0]
    assert (backlog.waiting, backlog.age(now=clock.at)) == (2, 30)


def test_what_follows_a_change_of_a_kind_comes_first_and_for_that_kind_only(
    desk, sentinel, clock, wired
):
    heard = []
    wired(ChangeListener, ChangeListener(lambda settlement: heard.append("everybody")))
    wired(
        ChangeHandling,
        ChangeHandling(
            WriteKind.TAG,
            check=lambda change, now: "",
            follow_up=lambda settlement: heard.append("rule"),
        ),
    )
    desk.enqueue(sentinel.add_incident(), {"severity": "Low"})
    desk.enqueue_of_rules(sentinel.add_incident(), {"labels_add": ["x"]}, WriteKind.TAG)
    clock.go(seconds=10)
    assert desk.deliver_all() == ["sent", "sent"]
    assert sorted(heard) == ["everybody", "everybody", "rule"]
    assert heard[heard.index("rule") + 1] == "everybody"


@pytest.fixture
def fresh_check(wired):
    """A check that notes what it saw, and returns what the test wants it to return."""
    check_state = {"reason": "", "asked": []}

    def check(change, fresh, now):
        check_state["asked"].append(
            (fresh.incident.etag, [alert.system_alert_id for alert in fresh.alerts])
        )
        return check_state["reason"]

    wired(ChangeHandling, ChangeHandling(WriteKind.CLOSE, fresh_check=check))
    return check_state


def test_a_fresh_check_sees_the_incident_and_its_alerts_before_the_write(
    desk, sentinel, clock, fresh_check
):
    name = sentinel.add_incident()
    sentinel.alerts[name] = [{"properties": {"systemAlertId": "A-1", "severity": "Low"}}]
    etag = sentinel.incidents[name]["etag"]
    desk.enqueue_of_rules(name, CLOSE, WriteKind.CLOSE)
    clock.go(seconds=10)
    assert desk.deliver().outcome == ChangeOutcome.SENT
    assert fresh_check["asked"] == [(etag, ["a-1"])]
    verbs = [call.verb for call in sentinel.calls]
    assert verbs == ["get_incident", "list_alerts", "put_incident"]


def test_what_a_fresh_check_holds_against_a_write_drops_it(desk, sentinel, clock, fresh_check):
    name = sentinel.add_incident()
    fresh_check["reason"] = "An alert joined."
    desk.enqueue_of_rules(name, CLOSE, WriteKind.CLOSE)
    clock.go(seconds=10)
    done = desk.deliver()
    assert (done.outcome, done.note) == (ChangeOutcome.DROPPED, "An alert joined.")
    assert sentinel.writes == []


def test_a_fresh_check_is_asked_again_when_somebody_was_in_between(
    desk, sentinel, clock, fresh_check
):
    name = sentinel.add_incident()
    desk.enqueue_of_rules(name, CLOSE, WriteKind.CLOSE)
    sentinel.before_next(lambda: sentinel.edit(name, description="x"), verb="put_incident")
    clock.go(seconds=10)
    assert desk.deliver().outcome == ChangeOutcome.SENT
    assert len(fresh_check["asked"]) == 2


def test_a_fresh_check_that_breaks_sends_nothing(desk, sentinel, clock, wired):
    wired(
        ChangeHandling,
        ChangeHandling(WriteKind.CLOSE, fresh_check=lambda *_, **__: 1 / 0),
    )
    desk.enqueue_of_rules(sentinel.add_incident(), CLOSE, WriteKind.CLOSE)
    clock.go(seconds=10)
    assert desk.deliver().outcome == ChangeOutcome.OPEN
    assert sentinel.writes == []
