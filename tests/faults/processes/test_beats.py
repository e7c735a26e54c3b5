"""F36: two beats do nothing twice; without any, people are told, and work waits to be done once."""

import time
from datetime import timedelta

import pytest

from portal import clock
from portal.jobs.models import Job
from portal.jobs.queries import HEARTBEAT, heartbeats
from portal.notifications.models import Mail
from portal.schedule import BUSY_QUEUES
from tests.faults.processes.subjects import SLOW

ALARM = 180  # seconds until people are told that nothing is done in the background


@pytest.mark.fault("F36")
def test_f36_two_beats_do_nothing_twice(stack, measure, long):
    stack.have(beats=2)
    n = 100 if long else 10
    was = stack.effects()
    incidents = stack.incidents(n, title="Two beats")
    for incident in incidents:
        assert stack.comment(incident, "Under two beats.") == 200
    stack.hurry()
    mails = stack.owe_mails(SLOW, *["under two beats"] * n)
    stack.wait(
        lambda: stack.owes_nothing() and stack.is_settled(mails), seconds=120, what="all is done"
    )
    written, sent = stack.effects() - was, stack.times_sent(mails)
    measure("acts done twice", sum(written.values()) - len(written), at_most=0)
    measure("acts not done", n - len(written), at_most=0)
    measure("mails sent twice", sum(sent.values()) - len(sent), at_most=0)
    measure("mails not sent", sum(not times for times in sent.values()), at_most=0)


@pytest.mark.fault("F36")
def test_f36_without_a_beat_people_are_told_and_overdue_work_is_done_once(stack, measure, long):
    """In the short form the beats stand still, and the clock of the signs of life is turned."""
    stack.have(beats=2)
    stack.wait(has_heartbeats, seconds=180, what="the workers were heard")
    stack.stop_beats(for_good=long)
    stopped = time.monotonic()
    stack.drain("bulk")

    def is_told():
        if not long:  # again and again: a busy worker may still take a beat's last wake-ups
            past = clock.unshifted() - timedelta(seconds=ALARM)
            Job.objects.filter(kind=HEARTBEAT).update(settled_at=past)
        return "Background work stopped" in stack.page("/")[2]

    stack.wait(is_told, seconds=ALARM, what="a page that says so")
    measure("told after", time.monotonic() - stopped, unit="s", at_most=ALARM)
    mails = stack.owe_mails(*["overdue"] * (100 if long else 10))
    overdue = clock.unshifted() - timedelta(minutes=10)
    Mail.objects.filter(pk__in=mails).update(due_at=overdue)
    assert not stack.is_settled(mails)

    stack.wake_beats()
    stack.have(beats=2)
    stack.wait(lambda: stack.is_settled(mails), seconds=180, what="the overdue work is done")
    stack.drain("notify")
    sent = stack.times_sent(mails)
    measure("overdue mails sent twice", sum(sent.values()) - len(sent), at_most=0)
    measure("overdue mails not sent", sum(not times for times in sent.values()), at_most=0)
    stack.wait(
        lambda: "Background work stopped" not in stack.page("/")[2],
        seconds=180,
        what="a page that says so no more",
    )


def has_heartbeats() -> bool:
    return set(BUSY_QUEUES) <= {note.key for note in heartbeats()}
