"""Acts on many incidents: start, stop, undo and resume one, and work it off piece by piece."""

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from alerts.incidents.acts.apply import CannotUndo, SkippedIncidents, lock_incidents, undo_act
from alerts.incidents.acts.close import close_incidents, reopen_incidents
from alerts.incidents.acts.escalate import escalate_incidents
from alerts.incidents.acts.triage import assign_incidents, change_severity, comment_on_incidents
from alerts.incidents.models import BulkAct, Incident, Severity, Skipped, TimelineItem
from alerts.incidents.policies import reasons_against_acting
from alerts.incidents.queries import DECISIONS, incidents_visible_to
from alerts.outbox.queries import is_held_whole
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.jobs.models import State
from portal.jobs.services import MAX_ATTEMPTS, back_off, claim_due, put_back, settle
from portal.notifications.services import notify

type ActValues = dict[str, Any]  # what can be kept as JSON


def do_verb(
    *,
    verb: str,
    said: ActValues,
    incident_ids: Collection[int],
    by: User,
    now: datetime,
    act: UUID | None = None,
    skipped: SkippedIncidents | None = None,
) -> UUID:
    """Carry out one verb; see `carry_out` for `skipped`. Returns the act, for undo."""
    common = {
        "incident_ids": incident_ids,
        "by": by,
        "now": now,
        "act": act,
        "skipped": skipped,
    }
    return _VERBS[verb](said, common)


def _assign(said: ActValues, common: dict[str, Any]) -> UUID:
    to = User.objects.get(uuid=said["to"]) if said["to"] else None
    return assign_incidents(to=to, **common)


_VERBS: dict[str, Callable[[ActValues, dict[str, Any]], UUID]] = {
    "assign": _assign,
    "severity": lambda said, common: change_severity(severity=Severity(said["severity"]), **common),
    "close": lambda said, common: close_incidents(**said, **common),
    "reopen": lambda said, common: reopen_incidents(**common),
    "escalate": lambda said, common: escalate_incidents(note=said["note"], **common),
    "comment": lambda said, common: comment_on_incidents(message=said["message"], **common),
}


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


log = logging.getLogger(__name__)

PIECE = 50
MOMENT = timedelta(seconds=20)  # who waited no longer than that has seen the end on the page


def work_off_a_piece(*, unshifted: datetime, now: datetime) -> bool:
    """Do the next piece of any act that is due; False when none is. Any number of workers may ask
    at once; one person's acts are done in the order in which they were asked for.
    """
    row = claim_due(_claimable(), now=unshifted, max_attempts=None)  # giving up must be told
    if row is None:
        return False
    with translation.override(row.by.language or "en"):
        if row.attempts > MAX_ATTEMPTS:
            died = row.latest_error or "The worker died each time it tried."
            _give_back(row, died, unshifted=unshifted, now=now)
            return True
        try:
            _do_piece(row, unshifted=unshifted, now=now)
        except Exception as error:  # of whatever kind: other acts must go on
            log.exception("Bulk act %s failed at %s", row.act, row.worked)
            _give_back(row, str(error), unshifted=unshifted, now=now)
    return True


def _claimable() -> QuerySet[BulkAct]:
    older = BulkAct.objects.filter(
        by=OuterRef("by"), pk__lt=OuterRef("pk"), state__in=[State.WAITING, State.RUNNING]
    )
    return BulkAct.objects.filter(~Exists(older)).select_related("by")


@transaction.atomic
def _do_piece(row: BulkAct, *, unshifted: datetime, now: datetime) -> None:
    """Effect and progress are one transaction, so that a piece counts once or not at all."""
    mine = BulkAct.objects.filter(pk=row.pk, fence=row.fence, state=State.RUNNING)
    if not mine.select_for_update(of=("self",)).exists():
        return  # stopped meanwhile, or another worker took it over
    piece = slice(row.worked, row.worked + PIECE)
    chosen = dict(zip(row.incident_ids[piece], row.standings[piece], strict=True))
    skipped = _no_longer_meant(row, chosen)
    left = [pk for pk in chosen if pk not in skipped]
    if left:
        do_verb(
            verb=row.verb,
            said=row.said,
            incident_ids=left,
            by=row.by,
            now=now,
            act=row.act,
            skipped=skipped,
        )
    Skipped.objects.bulk_create(
        Skipped(bulk_act=row, incident_id=pk, reason=reason) for pk, reason in skipped.items()
    )
    row.worked, row.done = row.worked + len(chosen), row.done + len(chosen) - len(skipped)
    progress: dict[str, Any] = {"worked": row.worked, "done": row.done, "attempts": 0}
    if row.worked < row.total:
        mine.update(state=State.WAITING, due_at=unshifted, lease_until=None, **progress)
        return
    settle(row, now=unshifted, ended_at=now, **progress)
    if now - row.made_at > MOMENT:
        words = {"done": row.done, "total": row.total, "title": row.title}
        _tell(row, _("Done for %(done)s of %(total)s: %(title)s") % words, now=now)


def _no_longer_meant(row: BulkAct, chosen: dict[int, str]) -> SkippedIncidents:
    """Those that are out of reach by now, and those that others changed since they were chosen."""
    rows = {each.pk: each for each in lock_incidents(list(chosen))}
    seen = set(incidents_visible_to(row.by).filter(pk__in=rows).values_list("pk", flat=True))
    unseen = _("There is no such incident, or none that you may see.")
    skipped = {pk: unseen for pk in chosen if pk not in seen}
    # Of those that can only be read the policy says more exactly what became of them.
    there = [rows[pk] for pk in seen if not rows[pk].is_read_only]
    other = [each.pk for each in there if each.standing != chosen[each.pk]]
    own = set(
        TimelineItem.objects.filter(
            incident__in=other, by=row.by, at__gte=row.made_at, code__in=(*DECISIONS, "undone")
        ).values_list("incident", flat=True)
    )
    changed = _("Somebody changed it after you selected it. Look at it again.")
    return skipped | {pk: changed for pk in other if pk not in own}


@transaction.atomic
def _give_back(row: BulkAct, error: str, *, unshifted: datetime, now: datetime) -> None:
    if row.attempts < MAX_ATTEMPTS:
        put_back(row, due_at=unshifted + back_off(row.attempts), error=error)
        return
    if not settle(row, now=unshifted, state=State.DEAD, error=error):
        return  # stopped meanwhile, or another worker took it over
    words = {"worked": row.worked, "total": row.total, "title": row.title}
    _tell(row, _("It stopped at %(worked)s of %(total)s: %(title)s") % words, now=now)


def _tell(row: BulkAct, subject: str, *, now: datetime) -> None:
    """A line in the inbox; no mail."""
    notify(
        people=[row.by],
        kind="incidents.bulk",
        subject=subject,
        body="",
        path=f"/incidents/bulk/{row.act}/",
        reason=_("You get this because you started it."),
        now=now,
        mail=False,
    )
