"""What all verbs of a person have in common: lock, ask the policy, owe, write down, show."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.incidents.ingest.groups import regroup
from alerts.incidents.ingest.overlay import refresh_overlay
from alerts.incidents.models import Incident, IncidentRaw, TimelineItem
from alerts.incidents.policies import reasons_against_acting
from alerts.outbox.engine.merge import base_for
from alerts.outbox.models import Change, Outcome, Urgency
from alerts.outbox.queries import changes_of_act
from alerts.outbox.services import UNDO_HOLD, PendingWrite, enqueue_changes
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused

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
