"""New incidents as lines for COPY. What many of them have in common is spelled out only once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from alerts.incidents.ingest.copy_rows import texts
from alerts.incidents.ingest.groups import key_alone
from alerts.incidents.ingest.pg_copy import NULL, moment, moments, number, text, words
from alerts.incidents.ingest.ranking import rank_unread
from alerts.incidents.ingest.rows import IncidentRow, bounded, row_of_bounded
from alerts.incidents.models import Status
from alerts.sentinel.wire import WireIncident

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
