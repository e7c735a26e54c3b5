"""Write down what became of an automation rule, and tell those who asked, in one transaction."""

from datetime import datetime

from django.db import transaction

from alerts.outbox import registry
from alerts.outbox.models import Landing, WantedRule
from alerts.outbox.services.place_rule import Placed
from portal import clock
from portal.audit.services import record
from portal.jobs.models import State

MAX_MISSES = 1000  # more say nothing more


@transaction.atomic
def settle_rule(row: WantedRule, *, placed: Placed, now: datetime, code: str = "") -> bool:
    """Settle with the fence. False, and nothing written, when the lease was lost meanwhile. Where
    more is wanted by now, what landed is noted and the row stays owed.
    """
    rows = WantedRule.objects.select_for_update(of=("self",)).select_related("workspace")
    held = rows.filter(pk=row.pk, fence=row.fence, state=State.RUNNING).first()
    if held is None:
        return False
    moved_on = held.wanted_version != row.wanted_version
    landed = placed.outcome == Landing.LANDED
    held.landed, held.landed_etag = placed.body, placed.etag[:120]
    if landed:
        held.landed_version, held.landed_at, held.misses = row.wanted_version, now, 0
        held.latest_error, held.error_code, held.error_at = "", "", None
    else:
        held.latest_error, held.error_code = placed.error[:2000], code[:100]
        held.error_at = now
    held.note, held.lease_until = placed.note, None
    if moved_on:
        held.state, held.due_at = State.WAITING, clock.unshifted()
    else:
        held.state = State.DONE if landed else State.DEAD
        held.outcome, held.settled_at = placed.outcome, clock.unshifted()
    held.save()
    registry.tell_of_rule(registry.RuleSettlement(held, placed.outcome, placed.wrote, now))
    if placed.wrote or not landed:
        record(
            f"outbox.rule.{_became(placed)}",
            on=held,
            by="outbox",
            at=now,
            workspace=held.workspace_id,
            name=held.name,
            version=row.wanted_version,
            error=placed.error,
            note=placed.note,
        )
    return True


def wait_with_rule(
    row: WantedRule, *, due_at: datetime, error: str, code: str, counts: bool, now: datetime
) -> None:
    """Give a claimed rule back until later. What the far end did costs it no attempt."""
    mine = WantedRule.objects.filter(pk=row.pk, fence=row.fence, state=State.RUNNING)
    mine.update(
        state=State.WAITING,
        due_at=due_at,
        lease_until=None,
        latest_error=error[:2000],
        error_code=code[:100],
        error_at=now,
        misses=min(row.misses + 1, MAX_MISSES),
        attempts=row.attempts if counts else max(row.attempts - 1, 0),
    )


def _became(placed: Placed) -> str:
    if placed.outcome != Landing.LANDED:
        return str(placed.outcome.value)
    return "landed" if placed.body is not None else "removed"
