"""New incidents as lines for COPY. What many of them have in common is spelled out only once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from alerts.incidents.models import Status
from alerts.incidents.services.copying import NULL, moment, moments, number, text, words
from alerts.incidents.services.groups import key_alone
from alerts.incidents.services.lines import texts
from alerts.incidents.services.ranking import rank_unread
from alerts.incidents.services.rows import bounded, row_of_bounded
from alerts.sentinel.wire import WireIncident

DETAILS_LIVE = timedelta(days=90)  # at the source; what is closed and older has none any more
INCIDENT_COLUMNS = (
    "id, workspace_id, stored_at, changed_at, details_due_at, group_key, name, number, etag,"
    " created_at, modified_at, latest_activity_at, alert_type, title, severity, status, owner_id,"
    " owner_name, owner_email, classification, classification_reason, labels, product_names,"
    " tactics, techniques, flags, alerts_count, comments_count, merged_into, priority,"
    " priority_parts, protocol, source, destination, site_ids, place, details_state,"
    " details_attempts, entities_count, ot_state, closed_by, owed"
)
_INCIDENT_END = "\t\t\t\t{}\t\tpending\t0\t0\t\t\t0"
GROUP_COLUMNS = (
    "key, workspace_id, latest_id, changed_at, first_at, latest_at, alert_type, title, severity,"
    " status, owner_id, owner_name, priority, n, site_ids, place, protocol, source, destination,"
    " ot_state"
)
_GROUP_END = "\t1\t{}\t\t\t\t\t"


class NewLines(NamedTuple):
    """A page of incidents that are about to be copied, and what is worth counting of them."""

    incidents: list[str]
    groups: list[str]
    flagged: int
    merged_ids: list[int]


class _Common(NamedTuple):
    """What an incident has in common with others. `group` is empty where it stands in no queue."""

    incident: str
    group: str
    is_flagged: bool
    is_merged: bool


_COMMON = (
    *("title", "severity", "status", "classification", "classification_reason", "owner", "labels"),
    *("tactics", "techniques", "product_names", "alerts_count", "comments_count"),
    *("merged_into_number", "merged_into_url", "flags"),
)
_said_in_common = itemgetter(*map(WireIncident._fields.index, _COMMON))
_BLANK: Any = WireIncident._make([None] * len(WireIncident._fields))


def new_lines(
    *, workspace_id: int, fresh: Sequence[WireIncident], ids: Sequence[int], now: datetime
) -> NewLines:
    """The lines of incidents that are not there yet, each in a row of the queue of its own."""
    groups, stored_at, too_old = list[str](), moment(now), now - DETAILS_LIVE
    wires: Any = bounded(fresh, now=now)
    commons = list(map(_common_of, map(_said_in_common, wires)))
    times = (
        moments([wire.created_text for wire in wires], read=[wire.created_at for wire in wires]),
        moments([wire.modified_text for wire in wires], read=[wire.modified_at for wire in wires]),
        moments(
            [wire.latest_activity_text for wire in wires],
            read=[wire.latest_activity_at for wire in wires],
        ),
    )
    etags = texts([wire.etag for wire in wires])
    own = zip(ids, wires, etags, commons, *times, strict=True)
    lines = []
    for incident_id, wire, etag, common, created_at, modified_at, activity_at in own:
        key, due = NULL, stored_at
        if common.group:
            key = key_alone(incident_id)
            groups.append(
                f"{key}\t{workspace_id}\t{incident_id}\t{stored_at}\t{created_at}\t{created_at}\t"
                f"{common.group}"
            )
        elif wire.created_at <= too_old:
            due = NULL
        lines.append(
            f"{incident_id}\t{workspace_id}\t{stored_at}\t{stored_at}\t{due}\t{key}\t{wire.name}\t"
            f"{number(wire.number)}\t{etag}\t{created_at}\t{modified_at}\t{activity_at}\t"
            f"{common.incident}"
        )
    n_flagged = sum([common.is_flagged for common in commons])
    merged = [pk for pk, common in zip(ids, commons, strict=True) if common.is_merged]
    return NewLines(lines, groups, n_flagged, merged)


@lru_cache(maxsize=8192)
def _common_of(said: tuple[Any, ...]) -> _Common:
    """The same for all that say the same: most incidents of a plant are routine."""
    row = row_of_bounded(_BLANK._replace(**dict(zip(_COMMON, said, strict=True))))
    priority, parts = rank_unread(
        severity=row.severity,
        alert_type=row.alert_type,
        tactics=tuple(row.tactics),
        products=tuple(row.product_names),
    )
    what = f"{text(row.alert_type)}\t{text(row.title)}\t{row.severity}\t{row.status}"
    owner = f"{text(row.owner_id)}\t{text(row.owner_name)}"
    lists = map(words, (row.labels, row.product_names, row.tactics, row.techniques, row.flags))
    line = (
        f"{what}\t{owner}\t{text(row.owner_email)}\t{text(row.classification)}\t"
        f"{text(row.classification_reason)}\t{'\t'.join(lists)}\t{row.alerts_count}\t"
        f"{row.comments_count}\t{number(row.merged_into)}\t{priority}\t{text(parts)}{_INCIDENT_END}"
    )
    is_merged = row.merged_into is not None
    is_queued = row.status < Status.CLOSED and not is_merged
    group = f"{what}\t{owner}\t{priority}{_GROUP_END}" if is_queued else ""
    return _Common(line, group, bool(row.flags), is_merged)
