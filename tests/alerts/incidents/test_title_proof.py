"""What proves the type of an alert: its title where the sensor or a rule that names it wrote it."""

import json

import pytest

from alerts.incidents.engine.title_proof import (
    BY_TITLE,
    NO_RULES,
    TitleRules,
    title_flags,
    unread_rules,
)
from alerts.sentinel.wire.alerts import read_alerts
from tests.factories.answers import alert, rule_made

DHCP, STOP = "Unauthorized DHCP configuration", "Controller Stop"
POLLING, PROGRAMMING = "Function Code Raised Unauthorized Exception", "Unauthorized PLC Programming"
RULE = "7cad4b66-5e83-4756-8de4-f21315ab1e77"
NAMING, DOUBTFUL = (
    TitleRules(naming=frozenset({RULE})),
    TitleRules(doubtful=frozenset({RULE})),
)


def read(document):
    (found,) = read_alerts(json.dumps({"value": [document]}).encode())
    return found


def by_rule(title=f"(MDIoT) {PROGRAMMING}", *, rule=RULE, details=(), bag=(), **properties):
    """An alert that an analytics rule made, as Sentinel sends it."""
    made = rule_made(1, **{"alertDisplayName": title} | properties)
    kept = made["properties"]["additionalData"]
    shown = json.loads(kept["Custom Details"]) | dict(details)
    kept |= {"Custom Details": json.dumps(shown)} | dict(bag)
    if rule:
        kept["Analytic Rule Ids"] = json.dumps([rule])
    return made


def test_the_title_that_a_sensor_wrote_proves_the_type():
    assert title_flags(read(alert(1)), NO_RULES) == ()


def test_the_title_that_a_rule_wrote_proves_it_where_the_rule_names_alerts():
    assert title_flags(read(by_rule()), NAMING) == ()
    assert title_flags(read(by_rule(rule=RULE.upper())), NAMING) == ()


@pytest.mark.parametrize("rules", [DOUBTFUL, NO_RULES])
@pytest.mark.parametrize("title", [f"(MDIoT) {PROGRAMMING}", PROGRAMMING, "SPS gestoppt", ""])
def test_whatever_the_title_of_another_rule_is_it_proves_nothing(rules, title):
    assert BY_TITLE in title_flags(read(by_rule(title)), rules)


@pytest.mark.parametrize(
    ("told", "unread"),
    [
        ({"rule": ""}, set()),
        ({"rule": "", "providerName": "ASI Scheduled Alerts"}, set()),
        ({"rule": "another"}, {"another"}),
        ({"bag": {"Analytic Rule Ids": "[]"}, "rule": ""}, set()),
        ({"bag": {"Analytic Rule Ids": "no json"}, "rule": ""}, {"no json"}),
    ],
)
def test_an_alert_of_a_rule_that_nobody_has_read_proves_nothing(told, unread):
    flags = title_flags(read(by_rule(**told)), NAMING)
    assert BY_TITLE in flags and len(flags) == 2, "no doubt for good: nobody has read its rule"
    assert unread_rules(flags) == unread


def test_an_alert_that_hides_its_rule_is_known_by_its_type_or_its_provider():
    """A rule chooses title, product, details and component; never the type."""
    type_of_rule = f"11111111-1111-4111-8111-111111111111_{RULE}"
    for told in ({"alertType": type_of_rule}, {"providerName": "ASI NRT Alerts"}):
        made = alert(1, **told)
        assert BY_TITLE in title_flags(read(made), DOUBTFUL)
    assert title_flags(read(alert(1, alertType=type_of_rule)), NAMING) == ()
    assert title_flags(read(alert(1, alertType="IoT_UserDefinedAlert")), NO_RULES) == ()


def test_several_rules_must_all_name_alerts():
    made = by_rule(bag={"Analytic Rule Ids": json.dumps([RULE, "other"])}, rule="")
    assert BY_TITLE in title_flags(read(made), NAMING)
    both = TitleRules(naming=frozenset({RULE, "other"}))
    assert title_flags(read(made), both) == ()


@pytest.mark.parametrize(
    ("details", "properties"),
    [
        ({"AlertName": [STOP]}, {}),
        ({"AlertName": [f"(MDIoT) {STOP}"]}, {}),
        ({"AlertName": [PROGRAMMING, STOP]}, {}),
        ({"AlertName": [""]}, {}),
        ({}, {"productComponentName": "OPERATIONAL"}),
    ],
)
def test_what_an_alert_shows_of_another_type_takes_the_proof_away(details, properties):
    """So a title that was changed a minute ago is found out before anybody reads its rule."""
    assert title_flags(read(by_rule(details=details, **properties)), NAMING) == (BY_TITLE,)


@pytest.mark.parametrize(
    ("details", "properties"),
    [
        ({"AlertName": [PROGRAMMING]}, {}),
        ({"AlertName": [f"(mdiot)  {PROGRAMMING.upper()} "]}, {}),
        ({}, {"productComponentName": "POLICY_VIOLATION"}),
        ({}, {"productComponentName": "Scheduled Alerts"}),
        ({}, {"productComponentName": ""}),
    ],
)
def test_what_an_alert_shows_of_its_own_type_changes_nothing(details, properties):
    assert title_flags(read(by_rule(details=details, **properties)), NAMING) == ()
