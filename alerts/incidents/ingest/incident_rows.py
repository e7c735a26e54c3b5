"""Incidents of the wire as rows of ours: bounded, with numbers for choices, ready for COPY."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from alerts.incidents.engine.catalogue import alert_type_for, bare_title
from alerts.incidents.ingest.groups import key_alone, rank_unread
from alerts.incidents.ingest.pg_copy import (
    NULL,
    fixed_words,
    is_plain,
    moment,
    moments,
    number,
    text,
    words,
)
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


ROW_COLUMNS = ", ".join(IncidentRow._fields)


def copy_rows_of(rows: Sequence[IncidentRow]) -> list[str]:
    """The columns of these rows in COPY's format."""
    if not rows:
        return []
    name, no, etag, title, alert_type, severity, status, *more = zip(*rows, strict=True)
    classification, reason, owner_id, owner_name, owner_email, *more = more
    labels, created, modified, activity, alerts, comments, *lists, merged_into = more
    columns: list[Iterable[str]] = [
        name,
        [NULL if value is None else str(value) for value in no],
        *(texts(etag), texts(title), texts(alert_type), map(str, severity), map(str, status)),
        *(texts(classification), texts(reason)),
        *(texts(owner_id), texts(owner_name), texts(owner_email)),
        map(fixed_words, map(tuple, labels)),
        *(map(moment, created), map(moment, modified), map(moment, activity)),
        *(map(str, alerts), map(str, comments)),
        *(map(fixed_words, map(tuple, values)) for values in lists),
        [NULL if value is None else str(value) for value in merged_into],
    ]
    return ["\t".join(parts) for parts in zip(*columns, strict=True)]


def texts(values: Sequence[str]) -> Iterable[str]:
    """A column of texts; one look tells the usual case, where nothing has to be spelled out."""
    return values if is_plain("".join(values)) else [text(value) for value in values]


DETAILS_LIVE = timedelta(days=90)  # at the source; what is closed and older has none any more
_MATTER = ("title", "severity", "status", "tactics", "techniques", "product_names")
_HANDLING = ("owner", "classification", "classification_reason")
_REST = (
    *("labels", "alerts_count", "comments_count", "merged_into_number", "merged_into_url"),
    "flags",
)
INCIDENT_COLUMNS = (
    "id, name, number, etag, created_at, modified_at, latest_activity_at,"
    " closed_at, group_key, details_due_at, workspace_id, stored_at, changed_at,"
    " alert_type, title, severity, status, product_names, tactics, techniques, priority,"
    " priority_parts, owner_id, owner_name, owner_email, classification, classification_reason,"
    " labels, alerts_count, comments_count, merged_into, flags, protocol, source, destination,"
    " site_ids, place, details_state, details_attempts, entities_count, ot_state, closed_by, owed"
)
_INCIDENT_END = "\t\t\t{}\t\tpending\t0\t0\t\t\t0"
GROUP_COLUMNS = (
    "key, latest_id, lead_id, number, first_at, latest_at, workspace_id, changed_at, alert_type,"
    " title, severity, status, priority, owner_id, owner_name, n, site_ids, place, protocol,"
    " source, destination, ot_state"
)
_GROUP_END = "1\t{}\t\t\t\t\t"


class NewCopyRows(NamedTuple):
    """A page of incidents that are about to be copied, and what is worth counting of them."""

    incidents: list[str]
    groups: list[str]
    flagged: int
    merged_ids: list[int]


class _Matter(NamedTuple):
    """What it is about, for the incident's line and its row in the queue."""

    incident: str
    group: str
    is_closed: bool


class _Handling(NamedTuple):
    """Who deals with it, and how it was closed."""

    incident: str
    group: str


class _Rest(NamedTuple):
    """What few incidents say."""

    incident: str
    is_merged: bool
    is_flagged: bool


_BLANK: Any = WireIncident._make([None] * len(WireIncident._fields))._replace(labels=())


def new_copy_rows(
    *, workspace_id: int, fresh: Sequence[WireIncident], ids: Sequence[int], now: datetime
) -> NewCopyRows:
    """The lines of incidents that are not there yet, each in a row of the queue of its own."""
    columns = zip(*bounded(fresh, now=now), strict=True)
    said: Any = dict(zip(WireIncident._fields, columns, strict=True))
    matters = list(map(_matter_of, *[said[name] for name in _MATTER]))
    handlings = list(map(_handling_of, *[said[name] for name in _HANDLING]))
    rests = list(map(_rest_of, *[said[name] for name in _REST]))
    created_at = moments(said["created_text"], read=said["created_at"])
    activity = moments(said["latest_activity_text"], read=said["latest_activity_at"])
    numbers = list(map(number, said["number"]))
    modified_at = moments(said["modified_text"], read=said["modified_at"])
    closed_at = [
        at if matter.is_closed else NULL for at, matter in zip(modified_at, matters, strict=True)
    ]
    stored_at = moment(now)
    everywhere = f"{workspace_id}\t{stored_at}\t{stored_at}"
    waiting, too_old = f"{NULL}\t{stored_at}\t{everywhere}", f"{NULL}\t{NULL}\t{everywhere}"
    groups, stands, oldest = list[str](), list[str](), now - DETAILS_LIVE
    of_each = zip(
        ids,
        matters,
        handlings,
        rests,
        said["created_at"],
        created_at,
        numbers,
        said["latest_activity_at"],
        activity,
        said["modified_at"],
        strict=True,
    )
    for incident_id, matter, handling, rest, at, at_text, no, active, active_text, to in of_each:
        if not matter.is_closed and not rest.is_merged:
            key = key_alone(incident_id)
            stands.append(f"{key}\t{stored_at}\t{everywhere}")
            seen = active_text if active is not None and active <= to else at_text
            groups.append(
                f"{key}\t{incident_id}\t{incident_id}\t{no}\t{seen}\t{seen}\t"
                f"{workspace_id}\t{stored_at}\t"
                f"{matter.group}\t{handling.group}\t{_GROUP_END}"
            )
        else:
            stands.append(waiting if at > oldest else too_old)
    lines = zip(
        map(str, ids),
        said["name"],
        numbers,
        texts(said["etag"]),
        created_at,
        modified_at,
        activity,
        closed_at,
        stands,
        *([one.incident for one in part] for part in (matters, handlings, rests)),
        strict=True,
    )
    merged = [pk for pk, rest in zip(ids, rests, strict=True) if rest.is_merged]
    n_flagged = sum([rest.is_flagged for rest in rests])
    return NewCopyRows(["\t".join(line) for line in lines], groups, n_flagged, merged)


@lru_cache(maxsize=8192)
def _matter_of(*said: Any) -> _Matter:
    """The same for all that say the same: most incidents of a plant are routine."""
    row = _row(_MATTER, said)
    priority, parts = rank_unread(
        severity=row.severity,
        alert_type=row.alert_type,
        tactics=tuple(row.tactics),
        products=tuple(row.product_names),
    )
    what = f"{text(row.alert_type)}\t{text(row.title)}\t{row.severity}\t{row.status}"
    lists = "\t".join(map(words, (row.product_names, row.tactics, row.techniques)))
    line = f"{what}\t{lists}\t{priority}\t{text(parts)}"
    return _Matter(line, f"{what}\t{priority}", row.status == Status.CLOSED)


@lru_cache(maxsize=8192)
def _handling_of(*said: Any) -> _Handling:
    """Few people own many incidents, and there are few ways to close one."""
    row = _row(_HANDLING, said)
    owner = f"{text(row.owner_id)}\t{text(row.owner_name)}"
    closing = f"{text(row.classification)}\t{text(row.classification_reason)}"
    return _Handling(f"{owner}\t{text(row.owner_email)}\t{closing}", owner)


@lru_cache(maxsize=8192)
def _rest_of(*said: Any) -> _Rest:
    row = _row(_REST, said)
    line = (
        f"{words(row.labels)}\t{row.alerts_count}\t{row.comments_count}\t"
        f"{number(row.merged_into)}\t{words(row.flags)}\t{_INCIDENT_END}"
    )
    return _Rest(line, row.merged_into is not None, bool(row.flags))


def _row(members: tuple[str, ...], said: tuple[Any, ...]) -> IncidentRow:
    """The row of an incident that says nothing else."""
    return row_of_bounded(_BLANK._replace(**dict(zip(members, said, strict=True))))
