"""Store one page; what cannot be stored is put aside, and the page goes on."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256

from django.db import DataError, IntegrityError, transaction

from alerts.incidents.ingest.store import Differing, differing, store_incidents
from alerts.intake.models import Quarantined
from alerts.intake.services.run_counts import RunCounts
from alerts.sentinel.wire import IncidentPage, Unreadable, WireIncident

# What the record itself is to blame for. A lost connection or a lock is not: it ends the page.
_ITS_OWN_FAULT = (DataError, IntegrityError, ValueError, TypeError, ArithmeticError, LookupError)
_MAX_RAW_LENGTH = 1_000_000


def store_page(*, workspace_id: int, page: IncidentPage, now: datetime) -> RunCounts:
    """Store what differs from what we have; call it in a transaction, with the cursor's advance."""
    counts, heads = RunCounts(), page.heads
    probed = differing(workspace_id=workspace_id, heads=heads)
    counts.unchanged = len(heads) - len(probed.places)
    if probed.places:
        items = page.picked(probed.places)
        readable = [item for item in items if isinstance(item, WireIncident)]
        bad = [item for item in items if isinstance(item, Unreadable)]
        bad += _store(workspace_id, readable, counts, now, probed)
        counts.quarantined, counts.newly_aside = len(bad), _put_aside(workspace_id, bad, now)
        _take_back(workspace_id, readable, bad)
    return counts


def store_one(*, workspace_id: int, item: WireIncident | Unreadable, now: datetime) -> RunCounts:
    """Store the answer to a question about one incident."""
    counts = RunCounts()
    bad = [item] if isinstance(item, Unreadable) else _store(workspace_id, [item], counts, now)
    counts.quarantined, counts.newly_aside = len(bad), _put_aside(workspace_id, bad, now)
    return counts


def _store(
    workspace_id: int,
    items: Sequence[WireIncident],
    counts: RunCounts,
    now: datetime,
    probed: Differing | None = None,
) -> list[Unreadable]:
    """Store them all, or, where that fails, in halves down to the one that is to blame."""
    if not items:
        return []
    try:
        with transaction.atomic():
            stored = store_incidents(
                workspace_id=workspace_id, incidents=items, now=now, probed=probed
            )
    except _ITS_OWN_FAULT as error:
        if len(items) == 1:
            reason = f"it cannot be stored ({type(error).__name__})"
            return [Unreadable(reason, items[0].raw_json, items[0].name)]
        middle = len(items) // 2
        first = _store(workspace_id, items[:middle], counts, now)
        return first + _store(workspace_id, items[middle:], counts, now)
    counts.add(stored)
    return []


def _put_aside(workspace_id: int, bad: Iterable[Unreadable], now: datetime) -> int:
    """Keep what is bad as it came, of each incident the latest version only; returns how many are
    news. Listed again just so is none.
    """
    rows = {}
    for item in bad:
        fingerprint = sha256(item.raw).hexdigest()
        rows[fingerprint] = Quarantined(
            workspace_id=workspace_id,
            fingerprint=fingerprint,
            name=(item.name or "")[:100],
            reason=item.reason,
            raw=item.raw[:_MAX_RAW_LENGTH].decode("utf-8", "replace").replace("\x00", "\ufffd"),
            first_seen_at=now,
            latest_seen_at=now,
        )
    if not rows:
        return 0
    aside = Quarantined.objects.filter(workspace_id=workspace_id)
    known = aside.filter(fingerprint__in=rows).count()
    names = {row.name for row in rows.values()} - {""}
    older = aside.filter(name__in=names).exclude(fingerprint__in=rows)
    since = dict(older.order_by("-first_seen_at").values_list("name", "first_seen_at"))
    for row in rows.values():
        row.first_seen_at = since.get(row.name, now)
    older.delete()
    Quarantined.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["workspace", "fingerprint"],
        update_fields=["latest_seen_at", "reason"],
    )
    return len(rows) - known


def _take_back(
    workspace_id: int, readable: Sequence[WireIncident], bad: Sequence[Unreadable]
) -> None:
    """Forget what was put aside of incidents that can be read by now."""
    aside = Quarantined.objects.filter(workspace_id=workspace_id)
    if names := set(aside.values_list("name", flat=True)):
        readable_names = {item.name for item in readable} - {item.name for item in bad}
        aside.filter(name__in=names & readable_names).delete()
