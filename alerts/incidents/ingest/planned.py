"""Store what planned work has about alerts, and rank their incidents by it. The room of planned
work calls these inside its own transaction.
"""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from alerts.incidents.ingest.groups import regroup, touch_incidents
from alerts.incidents.models import Incident, IncidentAlert, PlannedAlert
from alerts.incidents.models.incident import OPEN

_BATCH = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFit:
    """One alert beside one occurrence of planned work; members as of `PlannedAlert`."""

    alert_id: int
    occurrence: UUID
    work: UUID
    fit: str
    kind: str
    names_devices: bool
    boxes: bool
    is_after_fact: bool
    title: str
    work_order: str
    ends_at: datetime
    inside_until: datetime
    known_from: datetime
    known_until: datetime | None


def store_planned_alerts(fits: Iterable[PlannedFit]) -> None:
    """Store what is not there yet: what was once worked out stays as it was."""
    PlannedAlert.objects.bulk_create(
        (PlannedAlert(**asdict(fit)) for fit in fits), ignore_conflicts=True, batch_size=_BATCH
    )


def end_planned_alerts(*, occurrences: Collection[UUID], now: datetime) -> list[int]:
    """Note that these occurrences hold no more; return the alerts that were beside them."""
    rows = PlannedAlert.objects.filter(occurrence__in=occurrences, known_until=None)
    alerts = sorted(set(rows.values_list("alert_id", flat=True)))
    rows.update(known_until=now)
    return alerts


def rank_incidents_of_alerts(*, alert_ids: Collection[int], now: datetime) -> int:
    """Rank the open incidents of these alerts anew; return how many those are."""
    links = IncidentAlert.objects.filter(alert__in=alert_ids).values("incident")
    ids = list(Incident.objects.filter(OPEN, pk__in=links).values_list("pk", flat=True))
    regroup(ids, now=now)
    touch_incidents(ids, now=now)  # rules look at them again, also where the rank stays
    return len(ids)
