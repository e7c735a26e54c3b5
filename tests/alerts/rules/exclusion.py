"""The exclusion's reading of alerts beside the rules' own: rows of SecurityAlert, and which of them
each leaves out.
"""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb_kql

from alerts.incidents.engine.catalogue import alert_type_of
from alerts.rules.fields import SEVERITIES, FieldValues
from alerts.rules.guards.never import reasons_against_alert
from alerts.rules.index import RuleIndex
from alerts.rules.watchlist import (
    ALIAS,
    RoutineSource,
    gate_row,
    routine_of,
    row_leaves_out,
    watchlist_rows_of,
)
from alerts.sentinel import kql
from alerts.sentinel.wire.log_rows import read_log_alerts
from simulator.logs.rows import ALERT_COLUMNS
from simulator.logs.translation import execute
from simulator.logs.watchlists import rewritten, show
from tests.alerts.suppression.samples import (
    DESTINATION,
    MOMENTS,
    NOW,
    SITE,
    SOURCE,
    WINDOWS,
    clause,
    rule,
)

SINCE = datetime(2026, 3, 1, 0, 0, 20, tzinfo=UTC)
UNTIL = datetime(2026, 11, 28, 12, 0, 30, tzinfo=UTC)
TITLES = (
    "Unauthorized PLC Programming",
    "Modbus Exception",
    "Port Scan Detected",
    "Address Scan Detected",
    "Internet Access Detected",
    "Unauthorized Database Login",
)
DEVICES = (
    "ENG-WS-04",
    "ENG-WS-02",
    "PLC-4",
    "plc-4",
    "HIST-01",
    "Übergabe_7",
    "50%_of'\"\\x",
    "a|b",
)
ADDRESSES = ("10.20.4.15", "10.20.4.40", "10.20.5.9", "fe80::1", "00:00:BC:00:00:01", "8.8.8.8")
WHERE = (("Gdańsk", "Packaging 2"), ("Gdańsk", ""), ("Ulm", "Utilities"), ("", ""))
PAIR = rule(clause("alert_type", "is", "Modbus Exception"), SITE, SOURCE, DESTINATION)


def routine(of, **more):
    return routine_of(of, workspace="north", **{"since": SINCE, "until": UNTIL} | more)


SIGNED = RoutineSource(number=12, version=3, rule_hash="0" * 64, hours="")


def some_moment(chance):
    """Around changes of clocks and the ends of the list, half of them at the edge of a window."""
    around = chance.choice((*MOMENTS, SINCE, UNTIL))
    if chance.random() < 0.1:
        return around + timedelta(seconds=chance.choice((-1, 0, 1, 29)))
    at = around + timedelta(seconds=chance.randint(-3 * 86_400, 3 * 86_400))
    if chance.random() < 0.5:
        return at
    _day, hours, zone = chance.choice(WINDOWS).split(" ")
    hour, minute = map(int, chance.choice(hours.split("-")).split(":"))
    local = at.astimezone(ZoneInfo(zone)).replace(hour=hour % 24, minute=minute, second=0)
    return local.astimezone(UTC) + timedelta(seconds=chance.choice((-1, 0, 0, 59)))


def some_alert(chance, number):
    """A row of SecurityAlert as Log Analytics has it."""
    site, zone = chance.choice(WHERE)
    bag = {
        "SiteDisplayName": chance.choice((site, f" {site}")) if site else "",
        "SensorZone": zone,
        "SensorId": chance.choice(("sensor-a", "sensor-b")),
        "SourceDevice": chance.choice(("", *DEVICES[:5], *DEVICES)),
        "SourceDeviceAddress": chance.choice(("", *ADDRESSES)),
        "DestinationDevice": chance.choice(("", *DEVICES)),
        "DestinationDeviceAddress": chance.choice(("", *ADDRESSES)),
        "Protocol": chance.choice(("MODBUS", "Siemens S7", "modbus")),
        "Port": chance.choice(("102", "502", "0", "")),
        "Function": chance.choice(("Read", "Write", "Download", "")),
        "isNew": chance.choice(("True", "False")),
    }
    for name in chance.sample(sorted(bag), chance.choice((0, 0, 0, 1, 3))):
        del bag[name]
    at = some_moment(chance)
    spelled = at.strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
    return {
        **dict.fromkeys(("TimeGenerated", "StartTime", "EndTime", "ProcessingEndTime"), spelled),
        "DisplayName": chance.choice((*TITLES, "Quelque chose de neuf")),
        "AlertSeverity": chance.choice(SEVERITIES[1:]),
        "ProviderName": chance.choices(("IoTSecurity", "ASI Scheduled Alerts"), (9, 1))[0],
        "ProductName": "Azure Security Center for IoT",
        "SystemAlertId": f"{number:032x}",
        "VendorOriginalId": f"v-{number}",
        "ExtendedProperties": json.dumps(bag, ensure_ascii=False),
    }


def a_row(at, number=1, **bag):
    """A row that the pair covers, where its moment is one of the rule's."""
    ends = {"SiteDisplayName": "Gdańsk", "SourceDevice": "ENG-WS-04", "DestinationDevice": "PLC-4"}
    return some_alert(random.Random(1), number) | {
        "StartTime": at.strftime("%Y-%m-%dT%H:%M:%S.0000000Z"),
        "DisplayName": "Modbus Exception",
        "AlertSeverity": "Low",
        "ProviderName": "IoTSecurity",
        "ExtendedProperties": json.dumps(ends | bag),
    }


def facts_of(row):
    """The alert as Tagout itself reads it."""
    (alert,) = read_log_alerts([row])
    told = alert.facts
    names = {
        name: (getattr(told, name) or "")
        for name in (
            *("site", "zone", "sensor", "protocol", "function", "user_defined_title"),
            *("source_device", "source_address", "destination_device", "destination_address"),
        )
    }
    return FieldValues(
        workspace="north",
        alert_type=alert_type_of(alert.title or ""),
        severity=SEVERITIES.index(alert.severity),
        port=int(told.port) if told.port else None,
        product_name=alert.product or "",
        at=alert.started_at,
        any_device=tuple({names["source_device"], names["destination_device"]} - {""}),
        any_address=tuple({names["source_address"], names["destination_address"]} - {""}),
        **names,
    )


def left_out_by_rules(rows, rules):
    """Which alerts a signed rule of the list covers and may close, as the worker decides it."""
    index = RuleIndex(dict(enumerate(rules)))
    found = set()
    for row in rows:
        facts = facts_of(row)
        if row["ProviderName"] != "IoTSecurity" or not SINCE <= facts.at < UNTIL:
            continue
        if facts.severity < SEVERITIES.index("High") and any(
            not reasons_against_alert(facts, rules[key]) for key in index.matching(facts)
        ):
            found.add(row["SystemAlertId"])
    return found


def left_out_by_kql(rows, items, *, now):
    """Which rows the exclusion leaves out of SecurityAlert."""
    connection = duckdb_kql.connect()
    connection.execute("SET threads = 1")
    columns = ", ".join(f'"{name}" {kind}' for name, kind in ALERT_COLUMNS.items())
    connection.execute(f"CREATE TABLE SecurityAlert ({columns})")
    shape = json.dumps([ALERT_COLUMNS])
    connection.execute(
        "INSERT INTO SecurityAlert SELECT r.* FROM"
        f" (SELECT unnest(from_json(?::JSON, '{shape}')) AS r)",
        [json.dumps(rows)],
    )
    shown = {ALIAS: show(connection, ALIAS, items)}
    text = rewritten(f"SecurityAlert\n{kql.exclusion()}| project SystemAlertId", shown)
    kept = execute(connection, text, now.replace(tzinfo=None)).fetchall()
    connection.close()
    return {row["SystemAlertId"] for row in rows} - {alert_id for (alert_id,) in kept}


def items_of(rules):
    routines = [routine(each) for each in rules]
    rows = [row for each in routines for row in watchlist_rows_of(each, SIGNED).values()]
    return [
        {"SearchKey": row["Pair"], **row} for row in (*rows, gate_row(until=NOW + timedelta(1)))
    ]


def covered_of(rows, rules):
    """Which alerts a row of these rules covers, as Tagout itself reads the rows."""
    items = [item for each in rules for item in watchlist_rows_of(routine(each), SIGNED).values()]
    return {
        row["SystemAlertId"]
        for row in rows
        if row["ProviderName"] == "IoTSecurity"
        and any(row_leaves_out(item, facts_of(row)) for item in items)
    }


def about(device, of):
    """The rule about another destination, so that many rules may stand in one list."""
    lines = [line for line in of.all_of if line.field != "destination_device"]
    return replace(of, all_of=(*lines, clause("destination_device", "is", device)))
