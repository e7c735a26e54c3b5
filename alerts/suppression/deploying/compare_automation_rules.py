"""After a restore: which automation rules of ours Sentinel holds that are not known here, or not
so. Nothing is changed in Sentinel (S11).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from alerts.outbox.foreground import RulesUnreadable, automation_rules_of
from alerts.outbox.models import OF_WATCHLIST, WantedRule
from alerts.rules.sentinel_forms import NAME_PREFIX
from alerts.sentinel.models import Workspace
from alerts.sentinel.wire.automation import WireRule, differing_places
from alerts.sentinel.wire.values import moment_field
from portal.backup.engine import RemoteDifference, RemoteRule

LEASE = "triggeringLogic.expirationTimeUtc"


def compare_automation_rules(now: datetime) -> list[RemoteDifference]:
    """Compare every workspace that is in use, by name."""
    rows = Workspace.objects.filter(state=Workspace.State.ACTIVE)
    return [_compare(workspace) for workspace in rows.order_by("name")]


def _compare(workspace: Workspace) -> RemoteDifference:
    try:
        rules = {rule.name: rule for rule in automation_rules_of(workspace)}
    except RulesUnreadable as error:
        return RemoteDifference(place=workspace.name, error=str(error))
    ours = WantedRule.objects.filter(workspace=workspace).exclude(kind__in=OF_WATCHLIST)
    rows = {str(row.name): row for row in ours}
    rows = {name: row for name, row in rows.items() if _bodies_of(row)}
    found = {name: rule for name, rule in rules.items() if name in rows}
    for name, rule in found.items():
        _adopt_longer_lease(rows[name], rule.properties)
    return RemoteDifference(
        place=workspace.name,
        unknown=_listed(
            rule for name, rule in rules.items() if name not in rows and _is_named_as_ours(rule)
        ),
        changed=_listed(rule for name, rule in found.items() if _differs(rows[name], rule)),
        missing=tuple(
            sorted(row.label for name, row in rows.items() if row.landed and name not in found)
        ),
    )


def _bodies_of(row: WantedRule) -> list[dict[str, Any]]:
    """Return the bodies that Tagout wanted, sent or found there."""
    return [body for body in (row.landed, row.sent, row.wanted) if body is not None]


def _is_named_as_ours(rule: WireRule) -> bool:
    return str(rule.properties.get("displayName", "")).startswith(NAME_PREFIX)


def _differs(row: WantedRule, rule: WireRule) -> bool:
    return all(set(differing_places(body, rule.properties)) - {LEASE} for body in _bodies_of(row))


def _adopt_longer_lease(row: WantedRule, found: dict[str, Any]) -> None:
    """Leases grew after the backup. What is else as we know it is ours, and has been seen now; else
    the next delivery would take the other end for somebody's change, and hold the rule.
    """
    if row.landed is not None and differing_places(row.landed, found) == [LEASE]:
        WantedRule.objects.filter(pk=row.pk).update(landed=found)


def _listed(rules: Iterable[WireRule]) -> tuple[RemoteRule, ...]:
    return tuple(
        sorted((_found_rule(rule.properties) for rule in rules), key=lambda found: found.name)
    )


def _found_rule(properties: dict[str, Any]) -> RemoteRule:
    logic = properties.get("triggeringLogic")
    triggering = logic if isinstance(logic, dict) else {}
    return RemoteRule(
        name=str(properties.get("displayName", "")),
        is_active=triggering.get("isEnabled") is True,
        until=moment_field(triggering.get("expirationTimeUtc"), "expirationTimeUtc", []),
    )
