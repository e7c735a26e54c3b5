"""One slice of one kind of work on one workspace, claimed as a job and always put back.

The job's row is the lease: nobody else works on the same workspace and kind meanwhile. What goes
wrong in one workspace is noted there and delays no other.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from alerts.intake.engine.periods import (
    DETAILS_EVERY,
    MISSING_EVERY,
    POLL_EVERY,
    SLICE_SECONDS,
    SWEEP_EVERY,
    TURN_SECONDS,
)
from alerts.intake.models import PushState
from alerts.intake.services.counterparts import (
    JoinPlace,
    clear_switch,
    is_joined,
    join_incidents,
    start_after_switch,
)
from alerts.intake.services.details import fetch_details
from alerts.intake.services.history import is_history_read, read_history
from alerts.intake.services.pace import Budget, Pace
from alerts.intake.services.poll import ReadingPosition, pull_changes
from alerts.intake.services.portal_residence import read_portal_residence
from alerts.intake.services.runs import cursor_of
from alerts.intake.services.sweep import (
    count_gone,
    is_sweep_under_way,
    reread_gone,
    sweep_workspace,
)
from alerts.sentinel.client.port import SentinelClient, SentinelError
from alerts.sentinel.models import IncidentSource, Workspace
from alerts.sentinel.queries import (
    failing_workspaces,
    resting_workspaces,
    workspaces_to_read,
)
from alerts.sentinel.services.reach import may_call_workspace, note_error, note_success
from portal import clock
from portal.jobs.models import Job, JobState
from portal.jobs.services import claim_due, put_back_after, run_while_due, save_payload

logger = logging.getLogger(__name__)

POLL, HISTORY = "intake.poll", "intake.history"
SWEEP, DETAILS = "intake.sweep", "intake.details"
COUNTERPARTS = "intake.counterparts"
_UNTIL_JOINED = timedelta(seconds=5)

type Connect = Callable[[Workspace], SentinelClient]
type Work = Callable[[Workspace, SentinelClient, Job], timedelta]


@dataclass(frozen=True, slots=True)
class _Kind:
    work: Work
    first_after: timedelta = timedelta()
    only_by_graph: bool = False  # of workspaces whose incidents Microsoft Graph serves


def run_due_slices(*, kinds: Sequence[str], connect: Connect) -> None:
    """Do what is due, one slice after the other; no new one is begun after a few seconds, so that
    other kinds get their turn and the longest slice ends well before the task's limit.
    """

    def slice_of_each_kind() -> bool:
        done = [run_one_slice(kind=kind, connect=connect) for kind in kinds]
        return any(done)

    run_while_due(slice_of_each_kind, seconds=TURN_SECONDS)


def run_one_slice(*, kind: str, connect: Connect) -> bool:
    """Do one slice of this kind of work for whichever workspace is due; False when none is."""
    now = clock.unshifted()
    workspaces = {str(w.uuid): w for w in workspaces_to_read()}
    if _KINDS[kind].only_by_graph:
        workspaces = {k: w for k, w in workspaces.items() if w.source == IncidentSource.GRAPH}
    _ensure(kind, workspaces, now)
    # A poll always asks something. Other work may find nothing to do, and would waste the probe.
    resting = resting_workspaces(now=now, may_probe=kind == POLL)
    jobs = Job.objects.filter(kind=kind)
    if kind != POLL:
        resting |= failing_workspaces()
    if kind not in (POLL, COUNTERPARTS):  # nothing new is shown before it has its place
        jobs = jobs.exclude(key__in=_keys_at_work(now))
    keys = [key for key, workspace in workspaces.items() if workspace.pk not in resting]
    job = claim_due(jobs.filter(key__in=keys), now=now, max_attempts=None)
    if job is None:
        return False
    workspace = workspaces[job.key]
    with put_back_after(job, wait=timedelta(seconds=5)) as turn:
        try:
            if may_call_workspace(workspace_id=workspace.pk, now=now):
                client = connect(workspace)
                answered = client.answered
                turn.wait = _KINDS[kind].work(workspace, client, job)
                if client.answered > answered:  # else nothing is known about the workspace
                    note_success(
                        workspace_id=workspace.pk,
                        now=clock.unshifted(),
                        calls_left=client.calls_left,
                        credential_ends_at=client.credential_ends_at,
                    )
        except SentinelError as problem:
            turn.error, turn.wait = problem.message, POLL_EVERY
            note_error(workspace_id=workspace.pk, error=problem, now=clock.unshifted())
            logger.warning("%s of %s: %s", kind, workspace, problem.message)
        except Exception as problem:  # of whatever kind: other workspaces go on
            turn.error, turn.wait = f"{type(problem).__name__}: {problem}", POLL_EVERY
            logger.exception("%s of %s", kind, workspace)
    return True


def _poll(workspace: Workspace, client: SentinelClient, job: Job) -> timedelta:
    if workspace.source == IncidentSource.GRAPH and not is_joined(workspace):
        return _UNTIL_JOINED
    place, begun_at = ReadingPosition.from_json(job.payload), clock.unshifted()
    if since := start_after_switch(workspace):
        place.at = min(since, place.at or since)
        _keep(job, place.as_json())
        clear_switch(workspace)
    pull_changes(
        workspace=workspace,
        client=client,
        now=clock.now(),
        budget=Budget(SLICE_SECONDS),
        place=place,
    )
    _keep(job, place.as_json())
    read_portal_residence(workspace=workspace, now=clock.now())
    return POLL_EVERY if place.at is None and not _is_hinted(workspace, begun_at) else timedelta()


def _is_hinted(workspace: Workspace, since: datetime) -> bool:
    """Whether a push hint came while the poll ran: it may be about what was read before."""
    return PushState.objects.filter(pk=workspace.pk, hinted_at__gte=since).exists()


def _join(workspace: Workspace, client: SentinelClient, job: Job) -> timedelta:
    place, budget = JoinPlace.from_json(job.payload), Budget(SLICE_SECONDS)
    try:
        join_incidents(
            workspace=workspace, client=client, now=clock.now(), budget=budget, place=place
        )
    finally:
        _keep(job, place.as_json())
    return timedelta() if budget.is_used_up else POLL_EVERY


def _history(workspace: Workspace, client: SentinelClient, _job: Job) -> timedelta:
    if not is_history_read(cursor_of(workspace_id=workspace.pk)):
        read_history(
            workspace=workspace, client=client, now=clock.now(), budget=Budget(SLICE_SECONDS)
        )
    is_read = is_history_read(cursor_of(workspace_id=workspace.pk))
    return SWEEP_EVERY if is_read else timedelta()


def _sweep(workspace: Workspace, client: SentinelClient, _job: Job) -> timedelta:
    now, cursor = clock.now(), cursor_of(workspace_id=workspace.pk)
    if not is_history_read(cursor):
        return MISSING_EVERY
    due = cursor.swept_at is None or cursor.swept_at <= now - SWEEP_EVERY
    if due or is_sweep_under_way(cursor):
        sweep_workspace(workspace=workspace, client=client, now=now, budget=Budget(SLICE_SECONDS))
    elif gone := reread_gone(workspace=workspace, client=client, now=now):
        count_gone(workspace_id=workspace.pk, gone=gone)
    cursor = cursor_of(workspace_id=workspace.pk)
    return timedelta() if is_sweep_under_way(cursor) else MISSING_EVERY


def _details(workspace: Workspace, client: SentinelClient, job: Job) -> timedelta:
    pace, budget = Pace.from_json(job.payload), Budget(SLICE_SECONDS)
    try:
        fetch_details(workspace=workspace, client=client, pace=pace, budget=budget, clock=clock.now)
    finally:
        _keep(job, pace.as_json())
    return timedelta() if budget.is_used_up else DETAILS_EVERY


def _keys_at_work(now: datetime) -> QuerySet[Job, Any]:
    """Keys of the workspaces that a worker is just reading. Apart from its poll nothing is begun
    there, so that one that hangs, or has much to tell, holds one worker and not all of them (G8).
    """
    at_work = Job.objects.filter(kind__in=_KINDS, state=JobState.RUNNING, lease_until__gte=now)
    return at_work.order_by().values("key")


def _keep(job: Job, payload: Mapping[str, object]) -> None:
    """Note for the next slice how this one ended."""
    if payload != job.payload:
        save_payload(job, payload=payload)


_KINDS: Mapping[str, _Kind] = {
    POLL: _Kind(_poll),
    HISTORY: _Kind(_history),
    SWEEP: _Kind(_sweep, first_after=timedelta(minutes=10)),
    DETAILS: _Kind(_details),
    COUNTERPARTS: _Kind(_join, only_by_graph=True),
}


def _ensure(kind: str, workspaces: Mapping[str, Any], now: datetime) -> None:
    """A job a workspace, for ever; new workspaces get theirs at the next tick."""
    job_keys = set(Job.objects.filter(kind=kind, key__in=workspaces).values_list("key", flat=True))
    due_at = now + _KINDS[kind].first_after
    Job.objects.bulk_create(
        [
            Job(kind=kind, key=key, due_at=due_at, made_at=now)
            for key in workspaces
            if key not in job_keys
        ],
        ignore_conflicts=True,
    )
