"""Confirm work as the second person."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from alerts.planned_work.models import PlannedWork, WorkConfirmation
from alerts.planned_work.policies import reasons_against_confirming
from alerts.planned_work.queries import confirmation_state
from alerts.planned_work.services.plan import CannotPlanWork
from alerts.planned_work.services.work import note_step
from portal.accounts.models import User
from portal.audit.services import record


@transaction.atomic
def confirm_work(*, work_id: int, revision: int, by: User, now: datetime) -> WorkConfirmation:
    """Store that somebody has checked this revision of the work: a second person where it recurs
    or is long, somebody of OT where it came by a token. From now on rules may take it for
    hours; what came before stays as it was.
    """
    rows = PlannedWork.objects.select_for_update(of=("self",)).select_related("site")
    work = rows.get(pk=work_id)
    latest = work.revisions.get(is_latest=True)
    state = confirmation_state(latest, now=now)
    if reasons := reasons_against_confirming(
        work, is_wide=state.is_wide, came_by_token=state.came_by_token, by=by
    ):
        raise CannotPlanWork(*reasons)
    if latest.number != revision:
        raise CannotPlanWork(_("The work has changed in the meantime. Look at it again."))
    if not state.is_needed:
        raise CannotPlanWork(
            _("This work needs no confirmation: it takes place once, for a day at most.")
        )
    if state.confirmation is not None:
        raise CannotPlanWork(_("It is already confirmed."))
    confirmation = WorkConfirmation.objects.create(
        revision=latest, by=by, by_label=by.name[:200], confirmed_at=now
    )
    note_step(work, code="confirmed", by=by, now=now)
    record("planned_work.work.confirmed", on=work, by=by, at=now, revision=latest.number)
    return confirmation
