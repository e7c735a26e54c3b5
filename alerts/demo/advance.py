"""Moving the demo's clock: Tagout's offset and the simulator's, step by step, workers following."""

import ipaddress
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Max
from kombu.exceptions import OperationalError

from alerts.incidents.models import Alert, Incident, TimelineItem
from alerts.outbox.models import Change, WantedRule
from alerts.sentinel.models import IncidentSource, Workspace
from alerts.suppression.models import LedgerEntry
from portal import clock
from portal.audit.models import Entry
from portal.celery import app
from portal.errors import Refused
from portal.jobs.models import Job, JobState
from portal.jobs.services import age_waiting_work, count_work_at_hand, due_jobs, move_clock
from portal.schedule import BUSY_QUEUES, SCHEDULE
from simulator.client import Control, ControlRefused

MAX_STEP = timedelta(hours=12)
MAX_WAIT = 600.0  # seconds for what one step brought
ROUND = timedelta(seconds=30)  # later rounds find due what comes back every few seconds
MAX_ROUNDS = 8
PATIENCE = 30.0  # seconds after which a job that nobody takes is not waited for
LOOK = 0.1  # seconds between two looks
ANSWER = 1.0  # seconds that workers have to answer what they are at
# By these an incident goes its way: it is read, decided, and what is owed is sent. The first round
# of a step wakes all tasks, the later ones only these.
WAY_OF_INCIDENTS = (
    "alerts.intake.tasks.poll_due_workspaces",
    "alerts.intake.tasks.fetch_due_details",
    "alerts.incidents.tasks.process_bulk_acts",
    "alerts.suppression.tasks.decide_new_incidents",
    "alerts.suppression.tasks.watch_closed_incidents",
    "alerts.suppression.tasks.watch_rules",
    "alerts.suppression.tasks.renew_leases",
    "alerts.outbox.tasks.deliver_due_changes",
    "alerts.outbox.tasks.deliver_due_rules",
    "portal.notifications.tasks.send_due_mail",
)
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


class CannotAdvance(Refused):
    """The clock stays where it is."""


@dataclass(frozen=True)
class DemoStep:
    """One step that was made."""

    hours: float
    created: int
    waited_seconds: float


def read_duration(text: str) -> timedelta:
    """`8d`, `2h`, `1d12h`, `90m`; refuses anything else."""
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None or not any(match.groups()):
        raise CannotAdvance(
            f"{text!r} is not a valid duration. Use for example 8d, 2h, 30m or 1d12h."
        )
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    duration = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not duration:
        raise CannotAdvance("The duration must be greater than zero.")
    return duration


def advance_clocks(duration: timedelta, *, report: Callable[[str], None]) -> list[DemoStep]:
    """Move both clocks by `duration` in steps of at most twelve hours. After each step `report`
    gets a line: how far it came, and how long the rest takes at that pace.
    """
    controls = _controls()
    workers = _count_workers()
    stuck: set[int] = set()
    remaining, steps, began = duration, list[DemoStep](), time.monotonic()
    report(f"Moving the clock by {_in_days(duration)}. Tagout's workers follow each half day.")
    while remaining:
        step = min(remaining, MAX_STEP)
        move_clock(by=step)
        created = sum(control.advance(step.total_seconds())["created"] for control in controls)
        waited = _let_workers_follow(step, stuck, workers) if workers else 0.0
        steps.append(DemoStep(step / timedelta(hours=1), created, round(waited, 1)))
        remaining -= step
        elapsed = time.monotonic() - began
        left = _time_left(elapsed, done=duration - remaining, remaining=remaining)
        report(f"{_in_days(duration - remaining)} done, {created} incidents came. {left}")
    return steps


def _in_days(duration: timedelta) -> str:
    """A duration as a person reads it: 2.5 days, 8 hours, 90 s."""
    if duration < timedelta(minutes=2):
        return f"{duration.total_seconds():.0f} s"
    if duration < timedelta(hours=2):
        return f"{duration / timedelta(minutes=1):.0f} minutes"
    if duration < timedelta(days=2):
        return f"{duration / timedelta(hours=1):.4g} hours"
    return f"{duration / timedelta(days=1):.4g} days"


def _time_left(elapsed: float, *, done: timedelta, remaining: timedelta) -> str:
    """How long the rest takes, at the pace so far."""
    if not remaining:
        return f"It took {_in_days(timedelta(seconds=elapsed))}."
    return f"About {_in_days(timedelta(seconds=elapsed * (remaining / done)))} to go."


def _controls() -> list[Control]:
    ca_by_endpoint: dict[str, str] = {}
    for workspace in Workspace.objects.exclude(state=Workspace.State.REMOVED).order_by("name"):
        addresses = [workspace.endpoint, workspace.authority, workspace.logs_endpoint]
        if workspace.source == IncidentSource.GRAPH:
            addresses.append(workspace.graph_endpoint)
        for address in addresses:
            if address and not is_loopback(address):
                raise CannotAdvance(
                    f"Workspace {workspace.name} is at {urlsplit(address).hostname}, which is not"
                    " this machine: only a demo's clock may be moved."
                )
        ca_by_endpoint[workspace.endpoint] = workspace.ca_bundle
    if not ca_by_endpoint:
        raise CannotAdvance("No workspace is registered, so there is no simulator to move.")
    controls = []
    for endpoint, ca_bundle in ca_by_endpoint.items():
        try:
            control = Control(endpoint, ca_bundle)
            control.state()
        except (OSError, ControlRefused, ValueError) as wrong:
            raise CannotAdvance(f"The simulator at {endpoint} does not answer: {wrong}.") from wrong
        controls.append(control)
    return controls


def is_loopback(address: str) -> bool:
    """Whether an address names this machine, without asking any name server."""
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _count_workers() -> int:
    try:
        return len(app.control.ping(timeout=2.0) or ())
    except OperationalError:  # the broker is away, so no worker hears us
        return 0


def _let_workers_follow(step: timedelta, stuck: set[int], workers: int) -> float:
    """Make what the step brought due and wake the workers, round after round, until a whole round
    changed nothing: what is read in one is decided in the next and sent in the third.
    """
    began = time.monotonic()
    before = _progress_marks()
    age_waiting_work(by=step)
    _run_round(tuple(SCHEDULE), workers, stuck, until=began + MAX_WAIT)
    for _ in range(MAX_ROUNDS - 1):
        marks = _progress_marks()
        if marks == before:
            break
        before = marks
        age_waiting_work(by=ROUND)
        _run_round(WAY_OF_INCIDENTS, workers, stuck, until=began + MAX_WAIT)
    return time.monotonic() - began


def _run_round(names: tuple[str, ...], workers: int, stuck: set[int], *, until: float) -> None:
    """Wake the workers for these entries of the schedule until all that they do was taken once, and
    nothing else waits. What never ends, such as reading a workspace, is due again at once: each job
    of it counts once. A job that nobody takes, as that of a paused workspace, is `stuck` and not
    waited for again.
    """
    began, fences = time.monotonic(), dict[int, int]()
    if len(names) == len(SCHEDULE):
        jobs = Job.objects.filter(due_jobs(clock.unshifted())).exclude(pk__in=stuck)
        fences = dict(jobs.values_list("pk", "fence"))
    while True:
        _wait_for(_wake_workers(names), workers, until=until)
        waiting = Job.objects.filter(pk__in=fences, state=JobState.WAITING)
        untouched = {pk for pk, fence in waiting.values_list("pk", "fence") if fence == fences[pk]}
        if time.monotonic() - began > PATIENCE:
            stuck |= untouched
            untouched = set()
        if not untouched and not count_work_at_hand(now=clock.unshifted()):
            return
        if time.monotonic() > until:
            raise CannotAdvance(
                f"Work is still due after {MAX_WAIT / 60:.0f} minutes: the clock stopped before"
                " its target."
            )
        names = tuple(SCHEDULE)


def _wait_for(task_ids: set[str], workers: int, *, until: float) -> None:
    """Wait until the workers have run these tasks. One that has just left its queue may be in no
    list for a moment, so they must be gone twice.
    """
    gone = 0
    while gone < 2 and time.monotonic() < until:
        time.sleep(LOOK)
        gone = 0 if is_pending(task_ids, workers=workers) else gone + 1


def is_pending(task_ids: set[str], *, workers: int) -> bool:
    """Whether any of these tasks waits in a queue or is at a worker; a worker that does not answer
    may have one.
    """
    try:
        if _count_queued():
            return True
        inspector = app.control.inspect(timeout=ANSWER, limit=workers)
        lists = [inspector.reserved() or {}, inspector.active() or {}]
    except OperationalError:  # the broker is away: what is due stays due
        return False
    if any(len(by_worker) < workers for by_worker in lists):
        return True
    return any(
        task["id"] in task_ids
        for by_worker in lists
        for tasks in by_worker.values()
        for task in tasks
    )


def _count_queued() -> int:
    """How many wake-ups no worker has taken yet."""
    with app.connection_for_read() as connection:
        channel: Any = connection.default_channel  # its stub has no queues
        # Not passive: the demo's broker has no queue without messages.
        return sum(channel.queue_declare(queue=name).message_count for name in BUSY_QUEUES)


def _progress_marks() -> tuple[object, ...]:
    """Changes whenever a worker found or did something: every act leaves a line somewhere."""
    newest = Max("pk")
    return tuple(
        model._default_manager.aggregate(newest=newest)["newest"]
        for model in (Entry, Incident, Alert, TimelineItem, Change, WantedRule, LedgerEntry)
    )


def _wake_workers(names: tuple[str, ...]) -> set[str]:
    """Send these entries of the schedule; return the ids of what was sent."""
    task_ids: set[str] = set()
    with suppress(OperationalError):  # what is due stays due; we look again in a moment
        for entry in map(SCHEDULE.__getitem__, names):
            sent = app.send_task(
                entry["task"],
                kwargs=entry["kwargs"],
                queue=entry["options"]["queue"],
                expires=60,
                retry=False,
            )
            task_ids.add(str(sent.id))
    return task_ids
