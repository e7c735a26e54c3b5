"""Write down how a change ended, and tell those who asked, in one transaction."""

import logging
from datetime import datetime

from django.db import transaction

from alerts.outbox import registry
from alerts.outbox.engine.merge import rebased, written
from alerts.outbox.models import Change, Kind, Outcome
from alerts.outbox.services.send import Sent
from portal import clock
from portal.audit.services import record
from portal.jobs.models import State
from portal.jobs.services import settle

log = logging.getLogger(__name__)


class LeaseLost(Exception):
    """Another worker holds the change now."""


def settle_change(change: Change, *, sent: Sent, now: datetime, state: State) -> bool:
    """Settle with the fence. False, and nothing written, when the lease was lost meanwhile."""
    try:
        with transaction.atomic():
            _settle(change, sent=sent, now=now, state=state)
    except LeaseLost:
        return False
    return True


def _settle(change: Change, *, sent: Sent, now: datetime, state: State) -> None:
    fields = {"outcome": sent.outcome, "note": sent.note, "etag_after": sent.etag[:120]}
    error = "" if sent.outcome == Outcome.SENT else sent.note
    if not settle(change, now=clock.unshifted(), state=state, error=error, **fields):
        raise LeaseLost
    change.outcome, change.note, change.etag_after = sent.outcome, sent.note, sent.etag[:120]
    change.state = state
    settlement = registry.Settlement(change, sent.raw, sent.etag, sent.foreign, now)
    if state == State.DEAD:
        _tell_though_dead(settlement)
    else:
        registry.tell(settlement)
    # After the listeners: they hold the incident's lock, so no later wish is missed.
    if sent.outcome == Outcome.SENT and change.kind == Kind.UPDATE:
        _rebase_later(change, sent)
    record(
        f"outbox.change.{sent.outcome}",
        on=change,
        by="outbox",
        at=now,
        incident=change.incident_name,
        workspace=change.workspace_id,
        act=change.act,
        wrote=sent.wrote,
        note=sent.note,
    )


def _tell_though_dead(settlement: registry.Settlement) -> None:
    """A listener that fails may be why the change died; it must not keep it alive for ever."""
    try:
        with transaction.atomic():
            registry.tell(settlement)
    except Exception:
        log.exception("Nobody could be told that change %s was given up", settlement.change.key)


def _rebase_later(change: Change, sent: Sent) -> None:
    """What we wrote ourselves is no foreign change to what we still owe to the same incident."""
    later = Change.objects.filter(
        workspace_id=change.workspace_id,
        incident_name=change.incident_name,
        outcome=Outcome.OPEN,
        kind=Kind.UPDATE,
        pk__gt=change.pk,
    )
    properties = (sent.raw or {}).get("properties") or written(change.patch)
    for other in later.order_by("pk"):
        Change.objects.filter(pk=other.pk, outcome=Outcome.OPEN).update(
            base=rebased(other.base, change.patch, properties)
        )
