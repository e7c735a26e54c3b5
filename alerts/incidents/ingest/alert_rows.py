"""Store alerts: the newest version of each, and never a fact lost to a version that says less."""

from collections.abc import Iterable, Mapping, Sequence

from alerts.incidents.ingest import pg_copy
from alerts.incidents.ingest.alert_facts import AlertColumns, AlertRow, AlertSummary, StoredAlert
from alerts.incidents.ingest.alert_versions import Key, newest_of_each
from alerts.incidents.ingest.details_work import Work
from alerts.incidents.ingest.pg_copy import ask, create_temp_table, number, numbers, words

_COLUMNS = ", ".join(
    (
        *("key", "system_alert_id", *AlertColumns._fields, "workspace_id", "at", "latest_at"),
        *("plant_weekday", "plant_minute", "flags"),
    )
)
_STAGED = f"{_COLUMNS}, place, incident_ids, body"
STAGE = create_temp_table(
    "incoming_alerts",
    like=f"SELECT {_COLUMNS}, 0 AS place, '{{}}'::bigint[] AS incident_ids, '{{}}'::jsonb AS body"
    " FROM incidents_alert",
)
_NEWER = "excluded.latest_at >= coalesce(a.latest_at, a.at)"


def _kept(name: str, empty: str) -> str:
    new, old = f"nullif(excluded.{name}, {empty})", f"nullif(a.{name}, {empty})"
    last = f"a.{name}"
    return (
        f"{name} = CASE WHEN {_NEWER} THEN coalesce({new}, {last})"
        f" ELSE coalesce({old}, {new}, {last}) END"
    )


def _each(names: Sequence[str], expression: str) -> str:
    return ", ".join(f"{name} = " + expression.replace("@", name) for name in names)


_TEXTS = (
    *("sensor", "user_defined_title", "engine", "category", "protocol", "function"),
    *("product_name", "source_device", "source_address", "destination_device"),
    "destination_address",
)
_NO_SIDES = (
    "excluded.source_device || excluded.source_address || excluded.destination_device"
    " || excluded.destination_address = ''"
)
_ANY = f"CASE WHEN {_NO_SIDES} AND cardinality(a.@) > 0 THEN a.@ ELSE excluded.@ END"
_NEWEST = f"CASE WHEN {_NEWER} THEN excluded.@ ELSE a.@ END"
_UPSERT = f"""
    INSERT INTO incidents_alert AS a ({_COLUMNS})
    SELECT {_COLUMNS} FROM incoming_alerts ORDER BY workspace_id, key
    ON CONFLICT (workspace_id, key) DO UPDATE SET
        {", ".join(_kept(name, "''") for name in _TEXTS)},
        {", ".join(_kept(name, "'{}'::text[]") for name in ("techniques", "tactics", "flags"))},
        {_each(("any_device", "any_address"), _ANY)},
        {_each(("severity", "alert_type", "system_alert_id"), _NEWEST)},
        {_each(("site_id", "zone_id", "port"), "coalesce(excluded.@, a.@)")},
        plant_weekday = CASE WHEN excluded.at <= a.at OR a.plant_weekday IS NULL
                             THEN coalesce(excluded.plant_weekday, a.plant_weekday)
                             ELSE a.plant_weekday END,
        plant_minute = CASE WHEN excluded.at <= a.at OR a.plant_minute IS NULL
                            THEN coalesce(excluded.plant_minute, a.plant_minute)
                            ELSE a.plant_minute END,
        at = least(a.at, excluded.at), latest_at = greatest(a.latest_at, excluded.latest_at)
"""
# Alerts, their raw JSON and their links in one statement, which tells what is new.
_STORE = f"""
    WITH stored AS ({_UPSERT} RETURNING id, workspace_id, key, latest_at, xmax = 0 AS is_new),
    raw AS (
        INSERT INTO incidents_alertraw (alert_id, body)
        SELECT stored.id, s.body FROM stored JOIN incoming_alerts s USING (workspace_id, key)
        WHERE stored.latest_at = s.latest_at
        ON CONFLICT (alert_id) DO UPDATE SET body = excluded.body),
    links AS (
        INSERT INTO incidents_incidentalert (incident_id, alert_id)
        SELECT unnest(s.incident_ids), stored.id
        FROM stored JOIN incoming_alerts s USING (workspace_id, key)
        ON CONFLICT DO NOTHING)
    SELECT s.place, stored.id, stored.is_new
    FROM stored JOIN incoming_alerts s USING (workspace_id, key)
"""
_BACK = """
    SELECT a.workspace_id, a.key, a.id, a.at, a.alert_type, a.protocol, a.site_id,
           coalesce(nullif(a.source_device, ''), a.source_address),
           coalesce(nullif(a.destination_device, ''), a.destination_address),
           a.any_device, a.any_address, a.user_defined_title, a.severity
    FROM incidents_alert a WHERE a.id = ANY(%s::bigint[])
"""
_make = tuple.__new__


def store_alerts(work: Sequence[Work]) -> None:
    """Store the alerts of these incidents with raw JSON and links; then each incident's `stored`
    holds what its alerts say, all their versions together.
    """
    newest, owners = newest_of_each(work)
    if not newest:
        return
    pg_copy.copy_with_documents(
        "incoming_alerts",
        columns=_STAGED,
        lines=_lines(newest, owners),
        documents=[row.raw_json for row in newest.values()],
    )
    incoming, known, stored = list(newest.items()), list[int](), dict[Key, StoredAlert]()
    for place, pk, is_new in ask(_STORE):
        if is_new:
            key, row = incoming[place]
            stored[key] = _make(StoredAlert, (pk, row.at, row.sight.said))
        else:
            known.append(pk)
    for row in ask(_BACK, numbers(known)) if known else ():
        said = AlertSummary._make(tuple(one) if one.__class__ is list else one for one in row[4:])
        stored[row[0], row[1]] = StoredAlert(row[2], row[3], said)
    for one in work:
        its = {(row.workspace_id, row.key) for row in one.rows}
        one.stored = [stored[key] for key in (its if len(its) == 1 else sorted(its))]


def _lines(newest: Mapping[Key, AlertRow], owners: Mapping[Key, Sequence[int]]) -> Iterable[str]:
    """Lines for COPY, but for the raw JSON. What texts may hold is looked at once for a whole
    column.
    """
    rows = newest.values()
    more = [
        f"{number(row.plant_weekday)}\t{number(row.plant_minute)}\t{words(row.flags)}\t{place}\t"
        f"{{{row.incident_id}}}"
        for place, row in enumerate(rows)
    ]
    for place, key in enumerate(newest) if owners else ():
        if key in owners:
            more[place] = f"{more[place].rpartition('\t')[0]}\t{numbers(owners[key])}"
    return pg_copy.lines_of(
        pg_copy.texts([row.key for row in rows]),
        pg_copy.texts([row.system_alert_id for row in rows]),
        [f"{row.sight.line}\t{row.workspace_id}" for row in rows],
        pg_copy.times([row.at for row in rows]),
        pg_copy.times([row.latest_at for row in rows]),
        more,
    )
