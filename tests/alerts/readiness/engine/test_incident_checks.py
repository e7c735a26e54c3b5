"""Checks of what makes incidents, each as a table: what was read, what follows, what is offered."""

from datetime import timedelta

import pytest

from alerts.readiness.engine import incident_checks as incidents
from alerts.readiness.engine.readings import CheckRemedy, History
from alerts.readiness.engine.reasons import CheckReason
from alerts.readiness.engine.solution import DISPLAY_NAME, NO_CORRELATION, RULE_NAMES
from tests.alerts.readiness.engine.cases import (
    ALL_RULES,
    CONNECTORS_RULE,
    FAILED,
    NOON,
    OK,
    UNKNOWN,
    analytics_rule,
    assert_judged,
    case,
    never,
    readings,
    table,
)

PACKAGE = {"display_name": DISPLAY_NAME, "version": "3.0.2"}
OTHER_PACKAGE = {"display_name": "Microsoft Entra ID", "version": "3.2.0"}


@table(
    never(),
    case("there", readings(packages=[PACKAGE]), OK, CheckReason.INSTALLED, version="3.0.2"),
    case("none", readings(packages=[]), FAILED, CheckReason.NOT_INSTALLED, CheckRemedy.INSTALL),
    case(
        "another one",
        readings(packages=[OTHER_PACKAGE]),
        FAILED,
        CheckReason.NOT_INSTALLED,
        CheckRemedy.INSTALL,
    ),
)
def test_package(row):
    assert_judged(incidents.check_package(row.read), row)


FIRST, *_ = RULE_NAMES
ALL_BUT_ONE = [analytics_rule(FIRST, enabled=False), *ALL_RULES[1:]]
CONNECTORS_OFF = CONNECTORS_RULE | {"enabled": False}
MAIL = CONNECTORS_RULE | {"product": "Office 365"}


@table(
    never(),
    case("all", readings(analytics_rules=ALL_RULES, packages=[PACKAGE]), OK, CheckReason.RULES_ON),
    case(
        "one is off",
        readings(analytics_rules=ALL_BUT_ONE, packages=[PACKAGE]),
        FAILED,
        CheckReason.RULES_OFF,
        CheckRemedy.ENABLE,
        enabled=14,
        n=15,
        missing=[RULE_NAMES[FIRST]],
    ),
    case(
        "two of one template, the second is on",
        readings(
            analytics_rules=[analytics_rule(FIRST, enabled=False), *ALL_RULES], packages=[PACKAGE]
        ),
        OK,
        CheckReason.RULES_ON,
    ),
    case(
        "two of one template, the first is on",
        readings(
            analytics_rules=[*ALL_RULES, analytics_rule(FIRST, enabled=False)], packages=[PACKAGE]
        ),
        OK,
        CheckReason.RULES_ON,
    ),
    case(
        "one is off, and the package is not there to enable it from",
        readings(analytics_rules=ALL_BUT_ONE, packages=[]),
        FAILED,
        CheckReason.RULES_OFF,
    ),
    case(
        "one is off, and nobody knows of the package",
        readings(analytics_rules=ALL_BUT_ONE),
        FAILED,
        CheckReason.RULES_OFF,
    ),
)
def test_rules(row):
    assert_judged(incidents.check_rules(row.read), row)


@table(
    never(),
    case("none", readings(analytics_rules=[]), FAILED, CheckReason.NO_RULE),
    case("the solution", readings(analytics_rules=ALL_RULES), OK, CheckReason.ONE_WAY),
    case("the connector's", readings(analytics_rules=[CONNECTORS_RULE]), OK, CheckReason.ONE_WAY),
    case(
        "both",
        readings(analytics_rules=[CONNECTORS_RULE, *ALL_RULES]),
        FAILED,
        CheckReason.BOTH_WAYS,
        CheckRemedy.SINGLE,
        n=16,
    ),
    case(
        "the second is off",
        readings(analytics_rules=[CONNECTORS_OFF, *ALL_RULES]),
        OK,
        CheckReason.ONE_WAY,
    ),
    case(
        "the second makes incidents of mail",
        readings(analytics_rules=[MAIL, *ALL_RULES]),
        OK,
        CheckReason.ONE_WAY,
    ),
    case(
        "a scheduled one that makes alerts only",
        readings(analytics_rules=[CONNECTORS_RULE, analytics_rule(FIRST, creates_incidents=False)]),
        OK,
        CheckReason.ONE_WAY,
    ),
)
def test_creation(row):
    assert_judged(incidents.check_creation(row.read), row)


@table(
    never(),
    case("none", readings(collected={"recent_alerts": 9}), OK, CheckReason.NO_DOUBLES, n=9),
    case(
        "some",
        readings(collected={"recent_alerts": 9, "doubles": 2}),
        FAILED,
        CheckReason.DOUBLES,
        doubles=2,
        n=9,
    ),
    case(
        "no alert that could be doubled",
        readings(collected={"recent_alerts": 0}),
        UNKNOWN,
        CheckReason.NO_RECENT_ALERT,
    ),
)
def test_doubles(row):
    assert_judged(incidents.check_doubles(row.read), row)


OWN = analytics_rule()


@table(
    never(),
    case(
        "the solution only",
        readings(analytics_rules=ALL_RULES),
        OK,
        CheckReason.TYPES_WITHOUT_RULE,
        CheckRemedy.COVER,
    ),
    case(
        "the connector's",
        readings(analytics_rules=[*ALL_RULES, CONNECTORS_RULE]),
        OK,
        CheckReason.ALL_ALERTS,
    ),
    case("one of our own", readings(analytics_rules=[*ALL_RULES, OWN]), OK, CheckReason.OWN_RULE),
    case(
        "one of our own that is off",
        readings(analytics_rules=[*ALL_RULES, OWN | {"enabled": False}]),
        OK,
        CheckReason.TYPES_WITHOUT_RULE,
        CheckRemedy.COVER,
    ),
    case(
        "one of our own about mail",
        readings(analytics_rules=[*ALL_RULES, OWN | {"mentions_iot": False}]),
        OK,
        CheckReason.TYPES_WITHOUT_RULE,
        CheckRemedy.COVER,
    ),
    case(
        "the connector's stopped in the portal",
        readings(analytics_rules=[*ALL_RULES, CONNECTORS_OFF], portal=True),
        FAILED,
        CheckReason.STOPPED_BY_ONBOARDING,
        CheckRemedy.COVER,
    ),
    case(
        "the connector's is off in Azure",
        readings(analytics_rules=[*ALL_RULES, CONNECTORS_OFF], portal=False),
        OK,
        CheckReason.TYPES_WITHOUT_RULE,
        CheckRemedy.COVER,
    ),
    case(
        "that of mail stopped in the portal",
        readings(analytics_rules=[*ALL_RULES, MAIL | {"enabled": False}], portal=True),
        OK,
        CheckReason.TYPES_WITHOUT_RULE,
        CheckRemedy.COVER,
    ),
)
def test_coverage(row):
    assert_judged(incidents.check_coverage(row.read), row)


TAGGED = [rule | {"description": f"{NO_CORRELATION} PLC."} for rule in ALL_RULES]


@table(
    never(portal=True),
    case(
        "in Azure",
        readings(analytics_rules=ALL_RULES, portal=False),
        OK,
        CheckReason.NOT_CORRELATED,
    ),
    case("all", readings(analytics_rules=TAGGED, portal=True), OK, CheckReason.TAGGED),
    case(
        "one of our own lacks it",
        readings(analytics_rules=[*TAGGED, OWN], portal=True),
        UNKNOWN,
        CheckReason.UNTAGGED,
        CheckRemedy.TAG,
        names=["Our rule"],
        n=16,
    ),
    case(
        "one that is off lacks it",
        readings(analytics_rules=[*TAGGED, OWN | {"enabled": False}], portal=True),
        OK,
        CheckReason.TAGGED,
    ),
    case(
        "the tag is not in front",
        readings(
            analytics_rules=[OWN | {"description": f"PLC. {NO_CORRELATION}"}],
            portal=True,
        ),
        UNKNOWN,
        CheckReason.UNTAGGED,
        CheckRemedy.TAG,
    ),
)
def test_correlation(row):
    assert_judged(incidents.check_correlation(row.read), row)


@pytest.mark.parametrize(
    ("age", "state", "reason"),
    [
        (None, UNKNOWN, CheckReason.NO_ALERT_YET),
        (timedelta(days=3, seconds=-1), OK, CheckReason.ALERT_CAME),
        (timedelta(days=3), UNKNOWN, CheckReason.QUIET),
        (timedelta(days=14, seconds=-1), UNKNOWN, CheckReason.QUIET),
        (timedelta(days=14), FAILED, CheckReason.SILENT),
    ],
)
def test_latest_alert(age, state, reason):
    history = History(latest_alert_at=None if age is None else NOON - age)
    check = incidents.check_latest_alert(history, now=NOON)
    assert (check.state, check.reason) == (state, reason)
