"""Apply what a person or a rule does to incidents: lock them, ask the policy, write what Sentinel
is owed, the timeline, the overlay and the queue, and undo it while it is held.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.incidents.ingest.groups import regroup
from alerts.incidents.ingest.overlay import refresh_overlay
from alerts.incidents.models import Comment, Incident, IncidentRaw, TimelineItem
from alerts.incidents.policies import reasons_against_acting
from alerts.incidents.queries import DECISIONS
from alerts.outbox.engine.merge import base_for
from alerts.outbox.models import Change, Outcome, Urgency
from alerts.outbox.queries import changes_of_act
from alerts.outbox.services import UNDO_HOLD, PendingWrite, enqueue_changes, withdraw
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.notifications.services import take_back

MANY = 20


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, or a rule by its name. `check_name` is asked again at delivery."""

    by: User | None
    label: str
    urgency: Urgency = Urgency.PERSON
    hold: timedelta = UNDO_HOLD
    check_name: str = ""
    check_args: dict[str, Any] = field(default_factory=dict)


def person(by: User) -> Actor:
    """A person who acts from a page or with a token."""
    return Actor(by, by.name)


@dataclass(frozen=True, slots=True)
class Effect:
    """What one verb does to one incident: a patch or a comment, and a line of its timeline."""

    code: str
    details: dict[str, Any]
    patch: dict[str, Any] = field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What was carried out."""

    act: UUID
    incidents: list[Incident]
    changes: list[Change]


type Plan = Callable[[Incident], Effect | None]  # None: there is nothing to do to this one
type Tell = Callable[[list[Incident], UUID], None]
type SkippedIncidents = dict[int, str]  # by id, why it stays as it is


@transaction.atomic
def carry_out(
    *,
    incident_ids: Collection[int],
    plan: Plan,
    doer: Actor,
    action: str,
    refusal: type[Refused],
    nothing: str,
    now: datetime,
    act: UUID | None = None,
    reasons_against: Callable[[list[Incident]], Iterable[str]] = lambda rows: (),
    skipped: SkippedIncidents | None = None,
    tell: Tell = lambda rows, act: None,
    **audited: Any,
) -> Done:
    """Do one thing to many incidents: all of them or none. Refuses where the policy does, and
    where there is nothing to do to any. The same `act` again is one act. With `skipped` nothing is
    refused: who must stay as it is goes there with the reason, and the others go on. `tell` is
    called with the incidents acted on, in the same transaction.
    """
    rows = lock_incidents(incident_ids)
    if act is not None and (before := changes_of_act(act, names=[row.name for row in rows])):
        if all(change.outcome == Outcome.WITHDRAWN for change in before):
            raise refusal(_("You have undone this. To do it after all, open the form again."))
        return Done(act, rows, before)
    act = act or uuid4()

    def against(rows: list[Incident]) -> list[str]:
        return [*reasons_against_acting(rows, by=doer.by), *reasons_against(rows)]

    if reasons := against(rows):
        if skipped is None:
            raise refusal(*reasons)
        rows = _without_refused(rows, against, skipped)
    steps = [(row, step) for row in rows if (step := plan(row)) is not None]
    if skipped is not None:
        acted_on = {row.pk for row, _ in steps}
        skipped |= {row.pk: nothing for row in rows if row.pk not in acted_on}
    if not steps:
        if skipped is None:
            raise refusal(nothing)
        return Done(act, [], [])
    changes = enqueue_changes(
        wishes=_wishes(steps),
        act=act,
        by=doer.by,
        by_label=doer.label,
        now=now,
        urgency=_urgency_of(doer, len(steps)),
        hold=doer.hold,
        check_name=doer.check_name,
        check_args=doer.check_args,
    )
    _write_down(steps, doer=doer, act=act, now=now)
    acted = [row for row, _ in steps]
    show_anew([row.pk for row in acted], now=now)
    tell(acted, act)
    record(
        action,
        on=acted[0],
        by=doer.by or doer.label,
        at=now,
        act=act,
        incidents=[row.number or row.name for row in acted],
        **audited,
    )
    return Done(act, acted, changes)


def lock_incidents(incident_ids: Collection[int]) -> list[Incident]:
    """The incidents, locked in the order of their ids as `regroup` does."""
    found = Incident.objects.filter(pk__in=incident_ids).select_related("workspace__organisation")
    return list(found.order_by("pk").select_for_update(of=("self",), no_key=True))


def show_anew(incident_ids: Collection[int], *, now: datetime) -> None:
    """Overlay and queue after something was owed, withdrawn or settled."""
    refresh_overlay(incident_ids, now=now)
    regroup(incident_ids, now=now)


def _without_refused(
    rows: list[Incident], against: Callable[[list[Incident]], list[str]], skipped: SkippedIncidents
) -> list[Incident]:
    """Those against which nothing speaks; the others are written down."""
    free = []
    for row in rows:
        if reasons := against([row]):
            skipped[row.pk] = " ".join(reasons)
        else:
            free.append(row)
    return free


def _urgency_of(doer: Actor, n: int) -> Urgency:
    """Many writes of one click let a single one pass: Azure takes few a minute."""
    return Urgency.BULK if doer.urgency == Urgency.PERSON and n > MANY else doer.urgency


def _wishes(steps: list[tuple[Incident, Effect]]) -> list[PendingWrite]:
    bodies = dict(
        IncidentRaw.objects.filter(pk__in=[row.pk for row, _ in steps]).values_list("pk", "body")
    )
    wishes = []
    for row, step in steps:
        seen = bodies.get(row.pk, {}).get("properties") or {}
        base = base_for(step.patch, seen) if step.patch else {}
        wishes.append(PendingWrite(row.workspace_id, row.name, step.patch, base, step.message))
    return wishes


def _write_down(
    steps: list[tuple[Incident, Effect]], *, doer: Actor, act: UUID, now: datetime
) -> None:
    side = TimelineItem.Side.SOC if doer.by else TimelineItem.Side.PORTAL
    TimelineItem.objects.bulk_create(
        [
            TimelineItem(
                incident=row,
                at=now,
                side=side,
                by=doer.by,
                by_label=doer.label[:200],
                code=step.code,
                details=step.details,
                act=act,
            )
            for row, step in steps
        ],
        batch_size=500,
    )


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
    person = by if isinstance(by, User) else None
    TimelineItem.objects.bulk_create(
        TimelineItem(
            incident_id=each,
            at=now,
            side=side,
            by=person,
            by_label=str(by)[:200],
            code=code,
            details=dict(details or {}),
            act=act,
        )
        for each in incident_ids
    )


class CannotUndo(Refused):
    """The act stands."""


@dataclass(frozen=True, slots=True)
class Undone:
    """How many incidents are as before, and how many the undo came too late for."""

    undone: int
    too_late: int


@transaction.atomic
def undo_act(*, act: UUID, by: User, now: datetime) -> Undone:
    """Withdraw what is still held of one's own act and show the incidents as Sentinel has them.
    Refused once all of it is on its way; then only the opposite act helps.
    """
    items = TimelineItem.objects.filter(act=act, by=by, code__in=DECISIONS)
    lines = list(items.order_by("pk"))
    if not lines:
        raise CannotUndo(_("You have nothing to undo here."))
    names = [row.name for row in lock_incidents([line.incident_id for line in lines])]
    report = withdraw(act=act, now=now)
    if not report.withdrawn:
        if all(one.outcome == Outcome.WITHDRAWN for one in changes_of_act(act, names=names)):
            raise CannotUndo(_("You have undone this already."))
        raise CannotUndo(
            _("This is already in Sentinel and can no longer be undone. Change it back by hand.")
        )
    pairs = report.pairs
    rows = [row for row in _incidents_of(lines) if (row.workspace_id, row.name) in pairs]
    Comment.objects.filter(
        incident__in=rows, name__in=[str(change.key) for change in report.withdrawn]
    ).delete()
    code = lines[0].code
    if not report.too_late:
        take_back(act=act)
    TimelineItem.objects.bulk_create(
        TimelineItem(
            incident=row,
            at=now,
            side=lines[0].side,
            by=by,
            by_label=by.name,
            code="undone",
            details={"code": code},
            act=act,
        )
        for row in rows
    )
    show_anew([row.pk for row in rows], now=now)
    record(
        "incidents.act.undone",
        on=rows[0],
        by=by,
        at=now,
        act=act,
        code=code,
        incidents=[row.number or row.name for row in rows],
        too_late=report.too_late,
    )
    return Undone(len(rows), report.too_late)


def _incidents_of(lines: list[TimelineItem]) -> list[Incident]:
    ids = {line.incident_id for line in lines}
    return list(Incident.objects.filter(pk__in=ids).order_by("pk"))
