"""Have the past of a workspace read from its logs, or paused. Workers and the command read it
(`log_backfill`); nothing here calls Azure, so pages may ask.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from alerts.intake.models import LogBackfill
from alerts.intake.policies import reasons_against_reading_past
from alerts.intake.services.log_gaps import to_be_tried
from alerts.sentinel.models import Workspace
from portal import clock
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.jobs.services import restart_job

LOGS = "intake.logs"
COUNTED = ("incidents", "alerts", "lone_alerts", "incomplete", "unreadable", "out_of_scope")
_FIRST = timedelta(days=1)  # the first window
State = LogBackfill.State


MAX_LOG_RETENTION = timedelta(days=4383)  # the longest total retention of a table in Log Analytics


class CannotBackfill(Refused):
    """A backfill was not started, or not paused."""


@transaction.atomic
def start_log_backfill(
    *, workspace: Workspace, since: datetime | None = None, by: User | str, now: datetime
) -> LogBackfill:
    """Have the past read back to `since`, or as far as the logs reach; what was read stays read.
    Goes on where it was paused or failed, and takes over from whoever reads at the moment.
    """
    reasons = reasons_against_reading_past(workspace, by=by)
    if workspace.state != Workspace.State.ACTIVE:
        words = {"name": workspace.name, "state": workspace.get_state_display().lower()}
        reasons.append(gettext("%(name)s is %(state)s and is not read.") % words)
    if since is not None and since >= now:
        reasons.append(gettext("Choose a time before now."))
    if since is not None and since < now - MAX_LOG_RETENTION:
        reasons.append(gettext("Log Analytics keeps at most 12 years: name a later time."))
    if reasons:
        raise CannotBackfill(*reasons)
    backfill, is_new = LogBackfill.objects.select_for_update(of=("self",)).get_or_create(
        workspace=workspace,
        defaults={
            "since": since,
            "until": now,
            "read_since": now,
            "window_seconds": _FIRST.total_seconds(),
            "asked_by": str(by)[:200],
            "asked_at": now,
        },
    )
    if not is_new:
        if since is not None and (backfill.since is None or since < backfill.since):
            backfill.since, backfill.reaches_oldest = since, False
        elif backfill.state == State.DONE and since is None and not backfill.reaches_oldest:
            backfill.since = None  # read under a limit so far: now as far as the logs reach
        elif backfill.state == State.DONE and not backfill.gaps:
            return backfill
        backfill.state, backfill.latest_error = State.RUNNING, ""
        backfill.gaps = to_be_tried(backfill.gaps)
        backfill.asked_by, backfill.asked_at, backfill.finished_at = str(by)[:200], now, None
        backfill.save()
    restart_job(
        kind=LOGS, key=str(workspace.uuid), now=clock.unshifted(), payload=lambda _pending: {}
    )
    record("intake.log_backfill.started", on=backfill, by=by, at=now, since=backfill.since)
    return backfill


@transaction.atomic
def reread_past(*, workspace_id: int, now: datetime) -> None:
    """Have the past read anew, since more of it is in scope than when it was read. What is stored
    stays, and is stored once; a past that is paused or has failed waits for a person.
    """
    rows = LogBackfill.objects.select_for_update(of=("self",)).select_related("workspace")
    backfill = rows.filter(pk=workspace_id).first()
    if backfill is None:
        return
    backfill.read_since, backfill.gaps = backfill.until, []
    backfill.window_seconds = _FIRST.total_seconds()
    for name in ("windows", *COUNTED):
        setattr(backfill, name, 0)
    if backfill.state == State.DONE:
        backfill.state, backfill.finished_at = State.RUNNING, None
    backfill.save()
    if backfill.state == State.RUNNING:  # whoever reads a window with the scope of before stops
        uuid = str(backfill.workspace.uuid)
        restart_job(kind=LOGS, key=uuid, now=clock.unshifted(), payload=lambda _pending: {})
    record("intake.log_backfill.restarted", on=backfill, by="intake", at=now)


@transaction.atomic
def pause_log_backfill(*, workspace: Workspace, by: User | str, now: datetime) -> LogBackfill:
    """Stop after the window that is being read."""
    backfill = LogBackfill.objects.select_for_update(of=("self",)).filter(pk=workspace.pk).first()
    reasons = reasons_against_reading_past(workspace, by=by)
    if backfill is None or backfill.state != State.RUNNING:
        words = {"name": workspace.name}
        reasons.append(gettext("No older alerts of %(name)s are being read at the moment.") % words)
    if reasons or backfill is None:
        raise CannotBackfill(*reasons)
    backfill.state = State.PAUSED
    backfill.save(update_fields=["state"])
    record("intake.log_backfill.paused", on=backfill, by=by, at=now)
    return backfill
