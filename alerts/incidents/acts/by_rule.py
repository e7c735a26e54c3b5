"""Say of incidents that a rule closed them. Suppression calls these inside its own transaction and
records them; this room does not know rules, only their names.
"""

from collections.abc import Collection
from datetime import datetime

from alerts.incidents.models import Incident, Status


def mark_closed_by(*, incident_ids: Collection[int], rule: str, now: datetime) -> int:
    """Write the rule's name on them. A rule that is about to close writes it first: whoever opens
    an incident again takes the name off.
    """
    rows = Incident.objects.filter(pk__in=incident_ids).exclude(closed_by=rule)
    return rows.update(closed_by=rule[:40], changed_at=now)


def take_back_closed_by(*, incident_ids: Collection[int], rule: str, now: datetime) -> int:
    """It was not the rule that closed them, or they are not closed."""
    rows = Incident.objects.filter(pk__in=incident_ids, closed_by=rule[:40])
    return rows.update(closed_by="", changed_at=now)


def show_closed_in_sentinel(*, incident_ids: Collection[int], rule: str, now: datetime) -> int:
    """Sentinel closed them by a rule of ours; only what is closed can be marked so."""
    closed = Incident.objects.filter(pk__in=incident_ids, status=Status.CLOSED, closed_by="")
    ids = list(closed.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    mark_closed_by(incident_ids=ids, rule=rule, now=now)
    return len(ids)
