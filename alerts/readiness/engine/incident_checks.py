"""Checks of what makes incidents: content, rules, what they leave out, and whether alerts come."""

from dataclasses import replace
from datetime import datetime, timedelta

from alerts.readiness.engine.readings import (
    CheckRemedy,
    CheckState,
    History,
    ReadinessCheck,
    Readings,
    check_from,
)
from alerts.readiness.engine.reasons import CheckReason
from alerts.readiness.engine.solution import (
    DISPLAY_NAME,
    NO_CORRELATION,
    RULE_NAMES,
    incident_rules,
    is_connectors_rule,
    is_proved,
    is_tagged,
    solution_rules,
    titles_without_rule,
)

QUIET, SILENT = timedelta(days=3), timedelta(days=14)


def check_package(readings: Readings) -> ReadinessCheck:
    """Whether the solution of the content hub is installed."""
    finding = readings.of("packages")
    found = [row for row in finding.facts or [] if row["display_name"] == DISPLAY_NAME]
    version = found[0]["version"] if found else ""
    reason = CheckReason.INSTALLED if found else CheckReason.NOT_INSTALLED
    return check_from(
        "content package",
        finding,
        ok=bool(found),
        reason=reason,
        remedy=CheckRemedy.INSTALL,
        version=version,
    )


def check_rules(readings: Readings) -> ReadinessCheck:
    """Whether all rules of the solution are enabled."""
    finding = readings.of("analytics rules")
    found = solution_rules(finding.facts or [])
    enabled = [template for template, rule in found.items() if rule["enabled"]]
    missing = sorted(name for template, name in RULE_NAMES.items() if template not in enabled)
    reason = CheckReason.RULES_OFF if missing else CheckReason.RULES_ON
    package = check_package(readings)
    return check_from(
        "analytics rules",
        finding,
        ok=not missing,
        reason=reason,
        remedy=CheckRemedy.ENABLE if package.state is CheckState.OK else None,
        enabled=len(enabled),
        n=len(RULE_NAMES),
        missing=missing,
    )


def check_creation(readings: Readings) -> ReadinessCheck:
    """Which rules make incidents."""
    finding = readings.of("analytics rules")
    rules = finding.facts or []
    makers = [rule for rule in rules if rule["enabled"] and is_connectors_rule(rule)]
    scheduled = incident_rules(rules)
    names = [rule["display_name"] for rule in (*makers, *scheduled)]
    if makers and scheduled:
        reason = CheckReason.BOTH_WAYS
    elif makers or scheduled:
        reason = CheckReason.ONE_WAY
    else:
        reason = CheckReason.NO_RULE
    return check_from(
        "incident creation",
        finding,
        ok=reason is CheckReason.ONE_WAY,
        reason=reason,
        remedy=CheckRemedy.SINGLE if reason is CheckReason.BOTH_WAYS else None,
        names=names,
        n=len(names),
    )


def check_doubles(readings: Readings) -> ReadinessCheck:
    """Alerts that are in more than one incident, by VendorOriginalId."""
    finding = readings.of("collected")
    facts = finding.facts or {}
    doubles, alerts = facts.get("doubles", 0), facts.get("recent_alerts", 0)
    reason = CheckReason.DOUBLES if doubles else CheckReason.NO_DOUBLES
    check = check_from(
        "double creation", finding, ok=not doubles, reason=reason, doubles=doubles, n=alerts
    )
    if check.state is CheckState.OK and not alerts:
        return replace(check, state=CheckState.UNKNOWN, reason=CheckReason.NO_RECENT_ALERT)
    return check


def check_coverage(readings: Readings) -> ReadinessCheck:
    """Which alert types become no incident, and what onboarding takes away."""
    finding = readings.of("analytics rules")
    rules = finding.facts or []
    titles = titles_without_rule()
    has_own = any(
        rule["enabled"] and rule["mentions_iot"] and not rule["template"] for rule in rules
    )
    connectors = [rule for rule in rules if is_connectors_rule(rule)]
    if any(rule["enabled"] for rule in connectors):
        reason, is_covered = CheckReason.ALL_ALERTS, True
    elif has_own:
        reason, is_covered = CheckReason.OWN_RULE, True
    elif readings.is_in_defender_portal and connectors:
        reason, is_covered = CheckReason.STOPPED_BY_ONBOARDING, False
    else:
        reason, is_covered = CheckReason.TYPES_WITHOUT_RULE, False
    check = check_from(
        "coverage",
        finding,
        ok=is_covered,
        reason=reason,
        remedy=CheckRemedy.COVER,
        n=len(titles),
        titles=titles,
    )
    if reason is CheckReason.TYPES_WITHOUT_RULE and check.state is CheckState.FAILED:
        # A choice of the solution, not a fault: told, and proposed, without failing the workspace.
        return replace(check, state=CheckState.OK, remedy=CheckRemedy.COVER)
    return check


def check_correlation(readings: Readings) -> ReadinessCheck:
    """Whether the rules state that their incidents are not to be merged with others. Without the
    tag the default of the tenant decides, which is off since 2026 and cannot be read: not known.
    """
    finding = readings.of("analytics rules")
    rules = incident_rules(finding.facts or [])
    if not readings.is_in_defender_portal:
        return check_from("correlation", finding, ok=True, reason=CheckReason.NOT_CORRELATED)
    untagged = [rule["display_name"] for rule in rules if not is_tagged(rule)]
    reason = CheckReason.UNTAGGED if untagged else CheckReason.TAGGED
    check = check_from(
        "correlation",
        finding,
        ok=not untagged,
        reason=reason,
        remedy=CheckRemedy.TAG,
        names=sorted(untagged),
        n=len(rules),
        tag=NO_CORRELATION,
    )
    return replace(check, state=CheckState.UNKNOWN) if check.state is CheckState.FAILED else check


def check_queries(readings: Readings) -> ReadinessCheck:
    """Whether it is proved which alert types the analytics rules take: in the Defender portal rules
    in Sentinel rest on that. A query of somebody's own is no fault: not known.
    """
    finding = readings.of("analytics rules")
    rules = incident_rules(finding.facts or [])
    if not readings.is_in_defender_portal:
        return check_from("rule queries", finding, ok=True, reason=CheckReason.QUERIES_NOT_COMPARED)
    names = sorted(rule["display_name"] for rule in rules if not is_proved(rule))
    reason = CheckReason.QUERIES_UNPROVED if names else CheckReason.QUERIES_PROVED
    check = check_from(
        "rule queries", finding, ok=not names, reason=reason, names=names, n=len(rules)
    )
    return replace(check, state=CheckState.UNKNOWN) if check.state is CheckState.FAILED else check


def check_latest_alert(history: History, *, now: datetime) -> ReadinessCheck:
    """The age of the newest alert. A plant may be quiet for days, but not for weeks."""
    at = history.latest_alert_at
    if at is None:
        return ReadinessCheck("latest alert", CheckState.UNKNOWN, CheckReason.NO_ALERT_YET, {}, now)
    age = now - at
    if age < QUIET:
        state, reason = CheckState.OK, CheckReason.ALERT_CAME
    elif age < SILENT:
        state, reason = CheckState.UNKNOWN, CheckReason.QUIET
    else:
        state, reason = CheckState.FAILED, CheckReason.SILENT
    return ReadinessCheck("latest alert", state, reason, {"at": at, "days": age.days}, now)
