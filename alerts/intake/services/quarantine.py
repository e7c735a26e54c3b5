"""Where an unreadable incident goes: kept as it came, until a later version can be read."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from hashlib import sha256

import orjson

from alerts.intake.models import Quarantined
from alerts.sentinel.wire.incidents import WireIncident
from alerts.sentinel.wire.records import UnreadableRecord
from alerts.sentinel.wire.values import D4IOT_PRODUCTS, RULE_MARK, UNDECIDED, OtScope, Outside

_MAX_RAW_LENGTH = 1_000_000


def drop_outside(
    *, unreadable: Sequence[UnreadableRecord], scope: OtScope, followed: Collection[str] = ()
) -> tuple[list[UnreadableRecord], list[Outside]]:
    """Return what of this may be put aside, and what is outside of the scope and is not. Where
    nothing shows which it is, only the name is put aside and nothing of the content.
    """
    kept: list[UnreadableRecord] = []
    dropped: list[Outside] = []
    for item in unreadable:
        outside = _outside_of(item.raw, scope)
        if outside is None or item.name in followed:
            kept.append(item)
        elif outside.reason not in UNDECIDED:
            dropped.append(outside)
        else:
            raw = orjson.dumps({"name": item.name} if item.name else {})
            kept.append(UnreadableRecord(item.reason, raw, item.name))
    return kept, dropped


def _outside_of(raw: bytes, scope: OtScope) -> Outside | None:
    """Why a record that cannot be read is outside, as far as its members show. One without any, or
    of which only the beginning is there, is in where it names Defender for IoT.
    """
    try:
        properties = _members_of(_members_of(orjson.loads(raw)).get("properties"))
    except orjson.JSONDecodeError:
        properties = {}
    if not properties:
        marks = (*D4IOT_PRODUCTS, RULE_MARK.casefold(), *scope.iot_rules)
        text = raw.decode("utf-8", "replace").casefold()
        properties = {"title": RULE_MARK} if any(mark in text for mark in marks) else {}
    data = _members_of(properties.get("additionalData"))
    return scope.outside(
        title=properties.get("title"),
        products=data.get("alertProductNames"),
        rules=properties.get("relatedAnalyticRuleIds"),
        created=properties.get("createdTimeUtc"),
    )


def _members_of(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def quarantine(*, workspace_id: int, unreadable: Iterable[UnreadableRecord], now: datetime) -> int:
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
    n_repeated = kept.filter(fingerprint__in=rows).count()
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
    return len(rows) - n_repeated


def release_from_quarantine(
    *, workspace_id: int, readable: Sequence[WireIncident], unreadable: Sequence[UnreadableRecord]
) -> None:
    """Forget what was kept of incidents that can be read by now."""
    kept = Quarantined.objects.filter(workspace_id=workspace_id)
    if names := set(kept.values_list("name", flat=True)):
        readable_names = {item.name for item in readable} - {item.name for item in unreadable}
        kept.filter(name__in=names & readable_names).delete()
