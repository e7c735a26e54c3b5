"""What the move of a workspace to the Defender portal breaks there, found before the day.

On 31 March 2027 Sentinel leaves the Azure portal. The kinds follow from what Microsoft documents
of the move: conditions that stop counting, rules that stop running, records that the portal does
not show. A part that was not read, or cannot be read any more, is a finding of its own: without
findings everything was looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from alerts.readiness.engine.move_automation import playbook_findings, rule_findings
from alerts.readiness.engine.move_findings import (
    MoveFacts,
    MoveFinding,
    MoveKind,
    MoveState,
    open_finding,
)
from alerts.readiness.engine.solution import (
    incident_rules,
    is_connectors_rule,
    is_creation_rule,
    is_tagged,
    titles_without_rule,
)

MOVE_DATE = date(2027, 3, 31)
# Connectors that onboarding switches off; that of Defender for IoT is not among them.
_SWITCHED_OFF = frozenset(
    {
        "AzureActiveDirectory",
        "AzureAdvancedThreatProtection",
        "MicrosoftCloudAppSecurity",
        "MicrosoftDefenderAdvancedThreatProtection",
        "OfficeATP",
    }
)


def findings_before_move(facts: MoveFacts, *, now: datetime) -> list[MoveFinding]:
    """Return what the move breaks, what somebody has to put right first."""
    found = [
        *_unread(facts),
        *rule_findings(facts.automation_rules or (), now=now),
        *_analytics_findings(facts.analytics_rules or (), is_over=facts.is_in_portal),
        *_connector_findings(facts.connectors or ()),
        *playbook_findings(facts.playbooks or ()),
        *_history_findings(facts),
    ]
    order = list(MoveState)
    return sorted(found, key=lambda finding: order.index(finding.state))


def _unread(facts: MoveFacts) -> Iterator[MoveFinding]:
    parts = {
        "analytics rules": facts.analytics_rules,
        "connectors": facts.connectors,
        "automation rules": facts.automation_rules,
        "playbooks": facts.playbooks,
    }
    for part, rows in parts.items():
        if rows is None or part in facts.unread:
            error = facts.unread.get(part, "")
            yield MoveFinding(MoveKind.NOT_READ, MoveState.UNKNOWN, [part], {"error": error})


def _analytics_findings(
    rules: Sequence[Mapping[str, Any]], *, is_over: bool
) -> Iterator[MoveFinding]:
    enabled = [rule for rule in rules if rule["enabled"]]
    creators = [rule for rule in enabled if is_creation_rule(rule)]
    ours = [rule["display_name"] for rule in creators if is_connectors_rule(rule)]
    others = [rule["display_name"] for rule in creators if not is_connectors_rule(rule)]
    yield from open_finding(MoveKind.CREATION_RULE, ours)
    yield from open_finding(MoveKind.OTHER_CREATION_RULE, others)
    has_own = any(rule["mentions_iot"] and not rule["template"] for rule in enabled)
    was_switched_off = is_over and any(is_connectors_rule(rule) for rule in rules)
    if (ours or was_switched_off) and not has_own:
        yield from open_finding(MoveKind.UNCOVERED_TYPES, titles_without_rule())
    scheduled = [rule for rule in enabled if rule["kind"] in ("Scheduled", "NRT")]
    reopening = [rule["display_name"] for rule in scheduled if rule["reopens"]]
    yield from open_finding(MoveKind.REOPENING_RULE, reopening)
    reading = [rule["display_name"] for rule in scheduled if rule["reads_incident_texts"]]
    yield from open_finding(MoveKind.INCIDENT_TABLE_QUERY, reading)
    if any(rule["kind"] == "Fusion" for rule in enabled):
        yield MoveFinding(MoveKind.FUSION, MoveState.NOTE)
    untagged = [rule["display_name"] for rule in incident_rules(rules) if not is_tagged(rule)]
    if untagged:
        values = {"n": len(untagged)}
        yield MoveFinding(MoveKind.CORRELATION, MoveState.NOTE, sorted(untagged), values)


def _connector_findings(connectors: Sequence[Mapping[str, Any]]) -> Iterator[MoveFinding]:
    kinds = [row["kind"] for row in connectors if row["is_on"] and row["kind"] in _SWITCHED_OFF]
    yield from open_finding(MoveKind.CONNECTOR_SWITCHED_OFF, kinds)


def _history_findings(facts: MoveFacts) -> Iterator[MoveFinding]:
    if facts.open_tasks:
        yield MoveFinding(MoveKind.OPEN_TASKS, MoveState.OPEN, (), {"n": facts.open_tasks})
    if facts.incidents_by_api:
        values = {"n": facts.incidents_by_api}
        yield MoveFinding(MoveKind.INCIDENTS_BY_API, MoveState.OPEN, (), values)
    if not facts.reads_by_graph:
        yield MoveFinding(MoveKind.GRAPH_CONSENT, MoveState.NOTE)
