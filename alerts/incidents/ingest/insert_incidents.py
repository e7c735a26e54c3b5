"""Add incidents that were never seen: copied at once, no question asked of any single one."""

from collections.abc import Sequence
from datetime import datetime

from alerts.incidents.ingest import pg_copy
from alerts.incidents.ingest.new_copy_rows import GROUP_COLUMNS, INCIDENT_COLUMNS, new_copy_rows
from alerts.incidents.ingest.stored import Stored
from alerts.sentinel.wire import WireIncident


def add_incidents(
    *, workspace_id: int, fresh: Sequence[WireIncident], done: Stored, now: datetime
) -> None:
    """Copy incidents that are not there yet straight into their tables, each in a row of its own.

    Somebody who copies the same ones meanwhile makes this fail; the page is then stored again.
    """
    if not fresh:
        return
    ids = pg_copy.reserve_ids("incidents_incident_id_seq", n=len(fresh))
    new = new_copy_rows(workspace_id=workspace_id, fresh=fresh, ids=ids, now=now)
    pg_copy.copy_into("incidents_incident", columns=INCIDENT_COLUMNS, lines=new.incidents)
    pg_copy.copy_documents(
        "incidents_incidentraw",
        columns="incident_id, body",
        ids=ids,
        documents=[wire.raw_json for wire in fresh],
    )
    if new.groups:
        pg_copy.copy_into("incidents_group", columns=GROUP_COLUMNS, lines=new.groups)
    done.new, done.new_ids, done.flagged = len(ids), ids, new.flagged
    done.merged, done.merged_ids = len(new.merged_ids), new.merged_ids
