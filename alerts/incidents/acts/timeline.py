"""Write down what happened to incidents."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from alerts.incidents.models import TimelineItem
from portal.accounts.models import User


def write_timeline(
    *,
    incident_ids: Collection[int],
    code: str,
    side: TimelineItem.Side,
    by: User | str,
    now: datetime,
    details: Mapping[str, Any] | None = None,
    act: UUID | None = None,
) -> None:
    """Add the same line to the timeline of each incident, in the caller's transaction."""
    person = by if isinstance(by, User) else None
    TimelineItem.objects.bulk_create(
        TimelineItem(
            incident_id=each,
            at=now,
            side=side,
            by=person,
            by_label=str(by)[:200],
            code=code,
            details=dict(details or {}),
            act=act,
        )
        for each in incident_ids
    )
