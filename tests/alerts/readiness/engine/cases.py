"""Rows of the tables of readiness' checks, and the readings that they are judged from."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.readiness.engine.readings import (
    CheckRemedy,
    CheckState,
    PartReading,
    ReadinessCheck,
    Readings,
    Residence,
)
from alerts.readiness.engine.reasons import CheckReason
from alerts.readiness.engine.solution import PRODUCT, RULE_NAMES
from alerts.sentinel.engine.rights import READ

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
READ_AT = NOON - timedelta(hours=1)
GDANSK, PORTO = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
HERE = f"/subscriptions/{GDANSK}/workspaces/law-ot"
ELSEWHERE = f"/subscriptions/{PORTO}/workspaces/law-it"
OK, FAILED, UNKNOWN = CheckState.OK, CheckState.FAILED, CheckState.UNKNOWN


@dataclass(frozen=True)
class Case:
    """What was read, and the check that follows from it. `values` must be among its values."""

    title: str
    read: Readings
    state: CheckState
    reason: CheckReason
    remedy: CheckRemedy | None
    values: dict[str, Any]


def case(title, read, state, reason, remedy=None, /, **values):
    """Return one row of a check's table."""
    return Case(title, read, state, reason, remedy, values)


def never(**options):
    """Return the row of every table in which nothing was read yet."""
    return case("nothing was read", readings(**options), UNKNOWN, CheckReason.NOT_CHECKED)


def table(*cases):
    """Have a test run once for each row."""
    return pytest.mark.parametrize("row", cases, ids=lambda row: row.title)


def assert_judged(check: ReadinessCheck, row: Case):
    """Compare state, reason, remedy and the values that the row names."""
    assert (check.state, check.reason, check.remedy) == (row.state, row.reason, row.remedy)
    assert {name: check.values.get(name) for name in row.values} == row.values


def readings(*, portal=None, accepted=(), **facts):
    """Return what was read, by part: `rights_read` is "rights read"."""
    return Readings(
        findings={
            name.replace("_", " "): PartReading(value, READ_AT) for name, value in facts.items()
        },
        history=None,
        purposes=(READ,),
        subscription=GDANSK,
        workspace_id=HERE,
        now=NOON,
        residence=Residence(portal, READ_AT, 7, NOON),
        accepted_versions=accepted,
    )


def of_subscriptions(**by_name):
    """Return what was read of two subscriptions: `plan_gdansk`, `plan_porto`."""
    names = {
        name.replace("gdansk", GDANSK).replace("porto", PORTO): facts
        for name, facts in by_name.items()
    }
    return readings(**names)


def grants(*actions, without=()):
    """Return the rights of somebody with one role."""
    return [{"actions": list(actions), "not_actions": list(without)}]


def plan(*workspaces, quota=10):
    """Return the plans of a subscription with one plan."""
    return [{"workspaces": list(workspaces), "quota": quota}]


def connector(subscription, *, is_on=True, kind="IOT"):
    """Return a data connector."""
    return {"name": "iot", "kind": kind, "subscription": subscription, "is_on": is_on}


def analytics_rule(template="", **changes):
    """Return an analytics rule: of the solution, or a customer's own about Defender for IoT."""
    values = {
        "name": template or "own",
        "kind": "Scheduled",
        "display_name": RULE_NAMES.get(template, "Our rule"),
        "enabled": True,
        "template": template,
        "creates_incidents": True,
        "product": "",
        "description": "",
        "mentions_iot": True,
        "may_read_iot": True,
    }
    return values | changes


def setting(kind, *sources, is_on=True):
    """Return one of Sentinel's settings."""
    return {"kind": kind, "is_on": is_on, "sources": list(sources)}


ALL_RULES = [analytics_rule(template) for template in RULE_NAMES]
FUSION = analytics_rule(kind="Fusion", name="fusion")
# The connector's own rule, which makes an incident of every alert.
CONNECTORS_RULE = analytics_rule(
    kind="MicrosoftSecurityIncidentCreation",
    name="every-alert",
    display_name="Every alert",
    product=PRODUCT,
    mentions_iot=False,
)
