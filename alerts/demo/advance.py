"""Moving the demo's clock: Tagout's offset and the simulator's, step by step, workers following."""

import ipaddress
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
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
from portal.schedule import SCHEDULE
from simulator.client import Control, ControlRefused

MAX_STEP = timedelta(hours=12)
MAX_WAIT = 600.0  # seconds for what one step brought
ROUND = timedelta(seconds=30)  # later rounds find due what comes back every few seconds
MAX_ROUNDS = 8
PATIENCE = 30.0  # seconds after which a job that nobody takes is not waited for
LOOK, LOOKS = 0.25, 8  # seconds between two looks; looks before workers are woken again
MOMENT = 1.0  # seconds that what workers do over and over again takes at most
ANSWER, WORKERS = 1.0, 2  # seconds to wait for how many workers to say what they are at
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
    """Move both clocks by `duration` in steps of at most twelve hours."""
    controls = _controls()
    working = _workers_alive()
    stuck: set[int] = set()
    remaining, steps = duration, []
    while remaining:
        step = min(remaining, MAX_STEP)
        move_clock(by=step)
        created = sum(control.advance(step.total_seconds())["created"] for control in controls)
        waited = _let_workers_follow(step, stuck) if working else 0.0
        steps.append(DemoStep(step / timedelta(hours=1), created, round(waited, 1)))
        remaining -= step
        report(f"{duration - remaining} of {duration}: {created} incidents came.")
    return steps


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


def _workers_alive() -> bool:
    try:
        return bool(app.control.ping(timeout=2.0))
    except OperationalError:  # the broker is away, so no worker hears us
        return False


def is_a_worker_busy() -> bool:
    """Whether a task runs for longer than a moment, such as the back-tests before promotions: it
    holds no row, and decides as of the time at which it began.
    """
    try:
        active = app.control.inspect(timeout=ANSWER, limit=WORKERS).active() or {}
    except OperationalError:
        return False
    latest = time.time() - MOMENT
    starts = (task.get("time_start") for tasks in active.values() for task in tasks)
    return any(start is not None and start < latest for start in starts)


def _let_workers_follow(step: timedelta, stuck: set[int]) -> float:
    """Make what the step brought due and wake the workers, round after round, until a whole round
    changed nothing: what is read in one is decided in the next and sent in the third.
    """
    began, by, before = time.monotonic(), step, None
    for _ in range(MAX_ROUNDS):
        marks = _progress_marks()
        if marks == before:
            break
        before = marks
        age_waiting_work(by=by)
        _run_round(stuck, until=began + MAX_WAIT)
        by = ROUND
    return time.monotonic() - began


def _run_round(stuck: set[int], *, until: float) -> None:
    """Wake the workers until all that is due now was taken once, and nothing else waits. What
    never ends, such as reading a workspace, is due again at once: each job of it counts once. A
    job that nobody takes, as that of a paused workspace, is `stuck` and not waited for again.
    """
    jobs = Job.objects.filter(due_jobs(clock.unshifted())).exclude(pk__in=stuck)
    began, fences = time.monotonic(), dict(jobs.values_list("pk", "fence"))
    while True:
        _wake_workers()
        for _ in range(LOOKS):
            time.sleep(LOOK)
            waiting = Job.objects.filter(pk__in=fences, state=JobState.WAITING)
            untouched = {
                pk for pk, fence in waiting.values_list("pk", "fence") if fence == fences[pk]
            }
            if time.monotonic() - began > PATIENCE:
                stuck |= untouched
                untouched = set()
            if untouched or count_work_at_hand(now=clock.unshifted()):
                continue
            if not is_a_worker_busy():
                return
        if time.monotonic() > until:
            raise CannotAdvance(
                f"Work is still due after {MAX_WAIT / 60:.0f} minutes: the clock stopped before"
                " its target."
            )


def _progress_marks() -> tuple[object, ...]:
    """Changes whenever a worker found or did something: every act leaves a line somewhere."""
    newest = Max("pk")
    return tuple(
        model._default_manager.aggregate(newest=newest)["newest"]
        for model in (Entry, Incident, Alert, TimelineItem, Change, WantedRule, LedgerEntry)
    )


def _wake_workers() -> None:
    with suppress(OperationalError):  # what is due stays due; we look again in a moment
        for entry in SCHEDULE.values():
            app.send_task(
                entry["task"],
                kwargs=entry["kwargs"],
                queue=entry["options"]["queue"],
                expires=60,
                retry=False,
            )
