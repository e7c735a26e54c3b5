"""How matched incidents fared without the rule: who was faster, and what the SOC closed."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q

from alerts.incidents.models import Incident, Status, TimelineItem

# A rule acts within minutes of an incident. Whoever touched it before that keeps it open (S1).
TIME_TO_ACT: Final = timedelta(minutes=5)
_BY_HAND: Final = ("status", "owner", "labels", "reopened")  # of the lines that Sentinel tells
_BENIGN: Final = ("BenignPositive", "FalsePositive")


def touched_incidents(incident_ids: Collection[int]) -> set[int]:
    """Return those that a person worked on before a rule would have acted."""
    in_sentinel = Q(side=TimelineItem.Side.SENTINEL, code__in=_BY_HAND)
    lines = TimelineItem.objects.filter(
        Q(by__isnull=False) | in_sentinel,
        incident=OuterRef("pk"),
        at__lte=OuterRef("created_at") + TIME_TO_ACT,
    )
    touched = Incident.objects.filter(Exists(lines), pk__in=incident_ids)
    return set(touched.values_list("pk", flat=True))


def incidents_closed_as_benign(incident_ids: Collection[int]) -> set[int]:
    """Return those that people closed as benign or false positive; what a rule closed is none."""
    closed = Incident.objects.filter(
        pk__in=incident_ids, status=Status.CLOSED, classification__in=_BENIGN, closed_by=""
    )
    return set(closed.values_list("pk", flat=True))
