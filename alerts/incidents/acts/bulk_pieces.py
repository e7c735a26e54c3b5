"""Work off what people asked to be done to many incidents: a piece, a transaction."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from alerts.incidents.acts.acting import SkippedIncidents, lock_incidents
from alerts.incidents.acts.verbs import do_verb
from alerts.incidents.models import BulkAct, Skipped, TimelineItem
from alerts.incidents.queries import DECISIONS, incidents_visible_to
from portal.jobs.models import State
from portal.jobs.services import MAX_ATTEMPTS, back_off, claim_due, put_back, settle
from portal.notifications.services import notify

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
