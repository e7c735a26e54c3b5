"""Show what Sentinel last said, overlaid with what we still owe it."""

from collections.abc import Iterable
from datetime import datetime

import orjson
from django.db import transaction

from alerts.incidents.ingest.incident_rows import IncidentRow, overlaid, row_of
from alerts.incidents.models import Incident, IncidentRaw, Status
from alerts.outbox.queries import Owed, owed_to
from alerts.sentinel.wire import Unfit, incident_of

IN_FORCE = (
    *("severity", "status", "classification", "classification_reason"),
    *("owner_id", "owner_name", "owner_email", "labels"),
)
_WRITTEN = (*IN_FORCE, "owed", "closed_by", "closed_at")
_NOTHING = Owed(0, ())


@transaction.atomic
def refresh_overlay(incident_ids: Iterable[int], *, now: datetime) -> list[int]:
    """Bring the rows in force in line with Sentinel's word and what is owed; returns the ids of
    those that changed. Call it after owing, withdrawing or settling, and `regroup` after it.
    """
    ids = sorted(set(incident_ids))
    rows = list(Incident.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True))
    raws = dict(IncidentRaw.objects.filter(pk__in=ids).values_list("pk", "body"))
    pending = owed_to((row.workspace_id, row.name) for row in rows)
    changed = []
    for row in rows:
        due = pending.get((row.workspace_id, row.name), _NOTHING)
        word = _word_of(raws.get(row.pk), now=now)
        before = [getattr(row, name) for name in _WRITTEN]
        row.owed = due.count
        if word is not None:
            _lay(row, overlaid(word, patches=due.patches), now=now)
        if before != [getattr(row, name) for name in _WRITTEN]:
            row.changed_at = now
            changed.append(row)
    Incident.objects.bulk_update(changed, [*_WRITTEN, "changed_at"], batch_size=500)
    return [row.pk for row in changed]


def _word_of(body: object, *, now: datetime) -> IncidentRow | None:
    if not isinstance(body, dict):
        return None
    try:
        return row_of(incident_of(body, orjson.dumps(body)), now=now)
    except Unfit:
        return None


def _lay(row: Incident, word: IncidentRow, *, now: datetime) -> None:
    was_closed = row.status == Status.CLOSED
    for name in IN_FORCE:
        value = getattr(word, name)
        setattr(row, name, list(value) if name == "labels" else value)
    if row.status < Status.CLOSED:
        row.closed_by, row.closed_at = "", None
    elif not was_closed:
        row.closed_at = now
