"""Owe writes to Sentinel, in the transaction of the decision itself; take back what was not sent
yet; try once more, or let go, what was given up; return what is still to be written to an incident.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.utils.translation import gettext

from alerts.outbox import registry
from alerts.outbox.engine.merge import is_whole
from alerts.outbox.models import PATCHES, Change, ChangeOutcome, Urgency, WriteKind
from alerts.outbox.policies import reasons_against_resolving, reasons_against_withdrawing_changes
from alerts.outbox.queries import never_claimed
from portal import clock
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.jobs.models import JobState

UNDO_HOLD = timedelta(seconds=10)  # how long a write waits for an undo (product §2)

_NAMESPACE = UUID("8f3d2c1a-5b7e-5d49-9c60-0e1b7a4f2d35")

NEW_TASK = "new"

type Pair = tuple[int, str]  # workspace pk, incident name


@dataclass(frozen=True, slots=True)
class PendingWrite:
    """One write to one incident: a patch with its base (`engine.merge.base_for`), a comment, the
    resource id of a playbook that is to run on it with the row of the run, or a task, by its name
    or as NEW_TASK. What rules do is of a kind of theirs (`patch_kind`).
    """

    workspace_id: int
    incident_name: str
    patch: dict[str, Any] = field(default_factory=dict)
    base: dict[str, Any] = field(default_factory=dict)
    message: str = ""
    playbook: str = ""
    run_uuid: UUID | None = None
    task: str = ""
    patch_kind: WriteKind = WriteKind.UPDATE

    @property
    def kind(self) -> WriteKind:
        """Whether it is a comment, the run of a playbook, a task, or a patch and whose."""
        if self.task:
            return WriteKind.TASK
        if self.playbook:
            return WriteKind.PLAYBOOK
        return WriteKind.COMMENT if self.message else self.patch_kind


@transaction.atomic(savepoint=False)
def enqueue_changes(
    *,
    wishes: Iterable[PendingWrite],
    act: UUID,
    by: User | None,
    by_label: str,
    now: datetime,
    urgency: Urgency = Urgency.PERSON,
    hold: timedelta = UNDO_HOLD,
    check_args: dict[str, Any] | None = None,
) -> list[Change]:
    """Enqueue the writes of one act, each once; the hold runs on the unshifted clock."""
    due_at = clock.unshifted() + hold
    changes = [
        Change(
            key=_key_of(wish, act),
            act=act,
            workspace_id=wish.workspace_id,
            incident_name=wish.incident_name.lower(),
            kind=wish.kind,
            patch=wish.patch,
            base=wish.base,
            message=wish.message,
            playbook=wish.playbook.lower(),
            task=_task_of(wish, act),
            urgency=urgency,
            run_uuid=wish.run_uuid,
            check_args=check_args or {},
            by=by,
            by_label=by_label[:200],
            made_at=now,
            due_at=due_at,
        )
        for wish in wishes
        if _is_sound(wish)
    ]
    Change.objects.bulk_create(changes, ignore_conflicts=True, batch_size=500)
    return list(Change.objects.filter(key__in=[change.key for change in changes]).order_by("pk"))


def _key_of(wish: PendingWrite, act: UUID) -> UUID:
    parts = [wish.patch, wish.message, *filter(None, [wish.playbook.lower(), wish.task])]
    content = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    incident = wish.incident_name.lower()
    return our_id("change", act, wish.workspace_id, incident, wish.kind.value, content)


def _task_of(wish: PendingWrite, act: UUID) -> str:
    """The name of the task in Sentinel: of a new one the key of the change."""
    return str(_key_of(wish, act)) if wish.task == NEW_TASK else wish.task.lower()


def our_id(*parts: object) -> UUID:
    """The same id for the same parts, whenever asked: what is sent twice lands once."""
    return uuid5(_NAMESPACE, "\x1f".join(str(part) for part in parts))


def _is_sound(wish: PendingWrite) -> bool:
    if not wish.message and not wish.patch and not wish.playbook:
        raise ValueError("A change needs a patch, a message or a playbook.")
    if wish.patch and not is_whole(wish.patch, wish.base):
        raise ValueError("The base leaves out members that must be watched for this patch.")
    return True


@dataclass(frozen=True, slots=True)
class WithdrawReport:
    """What an undo reached: the changes it took back, how many were under way already, and why
    others of the act stay, where it has any that are somebody else's.
    """

    withdrawn: tuple[Change, ...]
    too_late: int
    reasons: tuple[str, ...] = ()

    @property
    def pairs(self) -> set[Pair]:
        """The incidents whose writes were taken back."""
        return {(change.workspace_id, change.incident_name) for change in self.withdrawn}


@transaction.atomic
def withdraw_changes(*, act: UUID, by: User, now: datetime) -> WithdrawReport:
    """Take back the person's own changes of an act that no worker ever held: only of those is it
    sure that nothing was sent. Nobody is told; the caller puts its own rows right. Forms choose the
    id of an act, so others may find and reuse it: their changes stay, and `reasons` has the reason.
    """
    changes = Change.objects.filter(act=act)
    rows = changes.filter(by=by, **never_claimed()).order_by("pk")
    withdrawn = list(rows.select_for_update(of=("self",), skip_locked=True))
    Change.objects.filter(pk__in=[change.pk for change in withdrawn]).update(
        state=JobState.DONE, outcome=ChangeOutcome.WITHDRAWN, settled_at=now
    )
    late = changes.filter(by=by).exclude(outcome=ChangeOutcome.WITHDRAWN)
    reasons = reasons_against_withdrawing_changes(changes, by=by)
    return WithdrawReport(tuple(withdrawn), late.count(), tuple(reasons))


class CannotRetry(Refused):
    """The change was neither retried nor discarded."""


@transaction.atomic
def retry_change(*, change_id: int, by: User, now: datetime) -> Change:
    """Enqueue a given-up change again, with its old base, so that people's changes still win."""
    due_at = clock.unshifted()
    return _resolve(
        change_id,
        "outbox.change.retried",
        by=by,
        now=now,
        state=JobState.WAITING,
        outcome=ChangeOutcome.OPEN,
        attempts=0,
        due_at=due_at,
        settled_at=None,
        sent_at=None,
    )


@transaction.atomic
def discard_change(*, change_id: int, by: User, now: datetime) -> Change:
    """Let a given-up change go for good."""
    return _resolve(
        change_id,
        "outbox.change.discarded",
        by=by,
        now=now,
        state=JobState.DONE,
        outcome=ChangeOutcome.DROPPED,
    )


def _resolve(change_id: int, action: str, *, by: User, now: datetime, **fields: object) -> Change:
    changes = Change.objects.select_related("workspace__organisation")
    if reasons := reasons_against_resolving(changes.get(pk=change_id), by=by):
        raise CannotRetry(*reasons)
    if not Change.objects.filter(pk=change_id, state=JobState.DEAD).update(**fields):
        raise CannotRetry(
            gettext(
                "This change is no longer among the failed ones; somebody else has dealt with it."
            )
        )
    change = changes.get(pk=change_id)
    registry.notify_listeners(registry.Settlement(change, None, (), now))
    record(action, on=change, by=by, at=now, incident=change.incident_name, note=change.note)
    return change


@dataclass(frozen=True, slots=True)
class PendingChanges:
    """What is still owed to one incident: how many writes, and the patches, oldest first."""

    count: int
    patches: tuple[dict[str, Any], ...]


def pending_changes_of(pairs: Iterable[Pair]) -> dict[Pair, PendingChanges]:
    """What is owed to each of these incidents; those that are owed nothing are left out."""
    wanted_pairs = set(pairs)
    if not wanted_pairs:
        return {}
    rows = (
        Change.objects.filter(
            outcome=ChangeOutcome.OPEN,
            workspace_id__in={workspace for workspace, _ in wanted_pairs},
            incident_name__in={name for _, name in wanted_pairs},
        )
        .order_by("pk")
        .values_list("workspace_id", "incident_name", "kind", "patch")
    )
    counts: dict[Pair, int] = defaultdict(int)
    patches: dict[Pair, list[dict[str, Any]]] = defaultdict(list)
    for workspace, name, kind, patch in rows:
        if (workspace, name) in wanted_pairs:
            counts[workspace, name] += 1
            if kind in PATCHES:
                patches[workspace, name].append(patch)
    return {pair: PendingChanges(count, tuple(patches[pair])) for pair, count in counts.items()}
