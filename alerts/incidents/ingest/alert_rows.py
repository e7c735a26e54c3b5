"""Store alerts: the newest version of each, and never a fact lost to a version that lacks it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from django.db import connection

from alerts.incidents.engine.title_proof import BY_TITLE, OF_RULE, is_of_title
from alerts.incidents.ingest import pg_copy
from alerts.incidents.ingest.alert_facts import (
    AlertColumns,
    AlertRow,
    AlertSummary,
    alert_facts_of,
)
from alerts.incidents.ingest.pg_copy import (
    create_temp_table,
    number_member,
    numbers_member,
    query_rows,
    texts_member,
)
from alerts.sites.queries import FIND_DEVICE
from portal.formats.plain_sql import array

type Key = tuple[int, str]  # workspace and key


class StoredAlert(NamedTuple):
    """What the incident needs of an alert, after all its versions were merged."""

    id: int
    at: datetime
    summary: AlertSummary


_COLUMNS = ", ".join(
    (
        *("key", "system_alert_id", *AlertColumns._fields, "workspace_id", "at", "latest_at"),
        *("plant_weekday", "plant_minute", "flags"),
    )
)
_STAGED = f"{_COLUMNS}, place, incident_ids, body"
TEMP_TABLE = create_temp_table(
    "incoming_alerts",
    like=f"SELECT {_COLUMNS}, 0 AS place, '{{}}'::bigint[] AS incident_ids, '{{}}'::jsonb AS body"
    " FROM incidents_alert",
)
_NEWER = "excluded.latest_at >= coalesce(a.latest_at, a.at)"


def _latest(name: str, empty: str) -> str:
    new, old = f"nullif(excluded.{name}, {empty})", f"nullif(a.{name}, {empty})"
    last = f"a.{name}"
    return (
        f"{name} = CASE WHEN {_NEWER} THEN coalesce({new}, {last})"
        f" ELSE coalesce({old}, {new}, {last}) END"
    )


def _assignments(names: Sequence[str], expression: str) -> str:
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
# Flags of the title go with the type, which the newest version has; of others none is lost. A doubt
# about an alert whose analytics rules were read stays when the same alert is read again: else a
# title that was fixed when it came would count as soon as somebody has put the format back.
_OF_TITLE = f"f = '{BY_TITLE}' OR starts_with(f, '{OF_RULE}')"
_IS_DOUBTED = (
    f"a.system_alert_id = excluded.system_alert_id AND a.flags @> '{{{BY_TITLE}}}'::text[]"
    f" AND NOT EXISTS (SELECT FROM unnest(a.flags) f WHERE starts_with(f, '{OF_RULE}'))"
)


def _flags(first: str, second: str) -> str:
    def flags_in(row: str, which: str) -> str:
        return f"ARRAY(SELECT f FROM unnest({row}.flags) f WHERE {which})"

    others = [flags_in(row, f"NOT ({_OF_TITLE})") for row in (first, second)]
    of_title = (
        f"CASE WHEN {_IS_DOUBTED} THEN '{{{BY_TITLE}}}'::text[]"
        f" ELSE {flags_in(first, _OF_TITLE)} END"
    )
    return f"coalesce(nullif({others[0]}, '{{}}'), {others[1]}) || {of_title}"


_FLAGS = f"CASE WHEN {_NEWER} THEN {_flags('excluded', 'a')} ELSE {_flags('a', 'excluded')} END"
_UPSERT = f"""
    INSERT INTO incidents_alert AS a ({_COLUMNS})
    SELECT {_COLUMNS} FROM incoming_alerts ORDER BY workspace_id, key
    ON CONFLICT (workspace_id, key) DO UPDATE SET
        {", ".join(_latest(name, "''") for name in _TEXTS)},
        {", ".join(_latest(name, "'{}'::text[]") for name in ("techniques", "tactics"))},
        flags = {_FLAGS},
        {_assignments(("any_device", "any_address"), _ANY)},
        {_assignments(("severity", "alert_type", "system_alert_id"), _NEWEST)},
        {_assignments(("site_id", "zone_id", "port"), "coalesce(excluded.@, a.@)")},
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
           a.any_device, a.any_address, a.user_defined_title,
           a.function, a.severity
    FROM incidents_alert a WHERE a.id = ANY(%s::bigint[])
"""
_ENDS = ("source", "destination")
_END_VALUES = ", ".join(
    f"{end}_{column} = coalesce({end}.{column}, '')"
    for end in _ENDS
    for column in ("kind", "zone", "subnet")
)
_FIND_ENDS = " ".join(
    f"LEFT JOIN LATERAL ({FIND_DEVICE.format(end=f'x.{end}', at='x')}) {end} ON true"
    for end in _ENDS
)
_RECORD_ENDS = f"""
    UPDATE incidents_alert a SET {_END_VALUES} FROM incidents_alert x {_FIND_ENDS}
     WHERE a.id = x.id AND x.id = ANY(%s::bigint[])
       AND x.source_zone = '' AND x.destination_zone = ''
       AND (source.zone IS NOT NULL OR destination.zone IS NOT NULL)
"""


def store_alerts(rows: Sequence[AlertRow]) -> dict[Key, StoredAlert]:
    """Store these alerts with raw JSON and links to their incidents; returns by their keys what
    they say then, all their versions together.
    """
    newest, incident_ids = _newest_versions(rows)
    stored = dict[Key, StoredAlert]()
    if not newest:
        return stored
    pg_copy.copy_with_documents(
        "incoming_alerts",
        columns=_STAGED,
        copy_rows=_copy_rows(newest, incident_ids),
        documents=[row.raw_json for row in newest.values()],
    )
    incoming, old_ids = list(newest.items()), list[int]()
    for place, pk, is_new in query_rows(_STORE):
        if is_new:
            key, row = incoming[place]
            stored[key] = StoredAlert(pk, row.at, row.facts.summary)
        else:
            old_ids.append(pk)
    for workspace_id, key, pk, at, *summary in (
        query_rows(_BACK, numbers_member(old_ids)) if old_ids else ()
    ):
        values = (tuple(value) if isinstance(value, list) else value for value in summary)
        stored[workspace_id, key] = StoredAlert(pk, at, AlertSummary._make(values))
    return stored


def record_ends(alert_ids: Iterable[int]) -> None:
    """Record where the two ends of these alerts were (kind, zone and subnet), where that was not
    done before: rules see an alert as of then, whatever the inventory states of its devices later.
    """
    if ids := list(alert_ids):
        connection.cursor().execute(_RECORD_ENDS, [array(ids)])


def _newest_versions(
    rows: Sequence[AlertRow],
) -> tuple[dict[Key, AlertRow], dict[Key, list[int]]]:
    """Each alert once, with the facts of all versions; the incidents of those that came again."""
    newest = {(row.workspace_id, row.key): row for row in rows}
    incident_ids: dict[Key, list[int]] = {}
    if len(newest) < len(rows):
        versions: dict[Key, list[AlertRow]] = {}
        for row in rows:
            versions.setdefault((row.workspace_id, row.key), []).append(row)
        for key, same_key in versions.items():
            if len(same_key) > 1:
                newest[key] = _merged(same_key)
                ids = dict.fromkeys(pk for row in same_key for pk in row.incident_ids)
                incident_ids[key] = list(ids)
    return newest, incident_ids


def _merged(versions: Sequence[AlertRow]) -> AlertRow:
    """From the oldest on, each completes the next."""
    merged, *newer = sorted(versions, key=attrgetter("latest_at"))
    for row in newer:
        merged = _completed(row, merged)
    return merged


def _completed(row: AlertRow, older: AlertRow) -> AlertRow:
    """The newer version, with the facts that only the older one has."""
    changes = {
        name: getattr(older, name)
        for name in ("plant_weekday", "plant_minute")
        if getattr(row, name) is None
    }
    if all(map(is_of_title, row.flags)):  # those of its own title stay; of others none is lost
        others = (flag for flag in older.flags if not is_of_title(flag))
        changes["flags"] = (*others, *row.flags)
    if older.at < row.at:
        changes |= {name: getattr(older, name) for name in ("at", "plant_weekday", "plant_minute")}
    columns = _completed_columns(row.facts.columns, older.facts.columns)
    return row._replace(**changes, facts=alert_facts_of(columns))


def _completed_columns(columns: AlertColumns, older: AlertColumns) -> AlertColumns:
    changes = {
        name: value
        for name, value in older._asdict().items()
        if getattr(columns, name) in ("", None, ()) and value
    }
    if older.source_address or older.source_device or older.destination_address:
        changes |= {"any_device": older.any_device, "any_address": older.any_address}
    return columns._replace(**changes)


def _copy_rows(
    newest: Mapping[Key, AlertRow], incident_ids: Mapping[Key, Sequence[int]]
) -> Iterable[str]:
    """Return lines for COPY without raw JSON; the characters of a column are checked at once."""
    rows = newest.values()
    return pg_copy.copy_rows_of(
        pg_copy.texts([row.key for row in rows]),
        pg_copy.texts([row.system_alert_id for row in rows]),
        [f"{row.facts.line}\t{row.workspace_id}" for row in rows],
        pg_copy.times([row.at for row in rows]),
        pg_copy.times([row.latest_at for row in rows]),
        [
            f"{number_member(row.plant_weekday)}\t{number_member(row.plant_minute)}\t{texts_member(row.flags)}\t"
            f"{place}\t{numbers_member(incident_ids.get(key, row.incident_ids))}"
            for place, (key, row) in enumerate(newest.items())
        ],
    )
