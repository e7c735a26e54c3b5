"""Sentinel's words for an incident as the columns of our row: bounded, with numbers for choices."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from alerts.incidents.engine.catalogue import alert_type_for, bare_title
from alerts.incidents.models import Severity, Status
from alerts.sentinel.wire import WireIncident

UNKNOWN_SURVIVOR = 0  # merged away, and Sentinel does not say into which number
_MAX_INTEGER = 2**31 - 1
_make = tuple.__new__
_CLOCKS_DIFFER = timedelta(minutes=10)
_MAX_TITLE_LENGTH = 1000
_MAX_ETAG_LENGTH = 120
SEVERITIES = {
    "Informational": Severity.INFORMATIONAL.value,
    "Low": Severity.LOW.value,
    "Medium": Severity.MEDIUM.value,
    "High": Severity.HIGH.value,
}
STATUSES = {
    "New": Status.NEW.value,
    "Active": Status.ACTIVE.value,
    "Closed": Status.CLOSED.value,
}


_bounded_members = itemgetter(
    *map(WireIncident._fields.index, ("number", "created_at", "modified_at", "title", "etag"))
)


class IncidentRow(NamedTuple):
    """The columns that Sentinel decides, in the order in which they are copied."""

    name: str
    number: int | None
    etag: str
    title: str
    alert_type: str
    severity: int
    status: int
    classification: str
    classification_reason: str
    owner_id: str
    owner_name: str
    owner_email: str
    labels: Sequence[str]
    created_at: datetime
    modified_at: datetime
    latest_activity_at: datetime | None
    alerts_count: int
    comments_count: int
    product_names: Sequence[str]
    tactics: Sequence[str]
    techniques: Sequence[str]
    flags: Sequence[str]
    merged_into: int | None


def bounded(wires: Sequence[WireIncident], *, now: datetime) -> Sequence[WireIncident]:
    """The incidents as we can keep them: what does not fit is cut or left out, and flagged.
    After this every one has an etag, a creation and a change, none of them in the future.
    """
    latest = now + _CLOCKS_DIFFER
    if _all_fit(wires, latest):
        return wires
    return [wire if _all_fit([wire], latest) else _made_fit(wire, latest, now) for wire in wires]


def _all_fit(wires: Sequence[WireIncident], latest: datetime) -> bool:
    columns = zip(*map(_bounded_members, wires), strict=True)
    numbers, created, modified, titles, etags = columns
    try:
        return (
            max(numbers) <= _MAX_INTEGER
            and max(created) <= latest
            and max(modified) <= latest
            and max(map(len, titles)) <= _MAX_TITLE_LENGTH
            and max(map(len, etags)) <= _MAX_ETAG_LENGTH
        )
    except TypeError:  # something is not there
        return False


def _made_fit(wire: WireIncident, latest: datetime, now: datetime) -> WireIncident:
    odd: list[str] = []
    number, title = wire.number, wire.title or ""
    if number is not None and number > _MAX_INTEGER:
        number = None
        odd.append("number:out_of_range")
    if len(title) > _MAX_TITLE_LENGTH:
        title = title[: _MAX_TITLE_LENGTH - 2] + " …"
        odd.append("title:cut")
    modified = wire.modified_at or wire.created_at or now
    created = wire.created_at or modified
    if modified > latest:
        modified = now
        odd.append("modified_at:in_the_future")
    if created > latest:
        created = now
        odd.append("created_at:in_the_future")
    return wire._replace(
        number=number,
        title=title,
        etag=(wire.etag or "")[:_MAX_ETAG_LENGTH],
        created_at=created,
        created_text=None,
        modified_at=modified,
        modified_text=None,
        flags=(*wire.flags, *odd),
    )


def row_of(wire: WireIncident, *, now: datetime) -> IncidentRow:
    """The row of one incident. What does not fit is cut or left out, and flagged."""
    (fitting,) = bounded((wire,), now=now)
    return row_of_bounded(fitting)


def row_of_bounded(wire: WireIncident) -> IncidentRow:
    """The row of an incident that is within bounds."""
    owner, title = wire.owner, wire.title or ""
    return _make(
        IncidentRow,
        (
            wire.name,
            wire.number,
            wire.etag,
            title,
            alert_type_of(title),
            SEVERITIES.get(wire.severity or "", 0),
            STATUSES.get(wire.status or "", 0),
            (wire.classification or "")[:40],
            (wire.classification_reason or "")[:40],
            *(_owner_columns(*owner[:4]) if owner else ("", "", "")),
            tuple([label[0] for label in wire.labels]),
            wire.created_at,
            wire.modified_at,
            wire.latest_activity_at,
            min(wire.alerts_count or 0, _MAX_INTEGER),
            min(wire.comments_count or 0, _MAX_INTEGER),
            wire.product_names,
            wire.tactics,
            wire.techniques,
            wire.flags,
            _survivor_of(wire),
        ),
    )


@lru_cache(maxsize=4096)
def alert_type_of(title: str) -> str:
    """The catalogue's title for a title of an alert or incident, or the bare title."""
    known = alert_type_for(title)
    return known.title if known else bare_title(title)[:300]


def _owner_columns(
    object_id: str | None, email: str | None, assigned_to: str | None, principal: str | None
) -> tuple[str, str, str]:
    address = email or principal or ""
    name = assigned_to or address or object_id or ""
    return (object_id or address or name)[:64], name[:120], address[:254]


def _survivor_of(wire: WireIncident) -> int | None:
    if wire.merged_into_number is not None:
        return min(wire.merged_into_number, _MAX_INTEGER)
    return UNKNOWN_SURVIVOR if wire.is_merged_away else None


def overlaid(row: IncidentRow, *, patches: Sequence[Mapping[str, Any]]) -> IncidentRow:
    """The row with what is still owed to Sentinel laid over it, oldest first."""
    for patch in patches:
        changes: dict[str, Any] = {}
        if "severity" in patch:
            changes["severity"] = SEVERITIES.get(str(patch["severity"]), 0)
        if "status" in patch:
            changes["status"] = STATUSES.get(str(patch["status"]), 0)
        if "classification" in patch:
            changes["classification"] = str(patch["classification"] or "")[:40]
        if "classificationReason" in patch:
            changes["classification_reason"] = str(patch["classificationReason"] or "")[:40]
        if "owner" in patch:
            said = patch["owner"] or {}
            members = ("objectId", "email", "assignedTo", "userPrincipalName")
            owner = _owner_columns(*(said.get(member) for member in members))
            changes |= dict(zip(("owner_id", "owner_name", "owner_email"), owner, strict=True))
        gone = {str(label).casefold() for label in patch.get("labels_remove", ())}
        kept = [label for label in row.labels if label.casefold() not in gone]
        there = {label.casefold() for label in kept}
        new = [label for label in patch.get("labels_add", ()) if label.casefold() not in there]
        row = row._replace(**changes, labels=[*kept, *new])
    return row
