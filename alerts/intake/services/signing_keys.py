"""Fetch the keys with which Entra signs tokens, so that web can read them from a row."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from alerts.intake.models import SigningKeys
from alerts.sentinel.client.port import SentinelError
from alerts.sentinel.models import Workspace
from portal import clock
from portal.jobs.models import Job
from portal.jobs.services import do_next, put_back, run_while_due, settle

SIGNING_KEYS = "intake.signing_keys"
FETCH_EVERY, TRY_AGAIN_AFTER = timedelta(hours=6), timedelta(minutes=1)

type Fetch = Callable[[Workspace], list[dict[str, Any]]]


def fetch_due_signing_keys(*, fetch: Fetch) -> None:
    """Fetch the keys of every workspace that takes tokens and is due."""

    def step() -> bool:
        rows = Job.objects.filter(kind=SIGNING_KEYS)
        return do_next(rows, work=lambda job: _fetch_keys(job, fetch), now=clock.unshifted())

    run_while_due(step)


def _fetch_keys(job: Job, fetch: Fetch) -> None:
    row = SigningKeys.objects.filter(workspace__uuid=job.key).select_related("workspace").first()
    if row is None or row.workspace.is_removed:
        settle(job, now=clock.unshifted())
        return
    rows = SigningKeys.objects.filter(pk=row.pk)
    try:
        keys = fetch(row.workspace)
    except SentinelError as error:
        rows.update(error=error.message)
        put_back(job, due_at=clock.unshifted() + TRY_AGAIN_AFTER, error=error.message, free=True)
        return
    rows.update(keys=keys, fetched_at=clock.unshifted(), error="")
    put_back(job, due_at=clock.unshifted() + FETCH_EVERY, free=True)
