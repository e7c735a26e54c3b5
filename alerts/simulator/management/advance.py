"""Moving the demo's clock: Tagout's offset and the simulator's, step by step, workers following."""

import ipaddress
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from kombu.exceptions import OperationalError

from alerts.sentinel.models import Workspace
from alerts.simulator.client import Control, ControlRefused
from portal import clock
from portal.celery import app
from portal.errors import Refused
from portal.jobs.queries import count_due_work
from portal.jobs.services import let_work_age, move_clock
from portal.schedule import SCHEDULE

LONGEST_STEP = timedelta(hours=12)
LONGEST_WAIT = 600.0
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


class CannotAdvance(Refused):
    """The clock stays where it is."""


@dataclass(frozen=True)
class Step:
    """One step that was made."""

    hours: float
    created: int
    waited_seconds: float


def read_duration(text: str) -> timedelta:
    """`8d`, `2h`, `1d12h`, `90m`; refuses anything else."""
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None or not any(found.groups()):
        raise CannotAdvance(f"{text!r} is no duration: write 8d, 2h, 30m or 1d12h.")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    duration = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not duration:
        raise CannotAdvance("The clock moves by more than nothing.")
    return duration


def advance(duration: timedelta, *, tell: Callable[[str], None]) -> list[Step]:
    """Move both clocks by `duration` in steps of at most twelve hours."""
    controls = _controls()
    working = _workers_alive()
    left, steps = duration, []
    while left:
        step = min(left, LONGEST_STEP)
        move_clock(by=step)
        created = sum(control.advance(step.total_seconds())["created"] for control in controls)
        waited = _let_workers_follow(step) if working else 0.0
        steps.append(Step(step / timedelta(hours=1), created, round(waited, 1)))
        left -= step
        tell(f"{duration - left} of {duration}: {created} incidents came.")
    return steps


def _controls() -> list[Control]:
    places: dict[str, str] = {}
    for workspace in Workspace.objects.exclude(state=Workspace.State.REMOVED).order_by("name"):
        for address in (workspace.endpoint, workspace.authority, workspace.logs_endpoint):
            if address and not is_loopback(address):
                raise CannotAdvance(
                    f"Workspace {workspace.name} is at {urlsplit(address).hostname}, which is not"
                    " this machine: only a demo's clock may be moved."
                )
        places[workspace.endpoint] = workspace.ca_bundle
    if not places:
        raise CannotAdvance("No workspace is registered, so there is no simulator to move.")
    controls = []
    for endpoint, ca_bundle in places.items():
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


def _let_workers_follow(step: timedelta) -> float:
    """Make what the step brought due, wake the workers, wait until they have nothing to do."""
    let_work_age(by=step)
    began, quiet = time.monotonic(), 0
    while time.monotonic() - began < LONGEST_WAIT:
        if quiet == 0:
            _wake_workers()
        time.sleep(1.0)
        busy = count_due_work(now=clock.unshifted()) or _workers_busy()
        quiet = 0 if busy else quiet + 1
        if quiet == 2:
            return time.monotonic() - began
    raise CannotAdvance(
        f"Work is still due after {LONGEST_WAIT / 60:.0f} minutes: the clock stopped on the way."
    )


def _wake_workers() -> None:
    with suppress(OperationalError):  # what is due stays due; we look again in a second
        _send_wake_ups()


def _send_wake_ups() -> None:
    for entry in SCHEDULE.values():
        app.send_task(entry["task"], queue=entry["options"]["queue"], expires=60, retry=False)


def _workers_busy() -> bool:
    """Whether a worker is at a task or has one in its hands."""
    inspect = app.control.inspect(timeout=1.0)
    try:
        held = [inspect.active() or {}, inspect.reserved() or {}]
    except OperationalError:
        return False
    return any(tasks for workers in held for tasks in workers.values())
