"""A rule sets the severity: raising is free, lowering needs a reason and a type that allows it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.automation.engine.rule_body import Effects, severities_replaced
from alerts.automation.services.made_rules import (
    CannotMakeRule,
    RulePlan,
    make_rule,
    preview_rule,
)
from alerts.incidents.models import Severity
from alerts.sentinel.queries import ANALYTICS_RULES
from portal.audit.models import Entry
from tests.conftest import NOON
from tests.factories.incidents import READ_RULES, make_alert, make_incident

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
SCOPED, TIMEBOXED = "Modbus Exception", "Unauthorized PLC Programming"
NEVER = "Suspicion of Conficker Malware"
REASON = "The gateway answers so each night."
LOW = Effects("severity", severity="Low")
HIGH = Effects("severity", severity="High")


@pytest.fixture
def plan_for(workspace):
    """`plan_for(title, effects)`: a plan from an incident of Medium severity of this type."""
    workspace.capabilities = READ_RULES
    workspace.save(update_fields=["capabilities"])

    def make(title=SCOPED, effects=LOW, *, reason=REASON, engine="", **columns):
        incident = make_incident(workspace, title=title, **columns)
        make_alert(incident, engine=engine, severity=Severity.MEDIUM)
        return RulePlan(incident.pk, effects, None, same_devices=False, days=90, reason=reason)

    return make


def made(plan, by):
    digest = preview_rule(plan=plan, by=by, now=NOON).digest
    return make_rule(plan=plan, digest=digest, by=by, now=NOON)


def severity_condition(body):
    (found,) = (
        part["conditionProperties"]
        for part in body["triggeringLogic"]["conditions"]
        if part["conditionProperties"]["propertyName"] == "IncidentSeverity"
    )
    return found["operator"], found["propertyValues"]


def test_a_rule_that_raises_needs_no_reason_and_lowers_nothing(plan_for, leo):
    for title in (SCOPED, TIMEBOXED, NEVER):
        rule = made(plan_for(title, HIGH, reason=""), leo)
        (action,) = rule.body["actions"]
        assert action["actionType"] == "ModifyProperties"
        assert action["actionConfiguration"] == {"severity": "High"}
        assert severity_condition(rule.body) == ("Equals", ["Informational", "Low", "Medium"])
    assert rule.reason == ""


def test_a_rule_that_lowers_keeps_its_reason_and_touches_no_graver_incident(plan_for, leo):
    rule = made(plan_for(), leo)
    assert severity_condition(rule.body) == ("Equals", ["Medium"])
    assert rule.reason == Entry.objects.get(action="automation.rule.made").details["reason"]
    assert rule.reason == REASON


@pytest.mark.abuse("A47")
@pytest.mark.parametrize(
    ("title", "engine", "reason", "why"),
    [
        (SCOPED, "", "", "Write why, in one line."),
        (SCOPED, "", "\u200b", "Write why, in one line."),
        (SCOPED, "", "x" * 301, "under 300 characters"),
        (NEVER, "", REASON, f"{NEVER} must never be silenced"),
        ("Unheard of", "MALWARE", REASON, "must never be silenced"),
        (TIMEBOXED, "", REASON, f"{TIMEBOXED} can stop a plant"),
    ],
)
def test_what_lowers_no_severity(plan_for, leo, title, engine, reason, why):
    plan = plan_for(title, engine=engine, reason=reason)
    with pytest.raises(CannotMakeRule, match=re.escape(why)):
        preview_rule(plan=plan, by=leo, now=NOON)


def test_the_severity_that_people_gave_an_incident_makes_no_lowering_a_raise(plan_for, leo):
    plan = plan_for(NEVER, Effects("severity", severity="Low"), severity=Severity.INFORMATIONAL)
    with pytest.raises(CannotMakeRule, match="must never be silenced"):
        preview_rule(plan=plan, by=leo, now=NOON)


def test_a_severity_that_changes_nothing_or_is_not_known_is_refused(plan_for, leo, workspace):
    with pytest.raises(CannotMakeRule, match="with this severity already"):
        made(plan_for(effects=Effects("severity", severity="Medium")), leo)
    incident = make_incident(workspace, title=SCOPED, severity=Severity.UNKNOWN)
    plan = RulePlan(incident.pk, HIGH, None, same_devices=False, days=90)
    with pytest.raises(CannotMakeRule, match="is not known"):
        preview_rule(plan=plan, by=leo, now=NOON)


def test_the_preview_counts_incidents_of_the_severities_that_are_replaced(plan_for, leo, workspace):
    plan = plan_for()
    for severity in (Severity.LOW, Severity.MEDIUM, Severity.HIGH):
        earlier = make_incident(workspace, title=SCOPED, created_at=NOON - timedelta(days=3))
        make_alert(earlier, severity=severity)
    assert preview_rule(plan=plan, by=leo, now=NOON).count == 2
    assert preview_rule(plan=replace(plan, effects=HIGH), by=leo, now=NOON).count == 3


def test_the_reason_is_part_of_what_was_previewed(plan_for, leo):
    plan = plan_for()
    digest = preview_rule(plan=plan, by=leo, now=NOON).digest
    with pytest.raises(CannotMakeRule, match="changed since the preview"):
        make_rule(plan=replace(plan, reason="Another."), digest=digest, by=leo, now=NOON)


@pytest.mark.parametrize(
    ("severity", "present", "replaced"),
    [
        ("High", "Informational", ("Informational", "Low", "Medium")),
        ("Low", "Informational", ("Informational",)),
        ("Informational", "High", ("Low", "Medium", "High")),
        ("Low", "Medium", ("Medium",)),
    ],
)
def test_which_severities_are_replaced(severity, present, replaced):
    assert severities_replaced(severity, present=present) == replaced


@pytest.mark.parametrize(("title", "is_refused"), [(None, True), (SCOPED, True), ("", False)])
def test_nothing_is_lowered_by_a_title_that_another_alert_may_have(
    workspace, plan_for, leo, title, is_refused
):
    """A Controller Stop under a fixed title would be lowered with the routine."""
    plan = plan_for()
    ours = {"name": "ours", "display_name": "Ours", "details": [], "title": title}
    workspace.capabilities = {ANALYTICS_RULES: {"rules": [ours]}}
    workspace.save(update_fields=["capabilities"])
    raised = replace(plan, effects=HIGH)
    assert preview_rule(plan=raised, by=leo, now=NOON).conditions
    if is_refused:
        with pytest.raises(CannotMakeRule, match="Ours may give an alert the title"):
            preview_rule(plan=plan, by=leo, now=NOON)
    else:
        assert preview_rule(plan=plan, by=leo, now=NOON).conditions
