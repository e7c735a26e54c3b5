"""Acts on many incidents: start, stop, undo and resume one, and work it off piece by piece."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from alerts import notification_kinds as kinds
from alerts.incidents.acts.apply import (
    CannotUndo,
    SkippedIncidents,
    lock_incidents_of_act,
    undo_act,
)
from alerts.incidents.acts.aside import put_incidents_aside
from alerts.incidents.acts.close import close_incidents, reopen_incidents
from alerts.incidents.acts.escalate import escalate_incidents
from alerts.incidents.acts.triage import assign_incidents, change_severity, comment_on_incidents
from alerts.incidents.models import BulkAct, Incident, Severity, Skipped, TimelineItem
from alerts.incidents.policies import reasons_against_acting
from alerts.incidents.queries import DECISIONS, incidents_visible_to
from alerts.outbox.queries import can_be_undone
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.jobs.models import JobState
from portal.jobs.services import (
    MAX_ATTEMPTS,
    WORKER_DIED,
    WorkerDied,
    do_next,
    lock_claim,
    put_back,
    retry_later,
    settle,
)
from portal.notifications.services import notify_people
from portal.ui.words import number

type ActValues = dict[str, Any]  # what can be kept as JSON


def apply_verb(
    *,
    verb: str,
    values: ActValues,
    incident_ids: Collection[int],
    by: User,
    now: datetime,
    act: UUID | None = None,
    skipped: SkippedIncidents | None = None,
) -> UUID:
    """Carry out one verb with the values of its form; return the act, for undo."""
    common: dict[str, Any] = {
        "incident_ids": incident_ids,
        "by": by,
        "now": now,
        "act": act,
        "skipped": skipped,
    }
    match verb:
        case "assign":
            to = User.objects.get(uuid=values["to"]) if values["to"] else None
            return assign_incidents(to=to, **common)
        case "aside":
            until = datetime.fromisoformat(values["until"]) if values["until"] else None
            return put_incidents_aside(until=until, **common)
        case "severity":
            return change_severity(severity=Severity(values["severity"]), **common)
    return _SERVICES[verb](**values, **common)


_SERVICES: dict[str, Callable[..., UUID]] = {
    "close": close_incidents,
    "reopen": reopen_incidents,
    "escalate": escalate_incidents,
    "comment": comment_on_incidents,
}


class CannotStartBulkAct(Refused):
    """Nothing will be done to any of them."""


class CannotControlBulkAct(Refused):
    """It stays as it is: it has finished, or has not failed."""


@transaction.atomic
def start_bulk_act(
    *,
    verb: str,
    values: ActValues,
    incidents: Sequence[Incident],
    chosen: Mapping[int, str] | None = None,
    title: str,
    by: User,
    now: datetime,
    unshifted: datetime,
    act: UUID | None = None,
) -> BulkAct:
    """Write down what is to be done to which incidents; a worker does it piece by piece. Refuses
    where nothing can be done to any. The same `act` again is one act. `chosen` are all that are
    meant with their standings, where the incidents are only one of each kind.
    """
    chosen = chosen or {row.pk: row.standing for row in incidents}
    if all(reasons_against_acting(row, by=by) for row in incidents):
        raise CannotStartBulkAct(*reasons_against_acting(incidents, by=by))
    bulk_act, is_new = BulkAct.objects.get_or_create(
        act=act or uuid4(),
        defaults={
            "verb": verb,
            "said": values,
            "title": title[:300],
            "by": by,
            "made_at": now,
            "due_at": unshifted,
            "incident_ids": list(chosen),
            "standings": list(chosen.values()),
        },
    )
    if bulk_act.by_id != by.pk:
        raise CannotStartBulkAct(_("This form belongs to somebody else. Open it again."))
    if is_new:
        record(
            "incidents.bulk_act.started",
            on=bulk_act,
            by=by,
            at=now,
            act=bulk_act.act,
            verb=verb,
            said=values,
            incidents=len(chosen),
        )
    return bulk_act


@transaction.atomic
def stop_bulk_act(*, act: UUID, by: User, now: datetime) -> BulkAct:
    """Leave the rest as it is; what was done stays done."""
    row = _own(act, by)
    if not row.is_open:
        raise CannotControlBulkAct(_("It has already finished."))
    _end(row, now)
    record("incidents.bulk_act.stopped", on=row, by=by, at=now, act=act, worked=row.worked)
    return row


def can_undo_bulk_act(row: BulkAct) -> bool:
    """Whether all that was done can still be taken back."""
    is_held = bool(row.done) and row.undone_at is None and can_be_undone(row.act)
    return is_held and row.done <= MAX_UNDONE


@transaction.atomic
def undo_bulk_act(*, act: UUID, by: User, now: datetime) -> BulkAct:
    """Take all of it back and do no more of it. Refused once a part has gone out to Sentinel, or
    where more is done than one request takes back.
    """
    row = _own(act, by)
    if row.done > MAX_UNDONE:
        raise CannotUndo(
            _(
                "More than %(n)s incidents are done, too many to undo as a whole. Stop it, and"
                " change them back from the queue."
            )
            % {"n": number(MAX_UNDONE)}
        )
    if not can_undo_bulk_act(row):
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
    if row.state != JobState.DEAD:
        raise CannotControlBulkAct(_("It has not failed, so there is nothing to resume."))
    row.state, row.attempts, row.due_at, row.settled_at = JobState.WAITING, 0, unshifted, None
    row.save(update_fields=["state", "attempts", "due_at", "settled_at"])
    record("incidents.bulk_act.resumed", on=row, by=by, at=now, act=act, worked=row.worked)
    return row


def _own(act: UUID, by: User) -> BulkAct:
    """The act, locked: a piece that is under way ends first, and no other begins."""
    row = BulkAct.objects.select_for_update(of=("self",)).filter(act=act, by=by).first()
    if row is None:
        raise CannotControlBulkAct(_("This bulk action is not yours."))
    return row


def _end(row: BulkAct, now: datetime) -> None:
    row.state, row.lease_until, row.stopped_at, row.ended_at = JobState.DONE, None, now, now
    row.save(update_fields=["state", "lease_until", "stopped_at", "ended_at"])


log = logging.getLogger(__name__)

MAX_INCIDENTS = 100_000  # in one act
MAX_UNDONE = 5000  # incidents that one request takes back
AT_ONCE = 50  # incidents that one request acts on; more are a bulk act
PIECE = 50
MOMENT = timedelta(seconds=20)  # who waited no longer than that has seen the end on the page


def process_piece(*, unshifted: datetime, now: datetime) -> bool:
    """Do the next piece of any act that is due; False when none is. Any number of workers may ask
    at once; one person's acts are done in the order in which they were asked for.
    """
    piece = partial(_do_piece, unshifted=unshifted, now=now)
    give_back = partial(_give_back, unshifted=unshifted, now=now)
    return do_next(_claimable(), work=piece, now=unshifted, on_error=give_back)


def _claimable() -> QuerySet[BulkAct]:
    older = BulkAct.objects.filter(
        by=OuterRef("by"), pk__lt=OuterRef("pk"), state__in=[JobState.WAITING, JobState.RUNNING]
    )
    return BulkAct.objects.filter(~Exists(older)).select_related("by")


def _do_piece(row: BulkAct, *, unshifted: datetime, now: datetime) -> None:
    """Effect and progress are one transaction, so that a piece counts once or not at all."""
    if row.attempts > MAX_ATTEMPTS:
        raise WorkerDied(row.latest_error or WORKER_DIED)
    with translation.override(row.by.language or "en"), transaction.atomic():
        _work_on(row, unshifted=unshifted, now=now)


def _work_on(row: BulkAct, *, unshifted: datetime, now: datetime) -> None:
    if not lock_claim(row):
        return  # stopped meanwhile, or another worker took it over
    piece = f"{row.worked}_{row.worked + PIECE}"
    lists = BulkAct.objects.filter(pk=row.pk).values_list(
        f"incident_ids__{piece}", f"standings__{piece}"
    )
    chosen = dict(zip(*lists.get(), strict=True))
    skipped = _skip_changed(row, chosen)
    left = [pk for pk in chosen if pk not in skipped]
    if left:
        apply_verb(
            verb=row.verb,
            values=row.said,
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
        put_back(row, due_at=unshifted, **progress)
        return
    settle(row, now=unshifted, ended_at=now, **progress)
    if now - row.made_at > MOMENT:
        _notify(row, gettext_noop("Done for %(done)s of %(total)s: %(title)s"), now=now)


def _skip_changed(bulk_act: BulkAct, chosen: dict[int, str]) -> SkippedIncidents:
    """Those that are out of reach by now, and those that others changed since they were chosen."""
    rows = {incident.pk: incident for incident in lock_incidents_of_act(list(chosen))}
    visible = set(
        incidents_visible_to(bulk_act.by).filter(pk__in=rows).values_list("pk", flat=True)
    )
    out_of_reach = _("This incident does not exist, or you may not see it.")
    skipped = {pk: out_of_reach for pk in chosen if pk not in visible}
    # Of those that can only be read the policy says more exactly what became of them.
    changeable = [rows[pk] for pk in visible if not rows[pk].is_read_only]
    differing = [incident.pk for incident in changeable if incident.standing != chosen[incident.pk]]
    own = set(
        TimelineItem.objects.filter(
            incident__in=differing,
            by=bulk_act.by,
            at__gte=bulk_act.made_at,
            code__in=(*DECISIONS, "undone"),
        ).values_list("incident", flat=True)
    )
    changed = _("Somebody changed it after you selected it. Look at it again.")
    return skipped | {pk: changed for pk in differing if pk not in own}


@transaction.atomic
def _give_back(row: BulkAct, error: Exception, *, unshifted: datetime, now: datetime) -> None:
    if row.attempts < MAX_ATTEMPTS:
        retry_later(row, error=error, now=unshifted)
        return
    log.error("Bulk act %s stopped at %s", row.act, row.worked, exc_info=error)
    if not settle(row, now=unshifted, state=JobState.DEAD, error=str(error)):
        return  # stopped meanwhile, or another worker took it over
    _notify(row, gettext_noop("It stopped at %(worked)s of %(total)s: %(title)s"), now=now)


def _notify(row: BulkAct, subject: str, *, now: datetime) -> None:
    words = {"done": row.done, "worked": row.worked, "total": row.total, "title": row.title}
    notify_people(
        [row.by],
        kind=kinds.BULK_ACT_ENDED,
        wording=lambda: (_(subject) % words, []),
        path=f"/incidents/bulk/{row.act}/",
        now=now,
    )
