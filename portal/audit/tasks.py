"""The record is proved whole again and again."""

from typing import Any

from celery import shared_task

from portal import clock
from portal.audit.services import prove_record, publish_anchor
from portal.jobs.periods import HOUR, begin_period


@shared_task(acks_late=True)
def verify_record(**_later: Any) -> None:
    """Walk along the chain and note what was found."""
    prove_record(now=clock.unshifted())


@shared_task(acks_late=True)
def anchor_record(**_later: Any) -> None:
    """Publish the head of the chain outside, once an hour."""
    if begin_period("audit.anchor", every=HOUR, now=clock.unshifted()):
        publish_anchor()
