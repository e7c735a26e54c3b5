"""S1: the never list and what is closed only inside hours, at each of its three points."""

import pytest

from alerts.incidents.engine.catalogue import all_types
from alerts.rules.guards.closing import (
    HANDS,
    Scene,
    counts_where_harmless,
    is_worth_a_tag,
    reasons_to_keep_open,
)
from alerts.rules.guards.never import (
    assets_of,
    is_strict,
    needs_hours,
    reasons_against_alert,
    reasons_against_assets,
    reasons_against_hours,
    reasons_against_types,
    severity_ceiling,
)
from tests.alerts.suppression.samples import (
    DESTINATION,
    DOWNLOADS,
    SITE,
    SOURCE,
    TUESDAY,
    TYPE,
    clause,
    facts,
    rule,
)

POLL = clause("alert_type", "is", "Unpermitted Usage of Modbus Function Code")
POLLING = rule(POLL, SITE, SOURCE)
PLANT = {"plant_zones": ["Europe/Warsaw"]}
NEVER = [kind.title for kind in all_types() if kind.guard == "never"]
NETWORK = clause("destination_address", "within", "10.20.4.0/24")
SCAN = clause("alert_type", "is", "Port Scan Detected")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
BOXED = [kind.title for kind in all_types() if kind.guard == "timeboxed"]
FIRMWARE = clause("alert_type", "is", "Firmware Change Detected")  # Medium, time-boxed, one device


def codes(reasons):
    return [reason.code for reason in reasons]


def hours(*values):
    return clause("time", "within", *values)


@pytest.mark.parametrize("title", NEVER)
def test_no_rule_may_name_a_type_of_the_never_list(title):
    for spelled in (title, f"(MDIoT) {title}", title.upper(), f" {title} "):
        named = clause("alert_type", "is_one_of", POLL.values[0], spelled)
        assert codes(reasons_against_types(rule(named, SITE))) == ["never.type"]
    assert codes(reasons_against_types(rule(POLL, clause("alert_type", "is", title)))) == [
        "never.type"
    ]


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (rule(clause("engine", "is", "MALWARE"), SITE), ["never.engine"]),
        (rule(clause("engine", "is", "Malware"), SITE), ["never.engine"]),
        (
            rule(clause("engine", "is", "MALWARE"), clause("alert_type", "is", "New malware")),
            ["never.engine"],
        ),
        (rule(clause("engine", "is", "OPERATIONAL"), SITE), []),
        (rule(clause("alert_type", "is", "New malware"), SITE), []),
        (rule(clause("engine", "is", "MALWARE"), POLL), []),
        (DOWNLOADS, []),
    ],
)
def test_the_malware_engine_is_on_the_never_list(made, found):
    assert codes(reasons_against_types(made)) == found


@pytest.mark.parametrize(
    ("criticality", "count"),
    [("safety", 1), ("crown-jewel", 1), ("important", 0), ("normal", 0), ("", 0)],
)
def test_safety_systems_and_crown_jewels_are_never_silenced(criticality, count):
    assert len(reasons_against_assets({"SIS-01": criticality, "PLC-4": "normal"})) == count


def test_every_asset_that_a_rule_names_is_looked_up():
    more = (clause("any_device", "is", "HIST-01"), clause("any_address", "is", "10.20.4.15"))
    assert assets_of(rule(TYPE, SOURCE, DESTINATION, *more, clause("sensor", "is", "sens-1"))) == (
        *("10.20.4.15", "ENG-WS-02", "ENG-WS-04", "HIST-01", "PLC-4"),
    )


@pytest.mark.parametrize("title", BOXED)
def test_timeboxed_types_need_hours_whatever_their_severity(title):
    named = clause("alert_type", "is", title)
    assert needs_hours(rule(named, clause("severity", "at_most", "Low"))) == (title,)
    assert "box.hours" in codes(reasons_against_hours(rule(named, SITE), **PLANT))


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ((POLL,), ()),
        ((SCAN,), ("Port Scan Detected",)),
        (
            (
                clause("alert_type", "is", "Port Scan Detected"),
                clause("severity", "at_most", "Medium"),
            ),
            (),
        ),
        ((POLL, clause("severity", "at_most", "High")), ("High severity",)),
        ((POLL, clause("severity", "is", "High")), ("High severity",)),
        ((POLL, clause("severity", "is_one_of", "Low", "High")), ("High severity",)),
        ((POLL, clause("severity", "at_most", "Medium")), ()),
        ((POLL, clause("severity", "at_most", "High"), clause("severity", "is", "Low")), ()),
        ((clause("alert_type", "is", "Quelque chose"),), ()),
    ],
)
def test_high_severity_needs_hours(lines, what):
    assert needs_hours(rule(*lines)) == what
    assert is_strict(rule(*lines)) == bool(what)


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (DOWNLOADS, []),
        (POLLING, []),
        (rule(TYPE, SITE, SOURCE, DESTINATION), ["box.hours"]),
        (rule(TYPE, SITE, SOURCE, DESTINATION, except_any=[TUESDAY]), ["box.hours"]),
        (rule(TYPE, SITE, SOURCE, TUESDAY), ["box.sides"]),
        (rule(TYPE, SITE, DESTINATION, TUESDAY), ["box.sides"]),
        (rule(TYPE, SITE, TUESDAY), ["box.sides", "box.sides"]),
        (rule(TYPE, SITE, TUESDAY, clause("any_device", "is", "PLC-4")), ["box.sides"] * 2),
        (
            rule(TYPE, SITE, SOURCE, TUESDAY, NETWORK),
            ["box.sides"],
        ),
        (rule(TYPE, SITE, SOURCE, TUESDAY, clause("destination_address", "is", "10.20.4.40")), []),
        (rule(FIRMWARE, SITE, TUESDAY, clause("any_device", "is", "PLC-4")), []),
        (rule(FIRMWARE, SITE, TUESDAY, DESTINATION), []),
        (rule(FIRMWARE, SITE, TUESDAY), ["box.sides"]),
        (
            rule(POLL, SITE, TUESDAY, clause("severity", "is", "High"), SOURCE),
            ["box.sides"],
        ),
    ],
)
def test_hours_come_with_devices_listed_one_by_one(made, found):
    assert codes(reasons_against_hours(made, **PLANT)) == found


@pytest.mark.parametrize(
    ("windows", "found"),
    [
        (["Mon 00:00-24:00 Europe/Warsaw", "Tue 00:00-24:00 Europe/Warsaw"], []),
        ([f"{day} 00:00-12:00 Europe/Warsaw" for day in DAYS], []),
        ([f"{day} 00:00-12:01 Europe/Warsaw" for day in DAYS], ["box.most"]),
        (["Tue 06:00-08:00 America/New_York"], ["box.zone"]),
        (["Tue 06:00-08:00 UTC", "Wed 06:00-08:00 UTC"], []),
        (["Tue 06:00-08:00 Europe/Warsaw", "Tue 06:00-08:00 UTC"], ["box.zone"]),
    ],
)
def test_a_window_is_short_and_in_the_plants_own_time(windows, found):
    made = rule(TYPE, SITE, SOURCE, DESTINATION, hours(*windows))
    assert codes(reasons_against_hours(made, **PLANT)) == found
    if found != ["box.most"]:
        assert codes(reasons_against_hours(rule(POLL, SOURCE, hours(*windows)), **PLANT)) == found


def test_a_long_window_is_none_of_this_guard_where_no_hours_are_needed():
    always = [f"{day} 00:00-20:00 Europe/Warsaw" for day in ("Mon", "Tue", "Wed", "Thu", "Fri")]
    assert not reasons_against_hours(rule(POLL, SOURCE, hours(*always)), **PLANT)


@pytest.mark.parametrize(
    ("values", "made", "found"),
    [
        ({}, DOWNLOADS, []),
        ({}, rule(TYPE, SITE), ["never.hours"]),
        ({"severity": 4}, rule(TYPE, SITE), ["never.hours", "never.hours"]),
        ({"severity": 4}, DOWNLOADS, []),
        ({"alert_type": POLL.values[0]}, POLLING, []),
        ({"alert_type": POLL.values[0], "severity": 4}, POLLING, ["never.hours"]),
        ({"alert_type": POLL.values[0], "severity": 0}, POLLING, ["never.unknown"]),
        ({"alert_type": POLL.values[0], "severity": 5}, POLLING, ["never.unknown"]),
        ({"alert_type": "Profinet Device Factory Reset"}, DOWNLOADS, ["never.type"]),
        ({"alert_type": "New malware", "engine": "MALWARE"}, DOWNLOADS, ["never.engine"]),
        ({"alert_type": "New thing"}, DOWNLOADS, []),
    ],
)
def test_each_alert_is_checked_again_when_it_is_about_to_be_closed(values, made, found):
    assert codes(reasons_against_alert(facts(**values), made)) == found


def test_without_hours_nothing_above_medium_is_closed():
    assert severity_ceiling() == ("Informational", "Low", "Medium")


D4IOT = "Azure Security Center for IoT"
ALERT = facts(alert_type=POLL.values[0])


def scene(**values):
    return Scene(**{"alerts": ((ALERT, POLLING),), "products": (D4IOT,)} | values)


def test_an_incident_with_nothing_against_it_may_be_closed():
    assert reasons_to_keep_open(scene()) == []
    usual = {"labels": ("night",), "entities_count": 500, "minutes_old": 15.0}
    assert reasons_to_keep_open(scene(**usual, criticality={"PLC-4": "important"})) == []
    assert reasons_to_keep_open(scene(products=(D4IOT, "Microsoft Defender for IoT"))) == []


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"alerts": ()}, "never.pending"),
        ({"alerts": ((ALERT, POLLING), (ALERT, None))}, "scene.uncovered"),
        ({"alerts": ((facts(), POLLING),)}, "never.hours"),
        ({"products": (D4IOT, "Microsoft Defender for Endpoint")}, "never.products"),
        ({"products": ("Something new",)}, "never.products"),
        ({"products": ()}, "never.unknown"),
        ({"labels": ("x", "tagout-off")}, "never.gate"),
        ({"labels": ("TAGOUT-OFF",)}, "never.gate"),
        ({"owner": "sam"}, "never.owner"),
        ({"touched": ("comment by sam",)}, "never.touched"),
        ({"unknown_words": ("status Paused",)}, "never.unknown"),
        ({"entities_count": 501}, "never.entities"),
        ({"unexplained": ("LAPTOP-9",)}, "never.unexplained"),
        ({"in_open_cases": ("PLC-4",)}, "never.case"),
        ({"after_cases": ("PLC-4",)}, "never.held"),
        ({"during_cases": ("PLC-4",)}, "never.meanwhile"),
        ({"under_suspicion": ("PLC-4",)}, "never.suspicion"),
        ({"new_members": ("PLC-9",)}, "member.new"),
        ({"criticality": {"SIS-01": "safety"}}, "never.asset"),
        ({"details_pending": True}, "never.pending"),
        ({"minutes_old": 15.1}, "never.stale"),
    ],
)
def test_each_doubt_alone_keeps_the_incident_open(values, code):
    assert codes(reasons_to_keep_open(scene(**values))) == [code]


AZURE = clause("destination_address", "within", "20.71.0.0/16")
OUTSIDE = {"destination_device": "", "destination_address": "20.71.50.49", "destination_zone": ""}


@pytest.mark.parametrize(
    ("values", "made", "found"),
    [
        (OUTSIDE, rule(TYPE, SITE, SOURCE, TUESDAY), ["never.outside"]),
        (
            OUTSIDE,
            rule(TYPE, SITE, SOURCE, TUESDAY, AZURE),
            [],
        ),
        (OUTSIDE | {"destination_zone": "DMZ"}, rule(TYPE, SITE, SOURCE, TUESDAY), []),
        (
            {"source_device": "", "source_address": "20.71.50.49"},
            rule(TYPE, SITE, DESTINATION, TUESDAY),
            ["never.outside"],
        ),
    ],
)
def test_what_is_outside_the_plant_is_closed_only_by_a_rule_that_names_it(values, made, found):
    assert codes(reasons_against_alert(facts(**values), made)) == found


WORK = clause("planned_work", "within", "firmware", "vendor-visit")


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (rule(TYPE, SITE, SOURCE, DESTINATION, WORK), []),
        (rule(TYPE, SITE, SOURCE, WORK), ["box.sides"]),
        (rule(TYPE, SITE, SOURCE, DESTINATION, except_any=[WORK]), ["box.hours"]),
    ],
)
def test_planned_work_boxes_in_as_hours_do_with_devices_one_by_one(made, found):
    assert codes(reasons_against_hours(made, **PLANT)) == found


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"planned_work": ("firmware",), "planned_work_for_hours": ("firmware",)}, []),
        ({"planned_work": ("firmware",)}, ["never.work"]),
        ({"planned_work": ("backup",), "planned_work_for_hours": ("backup",)}, ["never.work"]),
        ({}, ["never.work"]),
    ],
)
def test_only_work_that_names_its_devices_closes_what_is_boxed_in(values, found):
    made = rule(TYPE, SITE, SOURCE, DESTINATION, WORK)
    assert codes(reasons_against_alert(facts(**values), made)) == found


@pytest.mark.parametrize(
    ("values", "is_tagged", "counts"),
    [
        ({"owner": "sam"}, True, True),
        ({"touched": ("comment by sam",)}, True, True),
        ({"in_open_cases": ("PLC-4",)}, True, True),
        ({"after_cases": ("PLC-4",)}, True, True),
        ({"during_cases": ("PLC-4",)}, True, True),
        ({"under_suspicion": ("PLC-4",)}, True, True),
        ({"new_members": ("PLC-9",)}, True, True),
        ({"products": (D4IOT, "Microsoft Defender for Endpoint")}, True, False),
        ({"entities_count": 501}, True, False),
        ({"unexplained": ("LAPTOP-9",)}, True, False),
        ({"criticality": {"SIS-01": "safety"}}, True, False),
        ({"alerts": ((facts(), POLLING),)}, True, False),
        ({"owner": "sam", "entities_count": 501}, True, False),
        ({"details_pending": True}, False, False),
        ({"minutes_old": 15.1}, False, False),
        ({"unknown_words": ("status Paused",)}, False, False),
        ({"labels": ("tagout-off",)}, False, False),
        ({"owner": "sam", "minutes_old": 15.1}, False, False),
    ],
)
def test_what_a_trial_may_say_of_an_incident_that_stays_open(values, is_tagged, counts):
    reasons = reasons_to_keep_open(scene(**values))
    assert is_worth_a_tag(reasons) is is_tagged
    assert counts_where_harmless(codes(reasons)) is counts


def test_hands_are_what_people_did_and_how_old_our_knowledge_is():
    people = reasons_to_keep_open(scene(owner="sam", touched=("a comment",), minutes_old=99.0))
    assert set(codes(people)) == HANDS
