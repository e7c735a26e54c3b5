"""Take back what was not sent yet."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from alerts.outbox.models import Change, Outcome
from alerts.outbox.queries import Pair, never_taken
from portal.jobs.models import State


@dataclass(frozen=True, slots=True)
class WithdrawReport:
    """What an undo reached: the changes it took back, and how many were under way already."""

    withdrawn: tuple[Change, ...]
    too_late: int

    @property
    def pairs(self) -> set[Pair]:
        """The incidents whose writes were taken back."""
        return {(change.workspace_id, change.incident_name) for change in self.withdrawn}


@transaction.atomic
def withdraw(*, act: UUID, now: datetime) -> WithdrawReport:
    """Take back the changes of an act that no worker ever held: only of those is it sure that
    nothing was sent. Nobody is told; the caller puts its own rows right.
    """
    held = Change.objects.filter(act=act, **never_taken()).order_by("pk")
    taken = list(held.select_for_update(of=("self",), skip_locked=True))
    Change.objects.filter(pk__in=[change.pk for change in taken]).update(
        state=State.DONE, outcome=Outcome.WITHDRAWN, settled_at=now
    )
    others = Change.objects.filter(act=act).exclude(outcome=Outcome.WITHDRAWN)
    return WithdrawReport(tuple(taken), others.count())
