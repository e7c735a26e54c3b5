"""Add incidents that were never seen: copied at once, no question asked of any single one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from alerts.incidents.models import Status
from alerts.incidents.services import copying
from alerts.incidents.services.copying import moment, text
from alerts.incidents.services.groups import key_alone
from alerts.incidents.services.lines import ROW_COLUMNS, row_lines, texts
from alerts.incidents.services.ranking import rank_unread
from alerts.incidents.services.rows import IncidentRow, row_of
from alerts.incidents.services.stored import Stored
from alerts.sentinel.wire import WireIncident

DETAILS_LIVE = timedelta(days=90)  # at the source; what is closed and older has none any more
_NEW_COLUMNS = (
    f"id, workspace_id, {ROW_COLUMNS}, group_key, priority, priority_parts, stored_at, changed_at,"
    " details_due_at, protocol, source, destination, site_ids, place, details_state,"
    " details_attempts, entities_count, ot_state, closed_by, owed"
)
_NEW_TAIL = "\t\t\t\t{}\t\tpending\t0\t0\t\t\t0"
_GROUP_COLUMNS = (
    "key, workspace_id, latest_id, priority, changed_at, alert_type, title, severity, status,"
    " owner_id, owner_name, first_at, latest_at, n, site_ids, place, protocol, source, destination,"
    " ot_state"
)
_GROUP_TAIL = "\t1\t{}\t\t\t\t\t"


def add_incidents(
    *, workspace_id: int, fresh: Sequence[WireIncident], done: Stored, now: datetime
) -> None:
    """Copy incidents that are not there yet straight into their tables, each in a row of its own.

    Somebody who copies the same ones meanwhile makes this fail; the page is then stored again.
    """
    if not fresh:
        return
    ids = copying.reserve_ids("incidents_incident_id_seq", n=len(fresh))
    rows = [row_of(wire, now=now) for wire in fresh]
    ranked = [
        rank_unread(
            severity=row.severity,
            alert_type=row.alert_type,
            tactics=row.tactics,
            products=row.product_names,
        )
        for row in rows
    ]
    parts = texts([parts for _, parts in ranked])
    lines, groups, moment_now, too_old = [], [], moment(now), now - DETAILS_LIVE
    each = zip(ids, rows, row_lines(rows), ranked, parts, strict=True)
    for incident_id, row, line, (priority, _), spelled_parts in each:
        key, due = copying.NULL, moment_now
        if row.status < Status.CLOSED and row.merged_into is None:
            key = key_alone(incident_id)
            groups.append(
                f"{key}\t{workspace_id}\t{incident_id}\t{priority}\t{moment_now}\t{_shared(row)}"
            )
        elif row.created_at <= too_old:
            due = copying.NULL
        lines.append(
            f"{incident_id}\t{workspace_id}\t{line}\t{key}\t{priority}\t{spelled_parts}\t"
            f"{moment_now}\t{moment_now}\t{due}{_NEW_TAIL}"
        )
    copying.copy_into("incidents_incident", columns=_NEW_COLUMNS, lines=lines)
    copying.copy_documents(
        "incidents_incidentraw",
        columns="incident_id, body",
        ids=ids,
        documents=[wire.raw_json for wire in fresh],
    )
    if groups:
        copying.copy_into("incidents_group", columns=_GROUP_COLUMNS, lines=groups)
    done.flagged = sum([bool(row.flags) for row in rows])
    done.merged_ids = [
        incident_id
        for incident_id, row in zip(ids, rows, strict=True)
        if row.merged_into is not None
    ]
    done.new, done.new_ids, done.merged = len(ids), ids, len(done.merged_ids)


def _shared(row: IncidentRow) -> str:
    created = moment(row.created_at)
    return (
        f"{text(row.alert_type)}\t{text(row.title)}\t{row.severity}\t{row.status}\t"
        f"{text(row.owner_id)}\t{text(row.owner_name)}\t{created}\t{created}{_GROUP_TAIL}"
    )
