"""Outside the Defender portal a title stands for its type in Sentinel's automation rules only where
no analytics rule may give it to an alert of another type.
"""

from dataclasses import replace

import pytest

from alerts.incidents.engine.title_proof import NAME_OF_ALERT
from alerts.rules.analytics_rules import AnalyticsRule
from alerts.rules.compile_sentinel import compile_rule
from simulator.automation.conditions import View, conditions_hold
from tests.alerts.rules.polling import NORTH, POLL, POLLING, codes

STOPS = AnalyticsRule(rule_id="/alertRules/stops", name="PLC stops", title=NAME_OF_ALERT)


def beside(title):
    """The workspace with an analytics rule whose alerts have this title."""
    return replace(NORTH, analytics_rules=(STOPS, replace(STOPS, name="Ours", title=title)))


def test_where_all_rules_give_alerts_their_names_the_title_is_exact():
    assert compile_rule(POLLING, beside(NAME_OF_ALERT)).verdict == "exact"


@pytest.mark.parametrize(
    "title",
    [None, POLL, f"(MDIoT) {POLL}", POLL.upper(), f"  {POLL.replace(' ', '  ')} "],
)
def test_a_rule_that_may_give_its_title_to_another_alert_makes_it_wider(title):
    """Sentinel compares titles without regard to capitals: a Controller Stop would be closed."""
    compiled = compile_rule(POLLING, beside(title))
    assert (compiled.verdict, codes(compiled)) == ("wider", ["sentinel.title_of_rule"])
    assert "Ours" in compiled.reasons[0].why and "PLC stops" not in compiled.reasons[0].why


@pytest.mark.parametrize("title", ["Sensor is away", "Controller Stop", "Steuerung gestoppt"])
def test_a_fixed_title_of_another_type_does_no_harm(title):
    assert compile_rule(POLLING, beside(title)).verdict == "exact"


def test_where_rules_were_never_read_nothing_is_exact():
    compiled = compile_rule(POLLING, replace(NORTH, are_rules_read=False))
    assert (compiled.verdict, codes(compiled)) == ("wider", ["sentinel.rules_unread"])


def test_a_controller_stop_under_a_fixed_title_meets_the_conditions():
    """Nothing in them would keep Sentinel from closing it: only what is known of the analytics
    rules does.
    """
    properties = {
        "title": f"(MDIoT) {POLL}",
        "severity": "Medium",
        "status": "New",
        "labels": [],
        "additionalData": {"alertProductNames": ["Azure Security Center for IoT"]},
    }
    alert = {"kind": "SecurityAlert", "properties": {"alertDisplayName": properties["title"]}}
    devices = [
        {"kind": "IoTDevice", "properties": {"deviceName": name}}
        for name in ("HIST-01", "GATEWAY-1")
    ]
    compiled = compile_rule(POLLING, beside(NAME_OF_ALERT))
    assert conditions_hold(list(compiled.conditions), View(properties, [alert], devices))
    assert compile_rule(POLLING, beside(POLL)).verdict != "exact"
