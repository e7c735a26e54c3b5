"""One run over one workspace for a person who waits for it."""

import time
from datetime import datetime
from typing import Any

from alerts.incidents.queries import details_owed
from alerts.intake.services.details import fetch_details
from alerts.intake.services.history import is_history_read, read_history
from alerts.intake.services.pace import Pace
from alerts.intake.services.pagination import Budget
from alerts.intake.services.patient_client import Patience, Tell, patient_client
from alerts.intake.services.poll import pull_changes
from alerts.intake.services.run_counts import RunCounts
from alerts.intake.services.runs import cursor_of
from alerts.intake.services.sweep import sweep_workspace
from alerts.sentinel.client.port import SentinelClient, SentinelError, SentinelThrottled
from alerts.sentinel.models import Workspace
from alerts.sentinel.services import note_error, note_success
from portal import clock
from portal.errors import Refused


class CannotSync(Refused):
    """A workspace was not read."""


def sync_workspace(
    *,
    workspace: Workspace,
    client: SentinelClient,
    since: datetime | None,
    full: bool,
    tell: Tell = lambda _: None,
) -> dict[str, Any]:
    """Read what changed, or everything, and say what was found. Run twice, the second finds
    nothing new. Where Azure names a time it waits, and tells so.
    """
    began, patience = time.monotonic(), Patience(workspace, tell)
    try:
        _wait_for_silence(workspace, patience)
        counts = _listed(
            workspace,
            patient_client(client=client, workspace=workspace, patience=patience),
            since,
            full,
        )
        if full:
            _wait_for_details(workspace, client, patience)
    except SentinelError as problem:
        note_error(workspace_id=workspace.pk, error=problem, now=clock.unshifted())
        raise CannotSync(f"{workspace.name}: {problem.message}") from problem
    note_success(workspace_id=workspace.pk, now=clock.unshifted(), calls_left=client.calls_left)
    return {
        "workspace": workspace.name,
        **counts.as_columns(),
        "details_pending": details_owed(workspace.pk),
        "seconds": round(time.monotonic() - began, 3),
    }


def _listed(
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
    return pull_changes(workspace=workspace, client=client, now=now)


def _wait_for_details(workspace: Workspace, client: SentinelClient, patience: Patience) -> None:
    pace = Pace()
    while details_owed(workspace.pk):
        if patience.is_over:
            raise CannotSync(
                f"{workspace.name}: no alerts and entities came for ten minutes;"
                " the workers will go on."
            )
        try:
            done = fetch_details(
                workspace=workspace, client=client, pace=pace, budget=Budget(), clock=clock.now
            )
        except SentinelThrottled as throttled:
            note_error(workspace_id=workspace.pk, error=throttled, now=clock.unshifted())
            _wait_for_silence(workspace, patience)
            continue
        if done:
            patience.note_progress()
        else:
            time.sleep(0.5)  # what failed is due again in a while; others may hold the rest


def _wait_for_silence(workspace: Workspace, patience: Patience) -> None:
    """Azure asked to be left alone: wait, or say until when."""
    if not patience.wait():
        _, until = patience.silence()
        raise CannotSync(
            f"{workspace.name}: Azure asks for silence until {until:%Y-%m-%d %H:%M:%S} UTC."
        )
