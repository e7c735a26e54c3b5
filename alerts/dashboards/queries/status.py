"""The state of the whole installation: what is owed, given up, unreadable, alive."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext

from alerts.dashboards.queries.auditor import Auditor, auditor_facts
from alerts.dashboards.queries.sync import is_silent
from alerts.incidents.models import BulkAct, Incident
from alerts.incidents.queries import dead_bulk_acts
from alerts.intake.models import Quarantined, Run
from alerts.intake.queries import UnreadableCount as UnreadableShare
from alerts.intake.queries import unreadable_by_workspace
from alerts.outbox.models import Change
from alerts.outbox.queries import backlog_by_workspace, failed_changes
from alerts.sentinel.models import Workspace
from alerts.sentinel.services.host_breakers import HOST_KINDS
from alerts.sentinel.wording import error_words
from alerts.suppression.queries import COMPARED, acting_by_state, off_in
from portal.audit.queries import VERIFIED, head_of_record
from portal.jobs.instances import SILENT_AFTER, worker_instances
from portal.jobs.models import CircuitBreaker, Job
from portal.jobs.queries import Note, circuit_breakers_of, dead_jobs, heartbeats, notes_of
from portal.notifications.queries import MailBacklog, mail_backlog
from portal.runtime.infrastructure import DatabaseFacts, database_facts, is_broker_reachable

SHOWN = 50
MAX_RAW_LENGTH = 4000


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What the latest pass over a workspace did."""

    kind: str
    started_at: datetime
    finished_at: datetime | None
    counts: tuple[tuple[str, int], ...]
    error: str


@dataclass(frozen=True, slots=True)
class PendingWork:
    """What one workspace is still owed, and what it owes us."""

    waiting: int = 0
    oldest_due_at: datetime | None = None
    given_up: int = 0
    details: int = 0  # incidents whose alerts and entities are still to be fetched


@dataclass(frozen=True, slots=True)
class FailedWrite:
    """A write that was given up and waits for a person."""

    pk: int
    kind: str
    incident: str
    workspace: str
    by: str
    made_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class UnreadableItem:
    """Something that could not be read, as it came."""

    pk: int
    workspace: str
    name: str
    reason: str
    raw: str
    first_seen_at: datetime
    latest_seen_at: datetime


@dataclass(frozen=True, slots=True)
class DeadJob:
    """A job that was tried too often."""

    kind: str
    key: str
    error: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class QueueHeartbeat:
    """When a worker of one queue was last heard."""

    queue: str
    at: datetime | None
    is_silent: bool


@dataclass(frozen=True, slots=True)
class WorkerAtWork:
    """One worker of the queues that it reads; `node` is queue@host. Silent: it does no work."""

    node: str
    queues: Sequence[str]
    at: datetime
    is_silent: bool


@dataclass(frozen=True, slots=True)
class SharedHost:
    """How a host answers that several workspaces share. It fails while `failing_since` is set."""

    kind: str
    host: str
    failing_since: datetime | None
    answered_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class AuditState:
    """The head of the audit record, and what its latest check found."""

    entries: int
    head: str
    checked_at: datetime | None
    broken_at: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Suppression:
    """Which rules act, where suppression is off, and what the latest comparison found."""

    in_trial: int
    live: int
    is_off: bool
    off_in: Sequence[str]  # workspaces
    compared_at: datetime | None
    compared: int
    differences: int
    messages: Sequence[str]


@dataclass(frozen=True, slots=True)
class OperatorDetails:
    """What only those see who can do something about it."""

    runs: dict[int, RunFacts]
    owing: dict[int, PendingWork]
    given_up: Sequence[FailedWrite]
    given_up_in_all: int
    unreadable: Sequence[UnreadableItem]
    unreadable_in_all: int
    unreadable_lately: dict[int, UnreadableShare]
    mails: MailBacklog
    dead: Sequence[DeadJob]
    database: DatabaseFacts
    broker: bool
    alive: Sequence[QueueHeartbeat]
    workers: Sequence[WorkerAtWork]
    hosts: Sequence[SharedHost]
    record: AuditState
    auditor: Auditor
    suppression: Suppression
    version: str


def operator_details(
    workspace_ids: Collection[int], *, everywhere: bool, now: datetime, unshifted: datetime
) -> OperatorDetails:
    """Everything about these workspaces and about the installation itself. What names workspaces
    in its own words is for those who see them all (`everywhere`).
    """
    found = Workspace.objects.filter(pk__in=workspace_ids).values_list("name", "state")
    states = {} if everywhere else dict(found)
    given_up = failed_changes().filter(workspace__in=workspace_ids)
    unreadable = Quarantined.objects.filter(workspace__in=workspace_ids)
    return OperatorDetails(
        runs=latest_runs(workspace_ids),
        owing=pending_work_by_workspace(workspace_ids),
        given_up=[_failed_write(change) for change in given_up[:SHOWN]],
        given_up_in_all=given_up.count(),
        unreadable=_unreadable(unreadable),
        unreadable_in_all=unreadable.count(),
        unreadable_lately=unreadable_by_workspace(now=now),
        mails=mail_backlog(),
        dead=[
            *(_dead(job, with_details=everywhere) for job in dead_jobs()[:SHOWN]),
            *(_dead_act(act, with_details=everywhere) for act in dead_bulk_acts()[:SHOWN]),
        ],
        database=database_facts(),
        broker=is_broker_reachable(),
        alive=_alive(heartbeats(), unshifted),
        workers=_workers(unshifted),
        hosts=[_host(row) for row in circuit_breakers_of(HOST_KINDS)],
        record=record_facts(),
        auditor=auditor_facts(
            states,
            watched=sum(state == Workspace.State.ACTIVE for state in states.values()),
            everywhere=everywhere,
            unshifted=unshifted,
        ),
        suppression=suppression_facts(workspace_ids, everywhere=everywhere),
        version=settings.VERSION,
    )


def latest_runs(workspace_ids: Collection[int]) -> dict[int, RunFacts]:
    """The newest pass over each workspace."""
    newest = Run.objects.filter(workspace=OuterRef("pk")).order_by("-started_at").values("pk")[:1]
    newest_of_each = Workspace.objects.filter(pk__in=workspace_ids).values(run=Subquery(newest))
    runs = Run.objects.filter(pk__in=newest_of_each)
    return {run.workspace_id: _run(run) for run in runs}


def pending_work_by_workspace(workspace_ids: Collection[int]) -> dict[int, PendingWork]:
    """Writes and details that are still to come, for each workspace that has any."""
    details = dict(
        Incident.objects.filter(workspace__in=workspace_ids, details_due_at__isnull=False)
        .order_by()
        .values_list("workspace")
        .annotate(n=Count("pk"))
    )
    backlogs = {row.workspace_id: row for row in backlog_by_workspace()}
    owing = {}
    for pk in workspace_ids:
        backlog, n = backlogs.get(pk), details.get(pk, 0)
        if backlog:
            owing[pk] = PendingWork(backlog.waiting, backlog.oldest_due_at, backlog.given_up, n)
        elif n:
            owing[pk] = PendingWork(details=n)
    return owing


def record_facts() -> AuditState:
    """Head of the audit record and its latest check."""
    seq, head = head_of_record()
    note = next(iter(notes_of(VERIFIED)), Note("", None, {}))
    result: dict[str, Any] = note.payload
    return AuditState(seq, head, note.at, result.get("broken_at"), result.get("reason", ""))


def suppression_facts(workspace_ids: Collection[int], *, everywhere: bool) -> Suppression:
    """Return the state of suppression in these workspaces, and what was compared in all."""
    only = None if everywhere else workspace_ids
    acting, stopped_names = acting_by_state(only), off_in(only)
    note = next(iter(notes_of(COMPARED)), Note("", None, {}))
    result: dict[str, Any] = note.payload
    return Suppression(
        in_trial=acting.get("canary", 0),
        live=acting.get("live", 0),
        is_off=None in stopped_names,
        off_in=[name for name in stopped_names if name],
        compared_at=note.at,
        compared=result.get("compared", 0),
        differences=result.get("differences", 0),
        messages=result.get("told", ()) if everywhere else (),
    )


def _alive(notes: Sequence[Note], now: datetime) -> list[QueueHeartbeat]:
    return [
        QueueHeartbeat(note.key, note.at, is_silent(now - note.at if note.at else None))
        for note in notes
    ]


def _workers(now: datetime) -> list[WorkerAtWork]:
    return [
        WorkerAtWork(
            instance.node,
            instance.queues,
            instance.heard_at,
            instance.heard_at < now - SILENT_AFTER,
        )
        for instance in worker_instances()
    ]


def _host(row: CircuitBreaker) -> SharedHost:
    kind, _, host = row.name.partition(" ")
    return SharedHost(kind, host, row.failing_since, row.answered_at, error_words(row.latest_error))


def _run(run: Run) -> RunFacts:
    names = ("seen", "new", "changed", "quarantined", "merged", "deleted", "flagged")
    counts = tuple((name, getattr(run, name)) for name in names)
    return RunFacts(run.kind, run.started_at, run.finished_at, counts, run.error)


def _failed_write(change: Change) -> FailedWrite:
    return FailedWrite(
        pk=change.pk,
        kind=change.kind,
        incident=change.incident_name,
        workspace=change.workspace.name,
        by=change.by_label,
        made_at=change.made_at,
        note=change.note or change.latest_error,
    )


def _unreadable(rows: QuerySet[Quarantined]) -> list[UnreadableItem]:
    newest = rows.select_related("workspace").order_by("-latest_seen_at", "-pk")[:SHOWN]
    return [
        UnreadableItem(
            row.pk,
            row.workspace.name,
            row.name,
            error_words(row.reason),
            row.raw[:MAX_RAW_LENGTH],
            row.first_seen_at,
            row.latest_seen_at,
        )
        for row in newest
    ]


def _dead(job: Job, *, with_details: bool) -> DeadJob:
    key, error = (job.key, job.latest_error) if with_details else ("", "")
    return DeadJob(job.kind, key, error, job.settled_at)


def _dead_act(act: BulkAct, *, with_details: bool) -> DeadJob:
    """Its title stays with its person: it may name what this reader may not see."""
    how_far = gettext("%(name)s, stopped at %(worked)s of %(total)s")
    words = {"name": act.by.name, "worked": act.worked, "total": act.total}
    error = act.latest_error if with_details else ""
    return DeadJob(gettext("Bulk action:"), how_far % words, error, act.settled_at)
