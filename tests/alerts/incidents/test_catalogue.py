"""What we know about alert types, and that a title we do not know is a normal case."""

from collections import Counter

import pytest

from alerts.incidents.engine.catalogue import (
    USER_RULE_TITLE,
    alert_type_for,
    all_types,
    bare_title,
)
from portal.attack import engine as attack

PROGRAMMING = "Unauthorized PLC Programming"


def test_the_catalogue_holds_every_alert_type_once():
    titles = [entry.title for entry in all_types()]
    assert len(titles) == len(set(titles)) == 202
    assert Counter(entry.component for entry in all_types()) == {
        "POLICY_VIOLATION": 89,
        "ANOMALY": 23,
        "PROTOCOL_VIOLATION": 25,
        "MALWARE": 27,
        "OPERATIONAL": 38,
    }


def test_guards_are_the_three_we_know():
    assert Counter(entry.guard for entry in all_types()) == {
        "never": 27,
        "timeboxed": 28,
        "scoped": 147,
    }


def test_53_types_never_become_incidents_through_the_solution():
    assert sum(not entry.becomes_incident for entry in all_types()) == 53


@pytest.mark.parametrize(
    "written",
    [
        PROGRAMMING,
        "(MDIoT) Unauthorized PLC Programming",
        "(mdiot)Unauthorized PLC Programming",
        "(MDIoT) (MDIoT) Unauthorized PLC Programming",
        "  unauthorized  plc programming ",
        "Unauthorized PLC\tProgramming",
        "UnauthorizedPLCProgramming",
    ],
)
def test_a_title_is_found_however_it_is_written(written):
    found = alert_type_for(written)
    assert found is not None
    assert found.title == PROGRAMMING
    assert found.guard == "timeboxed"
    assert found.severity == "High"


@pytest.mark.parametrize("written", ["", "   ", "(MDIoT) ", "New Port Discovery", "{title}"])
def test_an_unknown_title_is_none(written):
    assert alert_type_for(written) is None


def test_the_mark_of_analytics_rules_is_taken_off():
    assert bare_title("(MDIoT)  Controller   Stop ") == "Controller Stop"


def test_old_technique_ids_keep_their_place_beside_the_current_ones():
    firmware = alert_type_for("Beckhoff Software Changed")
    assert firmware is not None
    assert firmware.techniques == ("T0857",)
    assert firmware.techniques_current == ("T1693.001",)


def test_the_title_of_user_rules_is_in_the_catalogue():
    assert alert_type_for(USER_RULE_TITLE) is not None


def test_every_technique_and_tactic_of_the_catalogue_is_known_to_attack():
    for entry in all_types():
        for technique_id in entry.techniques_current:
            found = attack.technique(technique_id)
            assert found is not None, technique_id
            assert found.id == found.current_id, technique_id
        for name in entry.tactics:
            assert attack.tactic(name) is not None, name
