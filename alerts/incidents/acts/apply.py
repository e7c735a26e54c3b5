"""Apply what a person or a rule does to incidents: lock them, ask the policy, write what Sentinel
is owed, the timeline, the overlay and the queue, and undo it while it is held.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.incidents.ingest.aside import keep_aside
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.ingest.incident_tasks import settle_pending_tasks
from alerts.incidents.ingest.overlay import (
    drop_our_comments,
    overlay_locked,
    refresh_overlay,
    show_our_comments,
)
from alerts.incidents.models import ASIDE, BY_TOKEN, UNDONE, Incident, IncidentRaw, TimelineItem
from alerts.incidents.policies import reasons_against_acting, reasons_against_aside
from alerts.incidents.queries import DECISIONS
from alerts.outbox.engine.merge import base_for
from alerts.outbox.models import ChangeOutcome, Urgency, WriteKind
from alerts.outbox.queries import changes_of_act
from alerts.outbox.services.enqueue import (
    UNDO_HOLD,
    PendingWrite,
    enqueue_changes,
    withdraw_changes,
)
from portal import clock
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.notifications.services import withdraw_notifications

MANY = 20  # of more incidents, writes to Sentinel let those of single acts pass


@dataclass(frozen=True, slots=True)
class SystemActor:
    """A rule, or Tagout itself, by name; `kind` and `check_args` are for checks at delivery."""

    name: str
    kind: WriteKind = WriteKind.UPDATE
    check_args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ActEffect:
    """What an act does to one incident: a patch or a comment, and a line of its timeline. A `task`
    is written by the patch; its `base` is the task's own. `aside_until` is Tagout's own.
    """

    code: str
    details: dict[str, Any]
    patch: dict[str, Any] = field(default_factory=dict)
    message: str = ""
    task: str = ""
    base: dict[str, Any] = field(default_factory=dict)
    aside_until: datetime | None = None


type SkippedIncidents = dict[int, str]  # by id, why it stays as it is


@transaction.atomic
def apply_act(
    *,
    incident_ids: Collection[int],
    effect_on: Callable[[Incident], ActEffect | None],
    by: User | SystemActor,
    action: str,
    refusal: type[Refused],
    no_effect: str,
    now: datetime,
    act: UUID | None = None,
    reasons_against: Callable[[list[Incident]], Iterable[str]] = lambda rows: (),
    skipped: SkippedIncidents | None = None,
    notify: Callable[[list[Incident], UUID], None] = lambda rows, act: None,
    **audited: Any,
) -> UUID:
    """Do one thing to many incidents, all of them or none; return the act, for undo.

    Raises `refusal` where the policy or `reasons_against` speaks against it, and with `no_effect`
    where there is nothing to do to any. The same `act` again is one act. With `skipped` nothing is
    refused: incidents that must stay as they are go there with the reason, and the others go on.
    `notify` is called with the incidents changed, in the same transaction.
    """
    name = by.name  # nobody acts without one
    rows = lock_incidents_of_act(incident_ids)
    if act is not None and (before := changes_of_act(act, names=[row.name for row in rows])):
        if all(change.outcome == ChangeOutcome.WITHDRAWN for change in before):
            raise refusal(_("You have undone this. To do it after all, open the form again."))
        return act
    act = act or uuid4()
    user = by if isinstance(by, User) else None

    def against(rows: list[Incident]) -> list[str]:
        return [*reasons_against_acting(rows, by=user), *reasons_against(rows)]

    if reasons := against(rows):
        if skipped is None:
            raise refusal(*reasons)
        skipped |= {row.pk: " ".join(reasons) for row in rows if (reasons := against([row]))}
        rows = [row for row in rows if row.pk not in skipped]
    effects = {row: effect for row in rows if (effect := effect_on(row)) is not None}
    if skipped is not None:
        skipped |= {row.pk: no_effect for row in rows if row not in effects}
    if not effects:
        if skipped is None:
            raise refusal(no_effect)
        return act
    if writes := {row: effect for row, effect in effects.items() if effect.code != ASIDE}:
        _enqueue(writes, act=act, by=by, now=now)
    side = TimelineItem.Side.SOC if user else TimelineItem.Side.PORTAL
    _add_to_timeline(
        {row.pk: (effect.code, effect.details) for row, effect in effects.items()},
        side=side,
        by=user or name,
        now=now,
        act=act,
    )
    changed = list(effects)
    overlay_locked(changed, now=now)
    if moments := {row.pk: effects[row].aside_until for row in changed if row not in writes}:
        keep_aside(moments, by=name)
    regroup([row.pk for row in changed], now=now)
    notify(changed, act)
    record(
        action,
        on=changed[0],
        by=user or name,
        at=now,
        act=act,
        incidents=[row.number or row.name for row in changed],
        **audited,
    )
    return act


def lock_incidents_of_act(incident_ids: Collection[int]) -> list[Incident]:
    """Return the incidents, locked in the order of their ids as `regroup` does."""
    rows = Incident.objects.filter(pk__in=incident_ids).select_related("workspace__organisation")
    return list(rows.order_by("pk").select_for_update(of=("self",), no_key=True))


def _enqueue(
    effects: Mapping[Incident, ActEffect], *, act: UUID, by: User | SystemActor, now: datetime
) -> None:
    """Owe Sentinel the patches and comments, and show the comments."""
    raws = IncidentRaw.objects.filter(pk__in=[row.pk for row in effects])
    bodies = dict(raws.values_list("pk", "body"))
    writes = []
    for row, effect in effects.items():
        properties = bodies.get(row.pk, {}).get("properties") or {}
        base = effect.base or (base_for(effect.patch, properties) if effect.patch else {})
        write = PendingWrite(row.workspace_id, row.name, effect.patch, base, effect.message)
        writes.append(replace(write, task=effect.task) if effect.task else write)
    delivery: dict[str, Any]
    if isinstance(by, User):
        urgency = Urgency.BULK if len(effects) > MANY else Urgency.PERSON
        delivery = {"by": by, "urgency": urgency, "hold": UNDO_HOLD}
    else:
        writes = [replace(write, patch_kind=by.kind) for write in writes]
        delivery = {"by": None, "urgency": Urgency.MACHINE, "hold": timedelta(0)}
        delivery |= {"check_args": by.check_args}
    changes = enqueue_changes(wishes=writes, act=act, by_label=by.name, now=now, **delivery)
    show_our_comments(changes, incidents=effects, author=by.name)


def write_timeline(
    *,
    incident_ids: Collection[int],
    code: str,
    side: TimelineItem.Side,
    by: User | str,
    now: datetime,
    details: Mapping[str, Any] | None = None,
    act: UUID | None = None,
) -> None:
    """Add the same line to the timeline of each incident, in the caller's transaction."""
    lines = {pk: (code, dict(details or {})) for pk in incident_ids}
    _add_to_timeline(lines, side=side, by=by, now=now, act=act)


def _add_to_timeline(
    lines: Mapping[int, tuple[str, dict[str, Any]]],
    *,
    side: TimelineItem.Side,
    by: User | str,
    now: datetime,
    act: UUID | None,
) -> None:
    by_token = {BY_TOKEN: True} if isinstance(by, User) and by.via_token is not None else {}
    TimelineItem.objects.bulk_create(
        [
            TimelineItem(
                incident_id=pk,
                at=now,
                side=side,
                by=by if isinstance(by, User) else None,
                by_label=str(by)[:200],
                code=code,
                details=details | by_token,
                act=act,
            )
            for pk, (code, details) in lines.items()
        ],
        batch_size=500,
    )


class CannotUndo(Refused):
    """The act cannot be undone."""


@dataclass(frozen=True, slots=True)
class Undone:
    """How many incidents are as before, and how many the undo came too late for."""

    undone: int
    too_late: int


@transaction.atomic
def undo_act(*, act: UUID, by: User, now: datetime) -> Undone:
    """Withdraw what is still held of one's own act; refused once all of it is on its way."""
    items = TimelineItem.objects.filter(act=act, by=by, code__in=DECISIONS)
    lines = list(items.order_by("pk"))
    if not lines:
        raise CannotUndo(_("You have nothing to undo here."))
    first, rows = lines[0], lock_incidents_of_act({line.incident_id for line in lines})
    if first.code == ASIDE:
        return _undo_aside(lines, rows, by=by, now=now)
    report = withdraw_changes(act=act, by=by, now=now)
    if not report.withdrawn:
        changes = changes_of_act(act, names=[row.name for row in rows])
        if all(change.outcome == ChangeOutcome.WITHDRAWN for change in changes):
            raise CannotUndo(_("You have undone this already."))
        raise CannotUndo(
            _("This is already in Sentinel and can no longer be undone. Change it back by hand.")
        )
    rows = [row for row in rows if (row.workspace_id, row.name) in report.pairs]
    drop_our_comments(report.withdrawn)
    settle_pending_tasks(report.withdrawn, unshifted=clock.unshifted())
    if not report.too_late and not report.reasons:
        withdraw_notifications(act=act)
    refresh_overlay([row.pk for row in rows], now=now)
    return _settle_undo(rows, first, too_late=report.too_late, by=by, now=now)


def _undo_aside(
    lines: Sequence[TimelineItem], rows: Iterable[Incident], *, by: User, now: datetime
) -> Undone:
    """Give incidents the moment back that they had before, where it still is as the act left it."""
    lines_by_incident = {line.incident_id: line.details for line in lines}
    moments = {}
    for row in rows:
        until, before = (_moment(lines_by_incident[row.pk][key]) for key in ("to", "from"))
        if before and reasons_against_aside([row], before, by=by, now=now):
            before = None
        if row.is_open and row.aside_until == until != before:
            moments[row] = before
    if not moments:
        raise CannotUndo(_("You have nothing to undo here."))
    keep_aside({row.pk: until for row, until in moments.items()}, by=by.name)
    return _settle_undo([*moments], lines[0], too_late=0, by=by, now=now)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _settle_undo(
    rows: list[Incident], line: TimelineItem, *, too_late: int, by: User, now: datetime
) -> Undone:
    ids = [row.pk for row in rows]
    write_timeline(
        incident_ids=ids,
        code=UNDONE,
        side=TimelineItem.Side(line.side),
        by=by,
        now=now,
        details={"code": line.code},
        act=line.act,
    )
    regroup(ids, now=now)
    record(
        "incidents.act.undone",
        on=rows[0],
        by=by,
        at=now,
        act=line.act,
        code=line.code,
        incidents=[row.number or row.name for row in rows],
        too_late=too_late,
    )
    return Undone(len(rows), too_late)
