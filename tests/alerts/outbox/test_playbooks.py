"""A playbook is started once: whatever becomes of the answer, no second run follows by itself."""

import uuid

import pytest

from alerts.outbox.models import Change, ChangeOutcome, WriteKind
from alerts.outbox.registry import ChangeHandling
from alerts.outbox.services.enqueue import PendingWrite, enqueue_changes, retry_change
from alerts.sentinel.client.port import (
    SentinelDenied,
    SentinelRefused,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.models import Reachability
from portal.jobs.models import JobState
from tests.conftest import NOON
from tests.factories.automation import make_playbook, make_run

pytestmark = pytest.mark.django_db
LOST = SentinelUnavailable("Azure cannot be reached (TooSlow).", code="TooSlow")


@pytest.fixture
def playbook(sentinel, wired):
    """A playbook that whoever is asked lets start."""
    wired(
        ChangeHandling,
        ChangeHandling(
            WriteKind.PLAYBOOK,
            check=lambda change, now: "",
            start_check=lambda change, playbook, now: "",
        ),
    )
    return sentinel.add_playbook("enrich-with-cve")


@pytest.fixture
def enqueue_run(workspace, sentinel, playbook, clock):
    """`enqueue_run()`: a run is owed whose hold is over; returns the incident's name."""

    row = make_playbook(workspace, resource_id=playbook)

    def make():
        name = sentinel.add_incident()
        run = make_run(row, None, name="", asked_at=NOON)
        enqueue_changes(
            wishes=[PendingWrite(workspace.pk, name, playbook=playbook, run_uuid=run.uuid)],
            act=uuid.uuid4(),
            by=None,
            by_label="Sam Keller",
            now=NOON,
        )
        clock.go(seconds=10)
        return name

    return make


def starts(sentinel):
    return [call.name for call in sentinel.calls if call.verb == "run_playbook"]


def lose_answer(sentinel, playbook, name, *, runs):
    """The call arrives, or not; nobody here can tell."""

    def happens():
        if runs:
            sentinel.add_run(playbook, name)
        raise LOST

    sentinel.before_next(happens, verb="run_playbook")


def test_a_playbook_runs_on_the_incident(desk, sentinel, playbook, enqueue_run):
    name = enqueue_run()
    assert desk.deliver().outcome == ChangeOutcome.SENT
    assert sentinel.runs[playbook][0]["properties"]["correlation"]["clientTrackingId"] == name


def test_a_lost_answer_is_looked_up_and_starts_no_second_run(
    desk, sentinel, playbook, enqueue_run, clock
):
    sentinel.add_run(playbook, "another")
    name = enqueue_run()
    sentinel.add_run(playbook, name)  # of before: it is no proof
    lose_answer(sentinel, playbook, name, runs=True)
    assert desk.deliver().outcome == ChangeOutcome.OPEN
    clock.go(minutes=2)
    done = desk.deliver()
    assert (done.outcome, done.note) == (ChangeOutcome.SENT, f"{3:020d}")
    assert starts(sentinel) == [name]


def test_where_no_run_shows_up_a_person_decides_and_nothing_is_sent_again(
    desk, sentinel, playbook, enqueue_run, clock, leo
):
    name = enqueue_run()
    sentinel.add_run(playbook, name)  # of before, and so no proof that this one started
    lose_answer(sentinel, playbook, name, runs=False)
    outcomes = [desk.deliver().outcome]
    while outcomes[-1] == ChangeOutcome.OPEN:
        clock.go(minutes=2)
        outcomes.append(desk.deliver().outcome)
    assert outcomes[-1] == ChangeOutcome.REFUSED
    change = Change.objects.get()
    assert change.state == JobState.DEAD and "before you retry" in change.note
    assert starts(sentinel) == [name]
    retry_change(change_id=change.pk, by=leo, now=NOON)
    assert desk.deliver().outcome == ChangeOutcome.SENT
    assert starts(sentinel) == [name, name]


def test_a_run_that_shows_up_late_is_waited_for(desk, sentinel, playbook, enqueue_run, clock):
    name = enqueue_run()
    lose_answer(sentinel, playbook, name, runs=False)
    desk.deliver()
    Change.objects.update(due_at=clock.at)
    assert desk.deliver().outcome == ChangeOutcome.OPEN, "it may take a moment to show up"
    sentinel.add_run(playbook, name)
    clock.go(seconds=30)
    assert desk.deliver().outcome == ChangeOutcome.SENT
    assert starts(sentinel) == [name]


def test_a_worker_that_died_in_the_call_leaves_word_of_it(
    desk, sentinel, playbook, enqueue_run, clock
):
    name = enqueue_run()

    def dies():
        sentinel.add_run(playbook, name)
        raise KeyboardInterrupt

    sentinel.before_next(dies, verb="run_playbook")
    with pytest.raises(KeyboardInterrupt):
        desk.deliver()
    clock.go(minutes=5)
    assert desk.deliver().outcome == ChangeOutcome.SENT
    assert starts(sentinel) == [name]


@pytest.mark.parametrize(
    "error",
    [
        SentinelThrottled("Azure asks for fewer calls."),
        SentinelUnavailable("Nobody is there.", code="ServiceRequestError"),
    ],
)
def test_what_surely_did_not_arrive_is_sent_again(
    desk, sentinel, playbook, enqueue_run, clock, error
):
    name = enqueue_run()
    sentinel.fail_next(error, verb="run_playbook")
    assert desk.deliver().outcome == ChangeOutcome.OPEN
    clock.go(minutes=5)
    assert desk.deliver().outcome == ChangeOutcome.SENT
    assert len(sentinel.runs[playbook]) == 1 and starts(sentinel) == [name, name]


@pytest.mark.parametrize("verb", ["run_playbook", "list_playbook_runs"])
def test_a_right_that_is_missing_on_playbooks_stops_nothing_else(desk, sentinel, enqueue_run, verb):
    enqueue_run()
    other = sentinel.add_incident()
    desk.enqueue(other, {"severity": "Low"}, hold=NOON - NOON)
    sentinel.fail_next(SentinelDenied("Azure does not allow this.", status=403), verb=verb)
    assert {done.outcome for done in (desk.deliver(), desk.deliver())} == {
        ChangeOutcome.REFUSED,
        ChangeOutcome.SENT,
    }
    assert desk.properties(other)["severity"] == "Low"
    assert not Reachability.objects.filter(denied_since__isnull=False).exists()


def test_a_playbook_that_is_gone_is_told(desk, sentinel, playbook, enqueue_run):
    enqueue_run()
    del sentinel.playbooks[playbook]
    done = desk.deliver()
    assert (done.outcome, done.note) == (
        ChangeOutcome.REFUSED,
        "The playbook is no longer in Azure.",
    )


def test_what_azure_refuses_is_not_sent_again(desk, sentinel, enqueue_run, clock):
    enqueue_run()
    sentinel.fail_next(SentinelRefused("Azure refuses this."), verb="run_playbook")
    assert desk.deliver().outcome == ChangeOutcome.REFUSED
    clock.go(minutes=10)
    assert desk.deliver() is None
