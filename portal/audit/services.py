"""Write one entry, called last in a transaction: the chain is locked until commit. Note whether
the record is whole.
"""

from datetime import date, datetime
from enum import Enum
from typing import Any, cast
from uuid import UUID

from django.db import connection, models

from portal.audit.actions import FORMER_LABELS, MODELS_OF_ACTION
from portal.audit.anchors import keep_outside, read_anchors
from portal.audit.engine import Anchor
from portal.audit.models import Entry
from portal.audit.queries import VERIFIED, ChainReport, head_of_record, verify_chain
from portal.jobs.services import keep_note

type Actor = models.Model | str  # a person, or the name of a process such as "intake"


def record(
    action: str, *, on: models.Model, by: Actor, at: datetime, request_id: str = "", **details: Any
) -> None:
    """Record that `by` did `action`, which the table in `actions.py` lists, to `on`. `details` must
    be JSON-able; times and UUIDs are written as text. If this fails the caller's transaction fails
    with it: no audit, no effect.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Audit entries belong into the transaction of what they record.")
    label = FORMER_LABELS.get(on._meta.label_lower, on._meta.label_lower)
    if label not in MODELS_OF_ACTION.get(action, ()):
        raise ValueError(f"{action} on {label} is not in portal/audit/actions.py.")
    actor = by if isinstance(by, models.Model) else None
    token = getattr(by, "via_token", None)  # a program that acts for the person (G14)
    if token is not None:
        details["via_token"] = token.prefix
    Entry.objects.create(
        at=at,
        actor_id=cast(int, actor.pk) if actor is not None else None,
        actor_label=(f"{by}, with the token {token}" if token else str(by))[:200],
        action=action,
        object_type=label,
        object_id=str(on.pk),
        object_label=str(on)[:300],
        details={name: _plain(value) for name, value in details.items()},
        request_id=request_id,
    )


def prove_record(*, now: datetime) -> ChainReport:
    """Walk along the whole chain and note what was found, for the status page. `now` is
    `clock.unshifted()`.
    """
    report = verify_chain(read_anchors().anchors)
    found: dict[str, object] = {
        "entries": report.entries,
        "head": report.head,
        "broken_at": report.broken_at,
        "reason": report.reason,
    }
    keep_note(kind=VERIFIED, key="record", now=now, payload=found)
    return report


def publish_anchor() -> Anchor:
    """Keep the head of the chain where who rewrites the database cannot rewrite it, too."""
    anchor = Anchor(*head_of_record())
    keep_outside(anchor)
    return anchor


def publish_restore_anchor(end: Anchor) -> str:
    """Publish outside that a backup was restored whose record ends there, so that heads of lost
    entries no longer count against it. Only a person's command does: a database that asked for it
    by itself could be one that was cut. Returns the line.
    """
    line = keep_outside(end, is_restored=True)
    publish_anchor()
    return line


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return _plain(value.value)
        case datetime() | date():
            return value.isoformat()
        case UUID():
            return str(value)
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(item) for item in value]
        case str():
            return value.replace("\x00", "\N{REPLACEMENT CHARACTER}")
        case _:
            return value
