"""Ask for an act on many incidents; stop it, take it back, let it go on."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.incidents.acts.undo import CannotUndo, undo_act
from alerts.incidents.acts.verbs import ActValues
from alerts.incidents.models import BulkAct, Incident
from alerts.incidents.policies import reasons_against_acting
from alerts.outbox.queries import is_held_whole
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.jobs.models import State


class CannotStartBulkAct(Refused):
    """Nothing will be done to any of them."""


class CannotSteerBulkAct(Refused):
    """It stays as it is: it has ended, or never stopped."""


@transaction.atomic
def start_bulk_act(
    *,
    verb: str,
    said: ActValues,
    incidents: Sequence[Incident],
    title: str,
    by: User,
    now: datetime,
    unshifted: datetime,
    act: UUID | None = None,
) -> BulkAct:
    """Write down what is to be done to which incidents; a worker does it piece by piece. Refuses
    where nothing can be done to any. The same `act` again is one act.
    """
    if all(reasons_against_acting(row, by=by) for row in incidents):
        raise CannotStartBulkAct(*reasons_against_acting(incidents, by=by))
    row, is_new = BulkAct.objects.get_or_create(
        act=act or uuid4(),
        defaults={
            "verb": verb,
            "said": said,
            "title": title[:300],
            "by": by,
            "made_at": now,
            "due_at": unshifted,
            "incident_ids": [each.pk for each in incidents],
            "standings": [each.standing for each in incidents],
        },
    )
    if row.by_id != by.pk:
        raise CannotStartBulkAct(_("This form belongs to somebody else. Open it again."))
    if is_new:
        record(
            "incidents.bulk_act.started",
            on=row,
            by=by,
            at=now,
            act=row.act,
            verb=verb,
            said=said,
            incidents=len(incidents),
        )
    return row


@transaction.atomic
def stop_bulk_act(*, act: UUID, by: User, now: datetime) -> BulkAct:
    """Leave the rest as it is; what was done stays done."""
    row = _own(act, by)
    if not row.is_open:
        raise CannotSteerBulkAct(_("It has already finished."))
    _end(row, now)
    record("incidents.bulk_act.stopped", on=row, by=by, at=now, act=act, worked=row.worked)
    return row


@transaction.atomic
def undo_bulk_act(*, act: UUID, by: User, now: datetime) -> BulkAct:
    """Take all of it back and do no more of it. Refused once a part has gone out to Sentinel."""
    row = _own(act, by)
    if not row.done or row.undone_at or not is_held_whole(act):
        raise CannotUndo(
            _(
                "Part of this is already in Sentinel, so it can no longer be undone as a whole."
                " Change it back by hand."
            )
        )
    if row.is_open:
        _end(row, now)
    row.undone_at, row.undone = now, undo_act(act=act, by=by, now=now).undone
    row.save(update_fields=["undone_at", "undone"])
    return row


@transaction.atomic
def resume_bulk_act(*, act: UUID, by: User, now: datetime, unshifted: datetime) -> BulkAct:
    """Let it go on where it failed."""
    row = _own(act, by)
    if row.state != State.DEAD:
        raise CannotSteerBulkAct(_("It has not failed, so there is nothing to resume."))
    row.state, row.attempts, row.due_at, row.settled_at = State.WAITING, 0, unshifted, None
    row.save(update_fields=["state", "attempts", "due_at", "settled_at"])
    record("incidents.bulk_act.resumed", on=row, by=by, at=now, act=act, worked=row.worked)
    return row


def _own(act: UUID, by: User) -> BulkAct:
    """The act, locked: a piece that is under way ends first, and no other begins."""
    row = BulkAct.objects.select_for_update(of=("self",)).filter(act=act, by=by).first()
    if row is None:
        raise CannotSteerBulkAct(_("This bulk action is not yours."))
    return row


def _end(row: BulkAct, now: datetime) -> None:
    row.state, row.lease_until, row.stopped_at, row.ended_at = State.DONE, None, now, now
    row.save(update_fields=["state", "lease_until", "stopped_at", "ended_at"])
