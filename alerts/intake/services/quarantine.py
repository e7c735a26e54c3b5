"""Where an unreadable incident goes: kept as it came, until a later version can be read."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256

from alerts.intake.models import Quarantined
from alerts.sentinel.wire import Unreadable, WireIncident

_MAX_RAW_LENGTH = 1_000_000


def quarantine(*, workspace_id: int, unreadable: Iterable[Unreadable], now: datetime) -> int:
    """Keep unreadable incidents as they came, of each the latest version only. Return how many are
    new: one that is listed again unchanged is not.
    """
    rows = {}
    for item in unreadable:
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
    kept = Quarantined.objects.filter(workspace_id=workspace_id)
    n_known = kept.filter(fingerprint__in=rows).count()
    names = {row.name for row in rows.values()} - {""}
    older = kept.filter(name__in=names).exclude(fingerprint__in=rows)
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
    return len(rows) - n_known


def release_from_quarantine(
    *, workspace_id: int, readable: Sequence[WireIncident], unreadable: Sequence[Unreadable]
) -> None:
    """Forget what was kept of incidents that can be read by now."""
    kept = Quarantined.objects.filter(workspace_id=workspace_id)
    if names := set(kept.values_list("name", flat=True)):
        readable_names = {item.name for item in readable} - {item.name for item in unreadable}
        kept.filter(name__in=names & readable_names).delete()
