"""Facts and rules, by hand and by hypothesis, over words that meet each other often."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from alerts.rules.fields import FIELDS, FieldKind, FieldValues
from alerts.rules.rule import Clause, RuleDefinition, reasons_against_rule

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # a Tuesday, 13:00 in Warsaw
PROGRAMMING = "Unauthorized PLC Programming"

TITLES = (
    PROGRAMMING,
    "Firmware Change Detected",
    "Unauthorized Modbus Operation",
    "Unpermitted Usage of Modbus Function Code",
    "Quelque chose de neuf",
)
ZONES = ("Packaging 2", "Utilities", "")
SITES = ("Gdańsk", "Ulm", "")
WORKSPACES = ("north", "south")
DEVICES = ("ENG-WS-04", "ENG-WS-02", "PLC-4", "plc-4", "HIST-01", "Übergabe_7", "50%_of'\"\\x")
ADDRESSES = (
    *("10.20.4.15", "10.20.4.255", "10.20.5.0", "192.168.0.1", "10.0.0.1"),
    *("fe80::1", "fe80:0::1", "2001:db8::5", "::ffff:10.20.4.15", "fe80::1%eth0"),
    *("00:00:BC:00:00:01", "00-00-bc-00-00-01", "00:00:BC:00:00:01:02:03"),
    *("010.20.4.15", "10.20.4", "10.20.4.15/24", "999.1.1.1", "unknown", "10.20.4.15\n", "::", ":"),
)
NETWORKS = ("10.20.4.0/24", "10.0.0.0/8", "10.20.4.15/32", "2001:db8::/32", "fe80::/64")
RULE_ADDRESSES = ("10.20.4.15", "10.0.0.1", "fe80::1", "00:00:BC:00:00:01")
KINDS = ("PLC", "Engineering station", "HMI")
SUBNETS = ("10.20.4.0/24", "10.20.5.0/24")
PORTS = (102, 502, 0, 65535)
WORKS = ("backup", "firmware", "vendor-visit")
WINDOWS = (
    *("Tue 06:00-08:00 Europe/Warsaw", "Sun 22:00-06:00 Europe/Warsaw", "Mon 00:00-24:00 UTC"),
    *("Sun 01:30-03:30 Europe/Berlin", "Sat 23:00-02:30 America/New_York"),
    *("Sun 02:00-03:00 Australia/Lord_Howe", "Fri 12:00-11:00 Asia/Kathmandu"),
)
# Around both changes of clock in Europe, America and on Lord Howe, and some plain days.
MOMENTS = (
    datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 0, tzinfo=UTC),
    datetime(2026, 11, 1, 6, 0, tzinfo=UTC),
    datetime(2026, 4, 4, 15, 0, tzinfo=UTC),
    datetime(2026, 11, 24, 5, 0, tzinfo=UTC),
    datetime(2026, 11, 22, 23, 0, tzinfo=UTC),
)
POOLS = {
    "workspace": WORKSPACES,
    "site": SITES[:2],
    "zone": ZONES[:2],
    "sensor": ("sensor-a", "sensor-b"),
    "alert_type": TITLES,
    "user_defined_title": ("Beckhoff write", "Nightly backup"),
    "engine": ("POLICY_VIOLATION", "OPERATIONAL"),
    "category": ("Programming", "Scan"),
    "severity": ("Informational", "Low", "Medium", "High"),
    "protocol": ("Siemens S7", "MODBUS"),
    "port": PORTS,
    "function": ("Download", "Write", "5", ""),
    "techniques": ("T0843", "T0889", "T1693.001"),
    "tactics": ("ImpairProcessControl", "Persistence"),
    "product_name": ("Azure Security Center for IoT", "Microsoft Defender for IoT"),
    "source_device": DEVICES,
    "destination_device": DEVICES,
    "any_device": DEVICES,
    "source_address": RULE_ADDRESSES,
    "destination_address": RULE_ADDRESSES,
    "any_address": RULE_ADDRESSES,
    "source_kind": KINDS,
    "destination_kind": KINDS,
    "source_zone": ZONES[:2],
    "destination_zone": ZONES[:2],
    "source_subnet": SUBNETS,
    "destination_subnet": SUBNETS,
    "time": WINDOWS,
    "planned_work": WORKS,
    "alerts_in_incident": (1, 2, 5),
    "entities_in_incident": (1, 3, 500),
}
WITHIN = {
    FieldKind.ADDRESS: NETWORKS,
    FieldKind.ZONE: ("Gdańsk / Packaging 2", "Ulm / Utilities"),
    FieldKind.TIME: WINDOWS,
    FieldKind.WORK: WORKS,
}


def facts(**values) -> FieldValues:
    """A download in Gdańsk, on a Tuesday at 07:10 of the plant's clock."""
    usual = {
        "workspace": "north",
        "site": "Gdańsk",
        "zone": "Packaging 2",
        "sensor": "sensor-a",
        "alert_type": PROGRAMMING,
        "engine": "POLICY_VIOLATION",
        "severity": 3,
        "protocol": "Siemens S7",
        "product_name": "Azure Security Center for IoT",
        "source_device": "ENG-WS-04",
        "source_address": "10.20.4.15",
        "destination_device": "PLC-4",
        "destination_address": "10.20.4.40",
        "any_device": ("ENG-WS-04", "PLC-4"),
        "any_address": ("10.20.4.15", "10.20.4.40"),
        "at": datetime(2026, 11, 24, 6, 10, tzinfo=UTC),
        "alerts_in_incident": 1,
        "entities_in_incident": 4,
    }
    return FieldValues(**usual | values)


def clause(field, operator, *values) -> Clause:
    return Clause(field, operator, values)


def rule(*all_of, except_any=(), **more) -> RuleDefinition:
    """A rule with a title and an end in 60 days."""
    fields = {"title": "Recipe downloads", "expires_at": NOW + timedelta(days=60)} | more
    return RuleDefinition(all_of=all_of, except_any=tuple(except_any), **fields)


TYPE = clause("alert_type", "is", PROGRAMMING)
SITE = clause("site", "is", "Gdańsk")
SOURCE = clause("source_device", "is_one_of", "ENG-WS-04", "ENG-WS-02")
DESTINATION = clause("destination_device", "is", "PLC-4")
TUESDAY = clause("time", "within", "Tue 06:00-08:00 Europe/Warsaw")
DOWNLOADS = rule(TYPE, SITE, SOURCE, DESTINATION, TUESDAY)


def but(base: RuleDefinition, *more: Clause, **changes) -> RuleDefinition:
    """The same rule with more lines or other members."""
    return replace(base, all_of=base.all_of + more, **changes)


@st.composite
def clauses(draw, names=tuple(POOLS)):
    field = FIELDS[draw(st.sampled_from(names))]
    operator = draw(st.sampled_from(sorted(field.operators)))
    pool = WITHIN[field.kind] if operator == "within" else POOLS[field.name]
    most = 1 if operator in ("is", "at_most") else 3
    return Clause(
        field.name,
        str(operator),
        tuple(draw(st.lists(st.sampled_from(pool), min_size=1, max_size=most))),
    )


@st.composite
def rules(draw, names=tuple(POOLS)):
    """Rules that make sense; short ones are common, so that many match."""
    made = RuleDefinition(
        title="Generated",
        all_of=tuple(draw(st.lists(clauses(names), min_size=1, max_size=4))),
        except_any=tuple(draw(st.lists(clauses(names), max_size=2))),
    )
    return made if not reasons_against_rule(made) else replace(made, except_any=())


def maybe(pool, none=""):
    return st.one_of(st.just(none), st.sampled_from(pool))


def some(pool):
    return st.lists(st.sampled_from(pool), max_size=3).map(tuple)


@st.composite
def types(draw):
    """The type of an alert; of some only the title says it."""
    title, is_proved = draw(st.sampled_from(TITLES)), draw(st.sampled_from((True,) * 5 + (False,)))
    return {"alert_type": title} if is_proved else {"alert_type": "", "unproved_title": title}


@st.composite
def any_facts(draw):
    """Whatever an alert can say, empty and odd values included."""
    minutes = draw(st.integers(-300, 300))
    works = tuple(sorted(draw(st.sets(st.sampled_from(WORKS)))))
    spoken = {
        name: draw(maybe(POOLS[name]))
        for name in (
            *("sensor", "user_defined_title", "engine", "category", "protocol", "function"),
            *("source_kind", "source_zone", "source_subnet"),
            *("destination_kind", "destination_zone", "destination_subnet"),
        )
    }
    return FieldValues(
        **spoken,
        workspace=draw(st.sampled_from(WORKSPACES)),
        site=draw(st.sampled_from(SITES)),
        zone=draw(st.sampled_from(ZONES)),
        **draw(types()),
        severity=draw(st.integers(0, 4)),
        port=draw(maybe(PORTS, None)),
        techniques=draw(some(POOLS["techniques"])),
        tactics=draw(some(POOLS["tactics"])),
        product_name=draw(maybe(POOLS["product_name"])),
        source_device=draw(maybe(DEVICES)),
        destination_device=draw(maybe(DEVICES)),
        source_address=draw(maybe(ADDRESSES)),
        destination_address=draw(maybe(ADDRESSES)),
        any_device=draw(some(DEVICES)),
        any_address=draw(some(ADDRESSES)),
        at=draw(st.sampled_from(MOMENTS))
        + timedelta(minutes=minutes, seconds=draw(st.integers(0, 59))),
        planned_work=works,
        planned_work_for_hours=works[: draw(st.integers(0, len(works)))],
        alerts_in_incident=draw(maybe((1, 2, 3), None)),
        entities_in_incident=draw(maybe((0, 3, 501), None)),
    )
