"""Take incidents out that have left the scope of their workspace, with all that hangs on them.

Where OT or a rule has spoken about one, the record of that stays, and with it the incident as a
shell: without content, out of the queue and of lists of open ones, read-only.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import batched
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Func, ProtectedError, Value

from alerts.incidents.ingest.groups import IN_LINE, keys_of, regroup
from alerts.incidents.models import (
    LEFT_SCOPE,
    Alert,
    Comment,
    Entity,
    Incident,
    IncidentAlert,
    IncidentRaw,
    IncidentTask,
    OtState,
    TimelineItem,
)
from portal.formats.plain_sql import run_together

EMPTIED_TITLE = "Outside of the workspace's scope"
_BATCH = 200


class Removed(NamedTuple):
    """How many incidents were removed, of how many a shell is kept, and how many stay for now."""

    removed: int
    emptied: int
    waiting: int = 0


def remove_incidents(*, incident_ids: Collection[int], now: datetime) -> Removed:
    """Remove these incidents; nothing is done twice."""
    removed = emptied = 0
    for batch in batched(sorted(incident_ids), _BATCH, strict=False):
        kept = _remove(batch, now=now)
        emptied += len(kept)
        removed += len(batch) - len(kept)
    return Removed(removed, emptied)


@transaction.atomic
def _remove(ids: Sequence[int], *, now: datetime) -> list[int]:
    """Remove these, and return those of which a shell is kept."""
    rows = Incident.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    untouched = {"ot_state": OtState.NOT_ASKED, "closed_by": "", "owed": 0}
    free = set(Incident.objects.filter(pk__in=ids, **untouched).values_list("pk", flat=True))
    present = list(rows.values_list("pk", "group_key"))
    kept = [pk for pk, _ in present if pk not in free]
    kept += _delete([pk for pk, _ in present if pk in free])
    _empty(kept, now=now)
    keys = [key.hex for _, key in present if key]
    if keys:
        run_together(IN_LINE, keys=keys_of(*keys), now=now)
    return kept


def _delete(ids: Sequence[int]) -> list[int]:
    """Delete these with their alerts; return those that other records need, which stay."""
    if not ids:
        return []
    alerts = list(_alerts_of(ids))
    try:
        with transaction.atomic():
            Incident.objects.filter(pk__in=ids).delete()
    except ProtectedError:
        if len(ids) == 1:
            return list(ids)
        half = len(ids) // 2
        return _delete(ids[:half]) + _delete(ids[half:])
    Alert.objects.filter(pk__in=alerts, incidents=None).delete()
    return []


def _empty(ids: Sequence[int], *, now: datetime) -> None:
    alerts = list(_alerts_of(ids))
    IncidentAlert.objects.filter(incident__in=ids).delete()
    Alert.objects.filter(pk__in=alerts, incidents=None).delete()
    Entity.objects.filter(incident__in=ids).delete()
    Comment.objects.filter(incident__in=ids).delete()
    IncidentTask.objects.filter(incident__in=ids).delete()
    TimelineItem.objects.filter(incident__in=ids, side=TimelineItem.Side.SENTINEL).delete()
    IncidentRaw.objects.filter(incident__in=ids).update(body={})
    Incident.objects.filter(pk__in=ids, gone_at=None).update(gone_at=now)
    Incident.objects.filter(pk__in=ids).update(
        title=EMPTIED_TITLE,
        alert_type=EMPTIED_TITLE,
        source="",
        destination="",
        labels=[],
        details_due_at=None,
        changed_at=now,
        flags=Func(
            Func(F("flags"), Value(LEFT_SCOPE), function="array_remove"),
            Value(LEFT_SCOPE),
            function="array_append",
        ),
    )
    regroup(ids, now=now)


def _alerts_of(ids: Sequence[int]) -> list[int]:
    return list(IncidentAlert.objects.filter(incident__in=ids).values_list("alert", flat=True))
