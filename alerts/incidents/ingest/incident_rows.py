"""Incidents of the wire as rows of ours: bounded, with numbers for choices, ready for COPY."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, cast

from msgspec import structs

from alerts.incidents.engine.catalogue import alert_type_of
from alerts.incidents.ingest.groups import key_alone, rank_unread
from alerts.incidents.ingest.pg_copy import NULL, copy_line, moment, moments, number_member, texts
from alerts.incidents.models import IncidentStatus, Severity
from alerts.sentinel.wire.incidents import WireIncident, WireLabel, WireOwner

UNKNOWN_SURVIVOR = 0  # merged away, and Sentinel does not say into which number
_MAX_INTEGER = 2**31 - 1
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
    "New": IncidentStatus.NEW.value,
    "Active": IncidentStatus.ACTIVE.value,
    "Closed": IncidentStatus.CLOSED.value,
}


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


def bounded(incidents: Sequence[WireIncident], *, now: datetime) -> Sequence[WireIncident]:
    """The incidents as we can keep them: what does not fit is cut or left out, and flagged.
    After this every one has an etag, a creation and a change, none of them in the future.
    """
    latest = now + _CLOCKS_DIFFER
    if _all_fit(incidents, latest):
        return incidents
    return [
        incident if _all_fit([incident], latest) else _made_fit(incident, latest, now)
        for incident in incidents
    ]


def _all_fit(incidents: Sequence[WireIncident], latest: datetime) -> bool:
    rows: Sequence[Any] = incidents  # members may be None
    try:
        return (
            max([row.number for row in rows]) <= _MAX_INTEGER
            and max([row.created_at for row in rows]) <= latest
            and max([row.modified_at for row in rows]) <= latest
            and max([len(row.title) for row in rows]) <= _MAX_TITLE_LENGTH
            and max([len(row.etag) for row in rows]) <= _MAX_ETAG_LENGTH
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
    return structs.replace(
        wire,
        number=number,
        title=title,
        etag=(wire.etag or "")[:_MAX_ETAG_LENGTH],
        created_at=created,
        created_text=None,
        modified_at=modified,
        modified_text=None,
        flags=(*wire.flags, *odd),
    )


def incident_row_of(wire: WireIncident, *, now: datetime) -> IncidentRow:
    """The row of one incident. What does not fit is cut or left out, and flagged."""
    (fitting,) = bounded((wire,), now=now)
    return row_of_bounded(fitting)


def row_of_bounded(wire: WireIncident) -> IncidentRow:
    """The row of an incident that is within bounds."""
    title = wire.title or ""
    owner_id, owner_name, owner_email = owner_columns(wire.owner) if wire.owner else ("", "", "")
    return IncidentRow(
        name=wire.name,
        number=wire.number,
        etag=wire.etag or "",
        title=title,
        alert_type=alert_type_of(title),
        severity=SEVERITIES.get(wire.severity or "", 0),
        status=STATUSES.get(wire.status or "", 0),
        classification=(wire.classification or "")[:40],
        classification_reason=(wire.classification_reason or "")[:40],
        owner_id=owner_id,
        owner_name=owner_name,
        owner_email=owner_email,
        labels=tuple([label.name for label in wire.labels]),
        created_at=cast(datetime, wire.created_at),
        modified_at=cast(datetime, wire.modified_at),
        latest_activity_at=wire.latest_activity_at,
        alerts_count=min(wire.alerts_count or 0, _MAX_INTEGER),
        comments_count=min(wire.comments_count or 0, _MAX_INTEGER),
        product_names=wire.product_names,
        tactics=wire.tactics,
        techniques=wire.techniques,
        flags=wire.flags,
        merged_into=_survivor_of(wire),
    )


@lru_cache(maxsize=4096)
def owner_columns(owner: WireOwner) -> tuple[str, str, str]:
    """The owner's id, name and address as we keep them; "" for what Sentinel leaves out."""
    address = owner.email or owner.user_principal_name or ""
    name = owner.assigned_to or address or owner.object_id or ""
    return (owner.object_id or address or name)[:64], name[:120], address[:254]


def _survivor_of(wire: WireIncident) -> int | None:
    if wire.merged_into_number is not None:
        return min(wire.merged_into_number, _MAX_INTEGER)
    return UNKNOWN_SURVIVOR if wire.is_merged_away else None


ROW_COLUMNS = ", ".join(IncidentRow._fields)
DETAILS_LIVE = timedelta(days=90)  # at the source; what is closed and older has none any more
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
    " title, severity, statuses, priority, owner_ids, owner_names, n, site_ids, place, protocol,"
    " source, destination, ot_states, n_unasked, n_waiting"
)
_GROUP_END = '1\t{}\t\t\t\t\t{""}\t1\t0'


class NewCopyRows(NamedTuple):
    """A page of incidents that are about to be copied, and what is worth counting of them."""

    incidents: list[str]
    groups: list[str]
    flagged: int
    merged_ids: list[int]


class _Content(NamedTuple):
    """What an incident is about, for its line and for its row in the queue."""

    incident: str
    group: str
    is_closed: bool


class _Ownership(NamedTuple):
    """Who deals with it and how it was closed."""

    incident: str
    group: str


class _Rest(NamedTuple):
    """What few incidents have."""

    incident: str
    is_merged: bool
    is_flagged: bool


def new_copy_rows(
    *, workspace_id: int, incidents: Sequence[WireIncident], ids: Sequence[int], now: datetime
) -> NewCopyRows:
    """Return rows for COPY of new incidents, each alone in the queue; common values once."""
    rows: Sequence[Any] = bounded(incidents, now=now)
    contents = [
        _content(
            row.title, row.severity, row.status, (row.tactics, row.techniques, row.product_names)
        )
        for row in rows
    ]
    ownerships = [
        _ownership(row.owner, row.classification, row.classification_reason) for row in rows
    ]
    rests = [
        _rest(
            row.labels,
            (row.alerts_count, row.comments_count),
            (row.merged_into_number, row.merged_into_url),
            row.flags,
        )
        for row in rows
    ]
    created = moments([row.created_text for row in rows], read=[row.created_at for row in rows])
    modified = moments([row.modified_text for row in rows], read=[row.modified_at for row in rows])
    activity = moments(
        [row.latest_activity_text for row in rows], read=[row.latest_activity_at for row in rows]
    )
    numbers = [number_member(row.number) for row in rows]
    stored = moment(now)
    origin = f"{workspace_id}\t{stored}\t{stored}"
    oldest = now - DETAILS_LIVE
    copy_rows, groups, merged_ids = list[str](), list[str](), list[int]()
    etags = texts([row.etag for row in rows])
    for place, (incident_id, row) in enumerate(zip(ids, rows, strict=True)):
        content, ownership, rest = contents[place], ownerships[place], rests[place]
        key, due = NULL, stored
        if rest.is_merged:
            merged_ids.append(incident_id)
        if not content.is_closed and not rest.is_merged:
            key, at = key_alone(incident_id), row.latest_activity_at
            active = activity[place] if at and at <= row.modified_at else created[place]
            groups.append(
                f"{key}\t{incident_id}\t{incident_id}\t{numbers[place]}\t{active}\t{active}\t"
                f"{workspace_id}\t{stored}\t{content.group}\t{ownership.group}\t{_GROUP_END}"
            )
        elif row.created_at <= oldest:
            due = NULL
        closed = modified[place] if content.is_closed else NULL
        copy_rows.append(
            f"{incident_id}\t{row.name}\t{numbers[place]}\t{etags[place]}\t{created[place]}\t"
            f"{modified[place]}\t{activity[place]}\t{closed}\t{key}\t{due}\t{origin}\t"
            f"{content.incident}\t{ownership.incident}\t{rest.incident}"
        )
    return NewCopyRows(copy_rows, groups, sum([rest.is_flagged for rest in rests]), merged_ids)


@lru_cache(maxsize=8192)
def _content(
    title: str, severity: str | None, status: str | None, lists: tuple[tuple[str, ...], ...]
) -> _Content:
    """The same for all with the same values: most incidents of a plant are routine."""
    tactics, techniques, product_names = lists
    row = _row_with(
        title=title,
        severity=severity,
        status=status,
        tactics=tactics,
        techniques=techniques,
        product_names=product_names,
    )
    priority, parts = rank_unread(
        severity=row.severity,
        alert_type=row.alert_type,
        tactics=tuple(row.tactics),
        products=tuple(row.product_names),
    )
    shared = copy_line((row.alert_type, row.title, row.severity))
    rest = copy_line((row.product_names, row.tactics, row.techniques, priority, parts))
    return _Content(
        f"{shared}\t{row.status}\t{rest}",
        f"{shared}\t{{{row.status}}}\t{priority}",
        row.status == IncidentStatus.CLOSED,
    )


@lru_cache(maxsize=8192)
def _ownership(
    owner: WireOwner | None, classification: str | None, classification_reason: str | None
) -> _Ownership:
    """Few people own many incidents, and there are few ways to close one."""
    row = _row_with(
        owner=owner, classification=classification, classification_reason=classification_reason
    )
    own = (row.owner_id, row.owner_name)
    rest = (row.owner_email, row.classification, row.classification_reason)
    return _Ownership(copy_line((*own, *rest)), copy_line([value] for value in own))


@lru_cache(maxsize=8192)
def _rest(
    labels: tuple[WireLabel, ...],
    counts: tuple[int | None, int | None],
    merged_into: tuple[int | None, str | None],
    flags: tuple[str, ...],
) -> _Rest:
    alerts_count, comments_count = counts
    merged_into_number, merged_into_url = merged_into
    row = _row_with(
        labels=labels,
        alerts_count=alerts_count,
        comments_count=comments_count,
        merged_into_number=merged_into_number,
        merged_into_url=merged_into_url,
        flags=flags,
    )
    values = (row.labels, row.alerts_count, row.comments_count, row.merged_into, row.flags)
    line = f"{copy_line(values)}\t{_INCIDENT_END}"
    return _Rest(line, row.merged_into is not None, bool(row.flags))


def _row_with(**members: Any) -> IncidentRow:
    """Return an incident's row with these columns and nothing else."""
    nothing: dict[str, Any] = dict.fromkeys(WireIncident.__struct_fields__)
    return row_of_bounded(WireIncident(**{**nothing, "labels": (), **members}))
