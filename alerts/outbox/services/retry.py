"""What a person does about a change that was given up: try once more, or let it go."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from alerts.outbox import registry
from alerts.outbox.models import Change, Outcome
from alerts.outbox.policies import reasons_against_mending
from portal import clock
from portal.accounts.models import User
from portal.audit.services import record
from portal.errors import Refused
from portal.jobs.models import State


class CannotRetry(Refused):
    """The change was neither retried nor discarded."""


@transaction.atomic
def retry_change(*, change_id: int, by: User, now: datetime) -> Change:
    """Owe a given-up change again, due at once and with all its attempts. Whoever changed the
    incident since still wins: the base stays what it was.
    """
    due_at = clock.unshifted()
    return _mend(
        change_id,
        "outbox.change.retried",
        by=by,
        now=now,
        state=State.WAITING,
        outcome=Outcome.OPEN,
        attempts=0,
        due_at=due_at,
        settled_at=None,
    )


@transaction.atomic
def discard_change(*, change_id: int, by: User, now: datetime) -> Change:
    """Let a given-up change go for good."""
    return _mend(
        change_id,
        "outbox.change.discarded",
        by=by,
        now=now,
        state=State.DONE,
        outcome=Outcome.DROPPED,
    )


def _mend(change_id: int, action: str, *, by: User, now: datetime, **fields: object) -> Change:
    changes = Change.objects.select_related("workspace__organisation")
    if reasons := reasons_against_mending(changes.get(pk=change_id), by=by):
        raise CannotRetry(*reasons)
    if not Change.objects.filter(pk=change_id, state=State.DEAD).update(**fields):
        raise CannotRetry(
            gettext(
                "This change is no longer among the failed ones; somebody else has dealt with it."
            )
        )
    change = changes.get(pk=change_id)
    registry.tell(registry.Settlement(change, None, "", (), now))
    record(action, on=change, by=by, at=now, incident=change.incident_name, note=change.note)
    return change
