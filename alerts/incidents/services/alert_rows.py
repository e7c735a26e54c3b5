"""Store alerts: the newest version of each, and never a fact lost to a version that says less."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from alerts.incidents.services import copying
from alerts.incidents.services.alert_versions import Incoming, Key, newest_of_each
from alerts.incidents.services.copying import ask, moment, number, numbers, words
from alerts.incidents.services.details_work import Work
from alerts.incidents.services.facts import AlertRow, StoredAlert
from alerts.incidents.services.stages import stage, texts_line

_COLUMNS = ", ".join(AlertRow._fields)
STAGE = stage(
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
    SELECT a.workspace_id, a.key, a.id, a.alert_type, a.protocol, a.site_id,
           coalesce(nullif(a.source_device, ''), a.source_address),
           coalesce(nullif(a.destination_device, ''), a.destination_address),
           a.any_device, a.any_address, a.at, a.severity, a.user_defined_title
    FROM incidents_alert a WHERE a.id = ANY(%s::bigint[])
"""


def store_alerts(work: Sequence[Work]) -> None:
    """Store the alerts of these incidents with raw JSON and links; then each incident's `stored`
    holds what its alerts say, all their versions together.
    """
    incoming = newest_of_each(work)
    if not incoming:
        return
    copying.copy_into("incoming_alerts", columns=_ORDER, lines=_lines(incoming.values()))
    keys, known, stored = list(incoming), list[int](), dict[Key, StoredAlert]()
    for place, pk, is_new in ask(_STORE):
        if is_new:
            stored[keys[place]] = _as_stored(pk, incoming[keys[place]].row)
        else:
            known.append(pk)
    for row in ask(_BACK, numbers(known)) if known else ():
        said = StoredAlert(*row[2:])
        stored[row[0], row[1]] = said._replace(
            any_device=tuple(said.any_device), any_address=tuple(said.any_address)
        )
    for one in work:
        its = {(row.workspace_id, row.key) for row, _ in one.rows}
        one.stored = [stored[key] for key in sorted(its)]


def _as_stored(pk: int, row: AlertRow) -> StoredAlert:
    return StoredAlert(
        pk,
        row.alert_type,
        row.protocol,
        row.site_id,
        row.source_device or row.source_address,
        row.destination_device or row.destination_address,
        row.any_device,
        row.any_address,
        row.at,
        row.severity,
        row.user_defined_title,
    )


_ORDER = (
    "key, system_alert_id, sensor, alert_type, user_defined_title, engine, category, protocol,"
    " function, product_name, source_device, source_address, destination_device,"
    " destination_address, site_id, zone_id, severity, port, techniques, tactics, any_device,"
    " any_address, workspace_id, at, latest_at, plant_weekday, plant_minute, flags, place,"
    " incident_ids, body"
)
_NO_ALERT: Any = AlertRow._make([None] * len(AlertRow._fields))
_FROM, _UPTO = AlertRow._fields.index("sensor"), AlertRow._fields.index("at")


def _lines(incoming: Iterable[Incoming]) -> list[str]:
    return [_line(place, one) for place, one in enumerate(incoming)]


def _line(place: int, one: Incoming) -> str:
    row = one.row
    return (
        f"{texts_line((row.key, row.system_alert_id))}\t{_seen_line(row[_FROM:_UPTO])}\t"
        f"{row.workspace_id}\t{moment(row.at)}\t{moment(row.latest_at)}\t"
        f"{number(row.plant_weekday)}\t{number(row.plant_minute)}\t{words(row.flags)}\t{place}\t"
        f"{numbers(one.incident_ids)}\t{copying.document(one.raw)}"
    )


def _seen_line(seen: tuple[Any, ...]) -> str:
    try:
        return _spelled(seen)
    except TypeError:  # lists, as versions that were merged have them
        return _spelled(tuple([tuple(one) if one.__class__ is list else one for one in seen]))


@lru_cache(maxsize=8192)
def _spelled(seen: tuple[Any, ...]) -> str:
    """What was seen, as members of a line: the same is seen again and again."""
    row = _NO_ALERT._replace(**dict(zip(AlertRow._fields[_FROM:_UPTO], seen, strict=True)))
    texts = (
        *(row.sensor, row.alert_type, row.user_defined_title, row.engine, row.category),
        *(row.protocol, row.function, row.product_name, row.source_device, row.source_address),
        *(row.destination_device, row.destination_address),
    )
    lists = map(words, (row.techniques, row.tactics, row.any_device, row.any_address))
    return "\t".join(
        (
            texts_line(texts),
            *(number(row.site_id), number(row.zone_id), str(row.severity), number(row.port)),
            *lists,
        )
    )
