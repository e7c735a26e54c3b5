"""Store alerts: the newest version of each, and never a fact lost to a version that says less."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection

from alerts.incidents.services import copying
from alerts.incidents.services.copying import moment, number, text, words
from alerts.incidents.services.facts import AlertRow

_COLUMNS = ", ".join(AlertRow._fields)
_STAGE = f"""
    CREATE TEMP TABLE IF NOT EXISTS incoming_alerts AS
        SELECT {_COLUMNS}, '{{}}'::jsonb AS body FROM incidents_alert WHERE false;
    TRUNCATE incoming_alerts
"""
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
_RAW = """
    INSERT INTO incidents_alertraw (alert_id, body)
    SELECT a.id, s.body FROM incoming_alerts s JOIN incidents_alert a USING (workspace_id, key)
    WHERE a.latest_at = s.latest_at
    ON CONFLICT (alert_id) DO UPDATE SET body = excluded.body
"""
_BACK = """
    SELECT a.workspace_id, a.key, a.id, a.alert_type, a.protocol, a.site_id,
           coalesce(nullif(a.source_device, ''), a.source_address),
           coalesce(nullif(a.destination_device, ''), a.destination_address),
           a.any_device, a.any_address, a.at, a.severity, a.user_defined_title
    FROM incoming_alerts s JOIN incidents_alert a USING (workspace_id, key)
"""


class StoredAlert(NamedTuple):
    """What the incident needs to know of an alert, after all its versions were merged."""

    id: int
    alert_type: str
    protocol: str
    site_id: int | None
    source: str
    destination: str
    any_device: list[str]
    any_address: list[str]
    at: Any
    severity: int
    user_defined_title: str


def store_alerts(*, rows: Sequence[tuple[AlertRow, bytes]]) -> dict[tuple[int, str], StoredAlert]:
    """Store these alerts with their raw JSON; returns them by workspace and key."""
    newest: dict[tuple[int, str], tuple[AlertRow, bytes]] = {}
    for row, raw in sorted(rows, key=lambda pair: pair[0].latest_at):
        key = row.workspace_id, row.key
        older = newest.get(key)
        newest[key] = (_completed(row, older[0]) if older else row, raw)
    if not newest:
        return {}
    lines = [f"{_line(row)}\t{copying.document(raw)}" for row, raw in newest.values()]
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        copying.copy_into("incoming_alerts", columns=f"{_COLUMNS}, body", lines=lines)
        cursor.execute(_UPSERT)
        cursor.execute(_RAW)
        cursor.execute(_BACK)
        return {(row[0], row[1]): StoredAlert(*row[2:]) for row in cursor.fetchall()}


def _completed(row: AlertRow, older: AlertRow) -> AlertRow:
    """The newer version, with what only the older one says."""
    said = {
        name: value
        for name, value in older._asdict().items()
        if getattr(row, name) in ("", None, [], ()) and value
    }
    if older.source_address or older.source_device or older.destination_address:
        said |= {"any_device": older.any_device, "any_address": older.any_address}
    if older.at < row.at:
        said |= {name: getattr(older, name) for name in ("at", "plant_weekday", "plant_minute")}
    return row._replace(**said)


def _line(row: AlertRow) -> str:
    return "\t".join(
        (
            *(str(row.workspace_id), text(row.key), text(row.system_alert_id)),
            *(text(row.sensor), number(row.site_id), number(row.zone_id)),
            *(text(row.alert_type), text(row.user_defined_title), text(row.engine)),
            *(text(row.category), str(row.severity), text(row.protocol), number(row.port)),
            *(text(row.function), words(row.techniques), words(row.tactics)),
            *(text(row.product_name), text(row.source_device), text(row.source_address)),
            *(text(row.destination_device), text(row.destination_address)),
            *(words(row.any_device), words(row.any_address), moment(row.at)),
            *(moment(row.latest_at), number(row.plant_weekday), number(row.plant_minute)),
            words(row.flags),
        )
    )
