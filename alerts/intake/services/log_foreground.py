"""Read the past of one workspace from its logs in the foreground, for the command `backfill`."""

import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from alerts.intake.models import LogBackfill
from alerts.intake.services.backfill_requests import LOGS, CannotBackfill, start_log_backfill
from alerts.intake.services.log_backfill import (
    BackfillTakenOver,
    note_backfill_error,
    read_next_window,
    wait_after,
)
from alerts.sentinel.client.log_analytics import LogsClient
from alerts.sentinel.client.port import SentinelError, SentinelThrottled, SentinelUnavailable
from alerts.sentinel.models import Workspace
from portal import clock
from portal.jobs.models import Job
from portal.jobs.services import claim_due, put_back_after
from portal.ui.words import number, percent

PATIENCE = 600.0  # seconds without progress; then a person is told instead

type Notify = Callable[[str], None]


def backfill_in_foreground(
    *,
    workspace: Workspace,
    client: LogsClient,
    since: datetime | None,
    by: str,
    notify: Notify = lambda _: None,
) -> LogBackfill:
    """Start a backfill, or go on with it, and read until all is there or somebody pauses it. Where
    Log Analytics asks for a wait it waits, and prints that.
    """
    jobs = Job.objects.filter(kind=LOGS, key=str(workspace.uuid))
    with transaction.atomic():  # so that no worker takes the job in between
        backfill = start_log_backfill(workspace=workspace, since=since, by=by, now=clock.now())
        if backfill.state == LogBackfill.State.DONE:
            return backfill
        job = claim_due(jobs, now=clock.unshifted(), max_attempts=None)
    if job is None:
        raise CannotBackfill(f"Somebody else reads the past of {workspace.name} already.")
    progress_at = time.monotonic()
    with put_back_after(job, wait=timedelta()):
        while True:
            try:
                is_left = read_next_window(job=job, client=client, now=clock.now())
            except BackfillTakenOver:
                raise CannotBackfill(
                    f"Somebody else reads the past of {workspace.name} by now."
                ) from None
            except SentinelError as problem:
                note_backfill_error(workspace_id=workspace.pk, message=problem.message)
                wait = wait_after(problem, job=job).total_seconds()
                passes = isinstance(problem, SentinelThrottled | SentinelUnavailable)
                if not passes or time.monotonic() - progress_at + wait > PATIENCE:
                    raise CannotBackfill(f"{workspace.name}: {problem.message}") from problem
                notify(f"{workspace.name}: {problem.message} Next try in {math.ceil(wait)} s.")
                time.sleep(wait)
                continue
            progress_at = time.monotonic()
            backfill = LogBackfill.objects.get(pk=workspace.pk)
            notify(progress_line(backfill, name=workspace.name))
            if not is_left:
                return backfill


def progress_line(backfill: LogBackfill, *, name: str) -> str:
    """Return how far the backfill of the workspace of this name is, in one line."""
    share = percent(backfill.share_read(), 0)
    return (
        f"{name}: {share}, back to {backfill.read_since:%Y-%m-%d %H:%M},"
        f" {number(backfill.incidents)} incidents, {number(backfill.alerts)} alerts,"
        f" {number(backfill.lone_alerts)} alerts without incident"
    )
