"""Read one workspace in the foreground, as the command `sync` does.

Where Azure names a time it waits, and asks again.
"""

import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from alerts.incidents.queries import count_pending_details
from alerts.intake.services.counterparts import (
    clear_switch,
    join_incidents,
    start_after_switch,
)
from alerts.intake.services.details import fetch_details
from alerts.intake.services.history import is_history_read, read_history
from alerts.intake.services.pace import Budget, Pace
from alerts.intake.services.pages import RunCounts
from alerts.intake.services.poll import pull_changes
from alerts.intake.services.portal_residence import read_portal_residence
from alerts.intake.services.runs import cursor_of
from alerts.intake.services.sweep import sweep_workspace
from alerts.sentinel.client.port import (
    SentinelClient,
    SentinelError,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.models import ClientPurpose, IncidentSource, Workspace
from alerts.sentinel.queries import callable_at
from alerts.sentinel.services.reach import note_error, note_success
from portal import clock
from portal.errors import Refused

PATIENCE = timedelta(minutes=10)  # without progress; then a person is told instead

type Notify = Callable[[str], None]


class Patience:
    """How long one run has waited for a workspace since something last came of it."""

    def __init__(
        self,
        workspace: Workspace,
        notify: Notify,
        *,
        purpose: str = ClientPurpose.READ,
        max_silence: timedelta = PATIENCE,
    ) -> None:
        self._workspace, self._notify, self.purpose = workspace, notify, purpose
        self._max_silence = max_silence
        self._progress_at = time.monotonic()

    def note_progress(self) -> None:
        """Something was read."""
        self._progress_at = time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether nothing came of it for too long."""
        return time.monotonic() - self._progress_at > PATIENCE.total_seconds()

    def silence(self) -> tuple[float, datetime | None]:
        """Return for how many seconds, and until when, Azure must not be called."""
        until = callable_at(self._workspace.pk)
        left = (until - clock.unshifted()).total_seconds() if until else 0.0
        return max(left, 0.0), until

    def wait(self) -> bool:
        """Keep the silence and print that. False, at once, where one silence is longer than it may
        be or all would outlast the patience.
        """
        seconds, _ = self.silence()
        waited = time.monotonic() - self._progress_at
        is_too_long = seconds > self._max_silence.total_seconds()
        if is_too_long or waited + seconds > PATIENCE.total_seconds():
            return False
        if seconds:
            self._notify(
                f"{self._workspace.name}: Azure asks for {math.ceil(seconds)} s of silence."
            )
            time.sleep(seconds)
        return True


def patient_client(
    *, client: SentinelClient, workspace: Workspace, patience: Patience
) -> SentinelClient:
    """Return the client, each call of which waits as Azure asks and then asks again. A call that
    fails otherwise, or for too long, raises as before.
    """
    return cast(SentinelClient, _Patient(client, workspace, patience))


class _Patient:
    def __init__(self, client: SentinelClient, workspace: Workspace, patience: Patience) -> None:
        self._client, self._workspace, self._patience = client, workspace, patience

    @property
    def resource_manager(self) -> SentinelClient:
        """The client of the resource manager, as patient as this one."""
        own = self._client.resource_manager
        found = self if own is self._client else _Patient(own, self._workspace, self._patience)
        return cast(SentinelClient, found)

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if not callable(call):
            return call

        def ask(*args: Any, **kwargs: Any) -> Any:
            while True:
                try:
                    answer = call(*args, **kwargs)
                except (SentinelThrottled, SentinelUnavailable) as error:
                    if not _names_a_time(error):
                        raise
                    note_error(
                        workspace_id=self._workspace.pk,
                        error=error,
                        now=clock.unshifted(),
                        purpose=self._patience.purpose,
                    )
                    if not self._patience.wait():
                        raise
                else:
                    self._patience.note_progress()
                    return answer

        return ask


def _names_a_time(error: SentinelError) -> bool:
    """Whether to wait: a 429 without a time has one of ours."""
    return isinstance(error, SentinelThrottled) or bool(getattr(error, "retry_after", None))


class CannotSync(Refused):
    """A workspace was not read."""


def sync_workspace(
    *,
    workspace: Workspace,
    client: SentinelClient,
    since: datetime | None,
    full: bool,
    notify: Notify = lambda _: None,
) -> dict[str, Any]:
    """Read what changed, or everything, and print what was found. Run twice, the second finds
    nothing new. Where Azure names a time it waits, and prints that.
    """
    began, patience = time.monotonic(), Patience(workspace, notify)
    try:
        _wait_for_silence(workspace, patience)
        counts = _listed(
            workspace,
            patient_client(client=client, workspace=workspace, patience=patience),
            since,
            full,
        )
        read_portal_residence(workspace=workspace, now=clock.now())
        if full:
            _wait_for_details(workspace, client, patience)
    except SentinelError as problem:
        note_error(workspace_id=workspace.pk, error=problem, now=clock.unshifted())
        raise CannotSync(f"{workspace.name}: {problem.message}") from problem
    note_success(workspace_id=workspace.pk, now=clock.unshifted(), calls_left=client.calls_left)
    return {
        "workspace": workspace.name,
        **counts.as_columns(),
        "details_pending": count_pending_details(workspace.pk),
        "seconds": round(time.monotonic() - began, 3),
    }


def _listed(
    workspace: Workspace, client: SentinelClient, since: datetime | None, full: bool
) -> RunCounts:
    if workspace.source != IncidentSource.GRAPH:
        return _listed_from(workspace, client, since, full)
    counts = join_incidents(workspace=workspace, client=client, now=clock.now())
    by_own_list = full or not is_history_read(cursor_of(workspace_id=workspace.pk))
    counts.add_up(_listed_from(workspace, client, since, full))
    if by_own_list and since is None:  # it came from Sentinel: what does Graph say of it?
        counts.add_up(pull_changes(workspace=workspace, client=client, now=clock.now()))
    # What Graph told first has its place now.
    counts.add_up(join_incidents(workspace=workspace, client=client, now=clock.now()))
    return counts


def _listed_from(
    workspace: Workspace, client: SentinelClient, since: datetime | None, full: bool
) -> RunCounts:
    now, cursor = clock.now(), cursor_of(workspace_id=workspace.pk)
    if since is not None:
        return pull_changes(workspace=workspace, client=client, now=now, since=since)
    if not is_history_read(cursor):
        counts = read_history(workspace=workspace, client=client, now=now)
        if cursor.watermark is not None:  # polls went on beside it
            counts.add_up(pull_changes(workspace=workspace, client=client, now=clock.now()))
        return counts
    if full:
        return sweep_workspace(workspace=workspace, client=client, now=now)
    counts = pull_changes(
        workspace=workspace, client=client, now=now, since=start_after_switch(workspace)
    )
    if workspace.source != IncidentSource.GRAPH:
        clear_switch(workspace)
    return counts


def _wait_for_details(workspace: Workspace, client: SentinelClient, patience: Patience) -> None:
    pace = Pace()
    while count_pending_details(workspace.pk):
        if patience.is_over:
            raise CannotSync(
                f"{workspace.name}: no alerts and entities came for ten minutes;"
                " the workers will go on."
            )
        try:
            n_fetched = fetch_details(
                workspace=workspace, client=client, pace=pace, budget=Budget(), clock=clock.now
            )
        except SentinelThrottled as throttled:
            note_error(workspace_id=workspace.pk, error=throttled, now=clock.unshifted())
            _wait_for_silence(workspace, patience)
            continue
        if n_fetched:
            patience.note_progress()
        else:
            time.sleep(0.5)  # what failed is due again in a while; others may hold the rest


def _wait_for_silence(workspace: Workspace, patience: Patience) -> None:
    """Azure asked us to wait: do so, or print until when."""
    if not patience.wait():
        _, until = patience.silence()
        raise CannotSync(
            f"{workspace.name}: Azure asks for silence until {until:%Y-%m-%d %H:%M:%S} UTC."
        )
