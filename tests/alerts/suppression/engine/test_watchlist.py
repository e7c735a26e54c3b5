"""The list of routine pairs: which rules are in it, and that Sentinel's reading of it leaves out
exactly the alerts that the rules themselves cover.
"""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb_kql
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.incidents.engine.catalogue import all_types
from alerts.incidents.ingest.incident_rows import alert_type_of
from alerts.sentinel import kql
from alerts.sentinel.wire import read_log_alerts
from alerts.suppression.engine.fields import SEVERITIES, Facts
from alerts.suppression.engine.guards.never import reasons_against_alert
from alerts.suppression.engine.index import RuleIndex
from alerts.suppression.engine.rule import reasons_against_rule
from alerts.suppression.engine.spans import is_in_spans, spans_between
from alerts.suppression.engine.watchlist import (
    ALIAS,
    FORMAT,
    MAX_PAIRS,
    MAX_ROW_BYTES,
    RoutineSource,
    gate_row,
    routine_of,
    rows_of,
)
from alerts.suppression.engine.windows import is_inside
from simulator.logs.rows import ALERT_COLUMNS
from simulator.logs.watchlists import rewritten, show
from tests.alerts.suppression.samples import (
    DESTINATION,
    MOMENTS,
    NOW,
    SITE,
    SOURCE,
    TUESDAY,
    WINDOWS,
    but,
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


def reasons(of, **more):
    return {reason.code for reason in routine(of, **more).reasons}


# ---------------------------------------------------------------------------------- which rules


def test_a_pair_by_name_with_its_place_is_in_the_list():
    found = routine(PAIR)
    assert found.reasons == ()
    assert [pair.key for pair in found.pairs] == [
        "Modbus Exception|name:ENG-WS-02|name:PLC-4",
        "Modbus Exception|name:ENG-WS-04|name:PLC-4",
    ]
    assert found.conditions == {"Site": ("Gdańsk",)}
    assert found.severities == ("Informational", "Low", "Medium")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (clause("source_kind", "is", "PLC"), "watchlist.line"),
        (clause("planned_work", "within", "backup"), "watchlist.line"),
        (clause("alerts_in_incident", "at_most", 1), "watchlist.line"),
        (clause("techniques", "is", "T0843"), "watchlist.line"),
        (clause("any_device", "is", "PLC-4"), "watchlist.line"),
        (clause("engine", "is", "OPERATIONAL"), "watchlist.line"),
        (clause("function", "is_one_of", "Write", ""), "watchlist.line"),
        (clause("workspace", "is", "south"), "sentinel.not_here"),
    ],
)
def test_a_line_that_the_exclusion_cannot_say_keeps_the_rule_out(more, code):
    assert reasons(but(PAIR, more)) == {code}


def test_high_severity_is_never_in_the_list():
    high = but(PAIR, clause("severity", "is", "High"))
    assert reasons(but(high, TUESDAY)) == {"watchlist.nothing"}
    assert reasons(high) == {"watchlist.nothing", "watchlist.hours"}
    also = routine(but(PAIR, TUESDAY, clause("severity", "is_one_of", "Medium", "High")))
    assert also.severities == ("Medium",)


@pytest.mark.parametrize("field", ["source_device", "destination_device"])
def test_a_rule_that_leaves_a_side_open_is_out(field):
    lines = [line for line in PAIR.all_of if line.field != field]
    assert reasons(replace(PAIR, all_of=tuple(lines))) == {"watchlist.side"}


def test_a_network_is_no_end():
    lines = (*PAIR.all_of[:3], clause("destination_address", "within", "10.20.4.0/24"))
    assert reasons(replace(PAIR, all_of=lines)) == {"watchlist.line", "watchlist.side"}


def test_never_types_unknown_titles_and_boxed_types_without_hours_are_out():
    def of(title):
        return replace(PAIR, all_of=(clause("alert_type", "is", title), *PAIR.all_of[1:]))

    for kind in all_types():
        if kind.guard == "never":
            assert "never.type" in reasons(of(kind.title))
        elif kind.guard == "timeboxed" or kind.severity == "High":
            assert reasons(of(kind.title)) == {"watchlist.hours"}
            assert reasons(but(of(kind.title), TUESDAY)) == set()
        else:
            assert reasons(of(kind.title)) == set(), kind.title
    assert reasons(of("Quelque chose de neuf")) == {"watchlist.unlisted"}
    assert reasons(of("MODBUS EXCEPTION")) == {"watchlist.unlisted"}


def test_exceptions_take_rows_out_and_nothing_else():
    taken = replace(PAIR, except_any=(clause("source_device", "is", "ENG-WS-02"),))
    assert [pair.source for pair in routine(taken).pairs] == ["name:ENG-WS-04"]
    either = replace(PAIR, except_any=(clause("any_device", "is", "ENG-WS-04"),))
    assert [pair.source for pair in routine(either).pairs] == ["name:ENG-WS-02"]
    unsaid = replace(PAIR, except_any=(clause("protocol", "is", "MODBUS"),))
    assert reasons(unsaid) == {"watchlist.exception"}
    everyone = replace(PAIR, except_any=(clause("destination_device", "is", "PLC-4"),))
    assert reasons(everyone) == {"watchlist.nothing"}


def test_a_rule_of_too_many_pairs_and_a_row_that_is_too_large_are_out():
    many = clause(
        "source_device", "is_one_of", *(f"STATION-{n}" for n in range(MAX_PAIRS // 2 + 1))
    )
    two = clause("destination_device", "is_one_of", "PLC-4", "PLC-5")
    assert reasons(replace(PAIR, all_of=(PAIR.all_of[0], SITE, many, two))) == {"watchlist.many"}
    wide = clause("function", "is_one_of", *(f"{n:03d}" + "f" * 117 for n in range(90)))
    assert reasons(but(PAIR, wide)) == {"watchlist.large"}


def test_a_row_says_whose_it_is_in_texts_alone():
    found = rows_of(routine(but(PAIR, TUESDAY)), SIGNED)
    for row in found.values():
        assert all(isinstance(value, str) for value in row.values())
        assert len(json.dumps(row, ensure_ascii=False).encode()) <= MAX_ROW_BYTES
        assert (row["Rule"], row["Version"], row["RuleHash"]) == ("R-12", "3", "0" * 64)
        assert (row["From"], row["Until"]) == ("2026-03-01T00:00:20Z", "2026-11-28T12:00:30Z")
    assert {row["Pair"] for row in found.values()} == {pair.key for pair in found}


# --------------------------------------------------------------------------------------- hours


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.sampled_from(WINDOWS), min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(WINDOWS), max_size=2, unique=True),
    st.sampled_from(MOMENTS),
    st.integers(-3 * 86_400, 3 * 86_400),
)
def test_spans_hold_exactly_what_the_plants_clock_holds(inside, outside, around, seconds):
    at = around + timedelta(seconds=seconds)
    spans = spans_between(
        SINCE, UNTIL, inside=[tuple(inside)], outside=[tuple(outside)] * bool(outside)
    )
    wanted = is_inside(at, tuple(inside)) and not (outside and is_inside(at, tuple(outside)))
    assert is_in_spans(at, spans) == (wanted and SINCE <= at < UNTIL)


# ----------------------------------------------------------- the same alerts, by both readings

SIGNED = RoutineSource(number=12, version=3, rule_hash="0" * 64, hours="")


BY_NAME, BY_ADDRESS = (("device", DEVICES),), (("address", ADDRESSES),)


def some_rules(chance, count):
    """Rules that a person could have written, most of which the list can say."""
    found = []
    while len(found) < count:
        lines = [clause("alert_type", "is_one_of", *chance.sample(TITLES, chance.randint(1, 2)))]
        lines.append(
            clause("site", "is_one_of", *chance.sample(("Gdańsk", "Ulm"), chance.randint(1, 2)))
        )
        for side in ("source", "destination"):
            for kind, pool in chance.choice((BY_NAME, BY_ADDRESS, BY_NAME + BY_ADDRESS)):
                values = chance.sample(pool, chance.randint(1, 3))
                lines.append(clause(f"{side}_{kind}", "is_one_of", *values))
        extra = [
            clause("time", "within", *chance.sample(WINDOWS, chance.randint(1, 3))),
            clause("function", "is_one_of", *chance.sample(("Read", "Write", "Download"), 2)),
            clause("protocol", "is", chance.choice(("MODBUS", "Siemens S7"))),
            clause("severity", "at_most", chance.choice(SEVERITIES[1:])),
            clause("zone", "is", "Packaging 2"),
            clause("zone", "within", "Gdańsk / Packaging 2"),
            clause("port", "is_one_of", 102, 502),
            clause("sensor", "is", "sensor-a"),
            clause("source_kind", "is", "PLC"),
        ]
        weights = (6, 4, 3, 3, 2, 2, 2, 2, 1)
        lines += list(dict.fromkeys(chance.choices(extra, weights, k=chance.randint(0, 3))))
        beside = []
        if chance.random() < 0.3:
            beside = [
                chance.choice(
                    [
                        clause("source_device", "is", chance.choice(DEVICES)),
                        clause("any_device", "is", chance.choice(DEVICES)),
                        clause("time", "within", chance.choice(WINDOWS)),
                        clause("severity", "is", "Low"),
                    ]
                )
            ]
        drawn = rule(*lines, except_any=beside)
        if not reasons_against_rule(drawn):
            found.append(drawn)
    return found


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
    return Facts(
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
    kept = duckdb_kql.execute(connection, text, query_now=now.replace(tzinfo=None)).fetchall()
    connection.close()
    return {row["SystemAlertId"] for row in rows} - {alert_id for (alert_id,) in kept}


def items_of(rules):
    routines = [routine(each) for each in rules]
    rows = [row for each in routines for row in rows_of(each, SIGNED).values()]
    return [
        {"SearchKey": row["Pair"], **row} for row in (*rows, gate_row(until=NOW + timedelta(1)))
    ]


def agree(count, *, seed):
    chance = random.Random(seed)
    drawn = some_rules(chance, 120)
    listed = [each for each in drawn if routine(each).is_listed]
    assert 40 <= len(listed) < len(drawn), "most rules have to be in the list, and some out of it"
    rows = [some_alert(chance, number) for number in range(count)]
    by_rules = left_out_by_rules(rows, listed)
    assert count / 100 < len(by_rules) < count / 2
    assert left_out_by_kql(rows, items_of(drawn), now=NOW) == by_rules
    routines = [routine(each) for each in listed]
    engine = {
        row["SystemAlertId"]
        for row in rows[: count // 10]
        if row["ProviderName"] == "IoTSecurity"
        and any(each.covers(facts_of(row)) for each in routines)
    }
    assert engine == by_rules & {row["SystemAlertId"] for row in rows[: count // 10]}


def test_the_exclusion_leaves_out_what_the_rules_cover(request):
    """With --all-pairs over 100,000 alerts."""
    agree(100_000 if request.config.getoption("--all-pairs") else 6_000, seed=11)


@pytest.mark.parametrize(
    ("window", "at", "is_left_out"),
    [
        (None, SINCE - timedelta(seconds=1), False),
        (None, SINCE, True),
        (None, UNTIL - timedelta(seconds=1), True),
        (None, UNTIL, False),
        ("Tue 06:00-08:00 Europe/Warsaw", datetime(2026, 11, 24, 4, 59, 59, tzinfo=UTC), False),
        ("Tue 06:00-08:00 Europe/Warsaw", datetime(2026, 11, 24, 5, 0, tzinfo=UTC), True),
        ("Tue 06:00-08:00 Europe/Warsaw", datetime(2026, 11, 24, 6, 59, 59, tzinfo=UTC), True),
        ("Tue 06:00-08:00 Europe/Warsaw", datetime(2026, 11, 24, 7, 0, tzinfo=UTC), False),
        # The clock goes from 03:00 back to 02:00: 03:00 is there only an hour later.
        ("Sun 03:00-04:00 Europe/Berlin", datetime(2026, 10, 25, 1, 0, tzinfo=UTC), False),
        ("Sun 03:00-04:00 Europe/Berlin", datetime(2026, 10, 25, 2, 0, tzinfo=UTC), True),
        ("Sun 02:00-03:00 Europe/Berlin", datetime(2026, 10, 25, 0, 59, tzinfo=UTC), True),
        ("Sun 02:00-03:00 Europe/Berlin", datetime(2026, 10, 25, 1, 0, tzinfo=UTC), True),
    ],
)
def test_the_edges_of_life_and_hours(window, at, is_left_out):
    base = but(PAIR, clause("time", "within", window)) if window else PAIR
    row = some_alert(random.Random(1), 1) | {
        "StartTime": at.strftime("%Y-%m-%dT%H:%M:%S.0000000Z"),
        "DisplayName": "Modbus Exception",
        "AlertSeverity": "Low",
        "ProviderName": "IoTSecurity",
        "ExtendedProperties": json.dumps(
            {
                "SiteDisplayName": "Gdańsk",
                "SourceDevice": "ENG-WS-04",
                "DestinationDevice": "PLC-4",
            }
        ),
    }
    assert routine(base).covers(facts_of(row)) is is_left_out
    assert bool(left_out_by_kql([row], items_of([base]), now=NOW)) is is_left_out


def test_without_an_open_gate_the_list_says_nothing():
    chance = random.Random(3)
    drawn = some_rules(chance, 60)
    rows = [some_alert(chance, number) for number in range(1_500)]
    items = items_of(drawn)
    assert left_out_by_kql(rows, items, now=NOW)
    assert not left_out_by_kql(rows, items, now=NOW + timedelta(days=1, seconds=1))
    assert not left_out_by_kql(rows, items[:-1], now=NOW)
    shut = {**items[-1], **gate_row(until=None)}
    assert not left_out_by_kql(rows, [*items[:-1], shut], now=NOW)
    by_hand = {**items[-1], **gate_row(until=NOW + timedelta(days=900))}
    assert not left_out_by_kql(rows, [*items[:-1], shut, by_hand], now=NOW), "there is one gate"
    assert not left_out_by_kql(rows, [*items, by_hand], now=NOW)
    assert not left_out_by_kql(rows, [], now=NOW), "a list that is not there breaks no rule"
    other = [{**item, "Format": "2"} for item in items]
    assert FORMAT == "1"
    assert not left_out_by_kql(rows, other, now=NOW)
