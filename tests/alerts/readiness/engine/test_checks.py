"""All checks together: each subscription by itself, and what cannot be read any more."""

from dataclasses import replace

import pytest

from alerts.readiness.engine.checks import evaluate
from alerts.readiness.engine.readings import PartReading, subscriptions_of
from alerts.readiness.engine.reasons import CheckReason
from alerts.readiness.engine.solution import DISPLAY_NAME
from tests.alerts.readiness.engine.cases import (
    ALL_RULES,
    CONNECTORS_RULE,
    FAILED,
    FUSION,
    GDANSK,
    HERE,
    NOON,
    OK,
    PORTO,
    READ_AT,
    UNKNOWN,
    connector,
    plan,
    readings,
    setting,
)


def test_every_subscription_with_sensors_is_judged_by_itself():
    read = readings(
        connectors=[connector(PORTO), connector(GDANSK, is_on=False), connector("")],
        **{f"plan_{GDANSK}": plan(HERE), f"plan_{PORTO}": []},
    )
    assert subscriptions_of(read) == [GDANSK, PORTO]
    plans = {check.about: check.state for check in evaluate(read) if check.name == "plan"}
    assert plans == {GDANSK: OK, PORTO: FAILED}
    assert subscriptions_of(readings(connectors=[])) == [GDANSK], "our own where there is none"


PACKAGE = {"display_name": DISPLAY_NAME, "version": "3.0.2"}


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("AuthorizationFailed", CheckReason.NOT_ALLOWED),
        ("LinkedAuthorizationFailed", CheckReason.NOT_ALLOWED),
        ("InternalServerError", CheckReason.NOT_READ),
    ],
)
@pytest.mark.parametrize(
    ("name", "part", "facts"),
    [
        ("sentinel", "onboarding", {"is_on": True}),
        ("connector", "connectors", [connector(GDANSK)]),
        ("content package", "packages", [PACKAGE]),
        ("analytics rules", "analytics rules", ALL_RULES),
        ("coverage", "analytics rules", [*ALL_RULES, CONNECTORS_RULE]),
        ("incident creation", "analytics rules", ALL_RULES),
        ("correlation", "analytics rules", ALL_RULES),
        ("fusion", "analytics rules", [FUSION]),
        ("double creation", "collected", {"recent_alerts": 9}),
        ("ueba", "settings", [setting("Ueba", "SigninLogs")]),
        ("playbook permission", "playbook groups", []),
    ],
)
def test_what_was_well_and_cannot_be_read_any_more_is_unknown(name, part, facts, code, reason):
    def judge(finding):
        read = replace(readings(), findings={part: finding})
        (check,) = (check for check in evaluate(read) if check.name == name)
        return check

    assert judge(PartReading(facts, READ_AT)).state is OK
    check = judge(PartReading(facts, READ_AT, "It cannot be read.", code, NOON))
    assert (check.state, check.reason, check.remedy) == (UNKNOWN, reason, None)
    assert check.checked_at == NOON, "when it was tried, not when it was well"
