"""Take an act back while its writes are still waiting."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.incidents.acts.acting import lock_incidents, show_anew
from alerts.incidents.models import Comment, Incident, TimelineItem
from alerts.incidents.queries import DECISIONS
from alerts.outbox.models import Outcome
from alerts.outbox.queries import changes_of_act
from alerts.outbox.services import withdraw
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.notifications.services import take_back


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
