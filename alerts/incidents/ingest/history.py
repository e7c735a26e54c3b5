"""What Sentinel changed on an incident, as lines of its timeline."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from alerts.incidents.ingest.incident_rows import IncidentRow
from alerts.incidents.models import Severity, Status, TimelineItem
from alerts.outbox.engine.labels import is_our_label


def items_of(
    incident_id: int, *, old: IncidentRow, new: IncidentRow, returned: bool, closed_by: str
) -> Iterator[TimelineItem]:
    """The differences that people care about. Both rows have what we owe laid over them, so what
    we wrote ourselves is none.
    """
    for code, details in _differences(old, new, closed_by):
        yield _item(incident_id, new.modified_at, code, details)
    if returned:
        yield _item(incident_id, new.modified_at, "returned", {})


def gone_items(ids: Sequence[int], *, now: datetime) -> list[TimelineItem]:
    """The line that an incident was deleted in Sentinel."""
    return [_item(incident_id, now, "gone", {}) for incident_id in ids]


def is_reopened(*, old: IncidentRow, new: IncidentRow) -> bool:
    """Whether somebody opened again what was closed."""
    return old.status == Status.CLOSED and new.status in (Status.NEW, Status.ACTIVE)


def _item(incident_id: int, at: datetime, code: str, details: dict[str, Any]) -> TimelineItem:
    side = TimelineItem.Side.SENTINEL
    return TimelineItem(incident_id=incident_id, at=at, side=side, code=code, details=details)


def _differences(
    old: IncidentRow, new: IncidentRow, closed_by: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    if new.merged_into is not None and old.merged_into is None:
        yield "merged", {"into": new.merged_into or None}
        return
    if old.title != new.title:
        yield "title", {"from": old.title, "to": new.title}
    if old.severity != new.severity:
        yield "severity", _from_to(Severity(old.severity).label, Severity(new.severity).label)
    if old.status != new.status:
        details = _from_to(Status(old.status).label, Status(new.status).label)
        if is_reopened(old=old, new=new):
            yield "reopened", details | ({"closed_by": closed_by} if closed_by else {})
        else:
            yield "status", details | _why(new)
    elif (old.classification, old.classification_reason) != (
        new.classification,
        new.classification_reason,
    ):
        yield "classification", _from_to(old.classification, new.classification) | _why(new)
    if old.owner_id != new.owner_id:
        yield "owner", _from_to(old.owner_name, new.owner_name)
    if labels := _labels(old.labels, new.labels):
        yield "labels", labels


def _from_to(old: str, new: str) -> dict[str, Any]:
    return {"from": old, "to": new}


def _why(row: IncidentRow) -> dict[str, Any]:
    if not row.classification:
        return {}
    return {"classification": row.classification, "reason": row.classification_reason}


def _labels(old: Sequence[str], new: Sequence[str]) -> dict[str, list[str]]:
    was = {label.casefold() for label in old}
    now = {label.casefold() for label in new}
    added = [x for x in new if x.casefold() not in was and not is_our_label(x)]
    removed = [x for x in old if x.casefold() not in now and not is_our_label(x)]
    return {"added": added, "removed": removed} if added or removed else {}


def details_failed(*, incident_id: int, reason: str, now: datetime) -> None:
    """The line that alerts and entities could not be read, and why."""
    item = _item(incident_id, now, "details-failed", {"reason": reason[:500]})
    item.side = TimelineItem.Side.PORTAL
    item.save()
