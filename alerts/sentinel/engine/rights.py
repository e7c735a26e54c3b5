"""What Tagout calls in Azure and which action Azure asks of the identity for it, in one table.

Checks of readiness, buttons of pages, the custom roles in `docs/roles` and the guide follow from
it. `tests/contract/test_rights.py` makes each call of the client and compares the action, so that
no call is left out.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

READ, INCIDENTS, RULES, SET_UP = "read", "incidents", "rules", "set-up"
# Setting up is done with the identity for rules.
IDENTITY_OF: Final[Mapping[str, str]] = {
    READ: READ,
    INCIDENTS: INCIDENTS,
    RULES: RULES,
    SET_UP: RULES,
}
_SENTINEL, _LOGS = "Microsoft.SecurityInsights", "Microsoft.OperationalInsights/workspaces"
_LOGIC, _ACCESS = "Microsoft.Logic/workflows", "Microsoft.Authorization"
_SITES = "Microsoft.Web/sites"  # Standard Logic Apps
_CONNECTIONS = "Microsoft.Web/connections"  # of playbooks of both plans
_OF_SITES = f"{_SITES}/hostruntime/webhooks/api/workflows"  # what their runtime is asked for
_EVERY_READ, _OF_INCIDENTS = f"{_SENTINEL}/*/read", f"{_SENTINEL}/incidents/*"


class RightsScope(StrEnum):
    """Where an action is asked for, so where a role has to be given."""

    WORKSPACE = "workspace"
    SUBSCRIPTION = "subscription"  # of the sensors
    PLAYBOOKS = "playbooks"  # the resource groups of the Logic Apps


@dataclass(frozen=True, slots=True)
class AzureOperation:
    """One action that a call of the client needs, and the purposes that make the call. `call` is
    the method, and behind it the part where a method has several. An action that Microsoft's list
    of operations lacks is granted by a `wildcard` in a custom role, which takes no unlisted name.
    """

    call: str
    action: str
    purposes: tuple[str, ...]
    scope: RightsScope = RightsScope.WORKSPACE
    wildcard: str = ""


def _sentinel(call: str, action: str, *purposes: str, wildcard: str = "") -> AzureOperation:
    return AzureOperation(call, f"{_SENTINEL}/{action}", purposes, wildcard=wildcard)


def _part(part: str, action: str, *purposes: str, wildcard: str = "") -> AzureOperation:
    return _sentinel(f"read_prerequisite {part}", action, *purposes, wildcard=wildcard)


def _playbooks(call: str, action: str, *purposes: str) -> AzureOperation:
    return AzureOperation(call, action, purposes, RightsScope.PLAYBOOKS)


OPERATIONS: Final[tuple[AzureOperation, ...]] = (
    _sentinel("probe", "incidents/read", READ, INCIDENTS, RULES),
    _sentinel("list_incidents", "incidents/read", READ, SET_UP),
    _sentinel("get_incident", "incidents/read", READ, INCIDENTS, SET_UP),
    _sentinel("list_comments", "incidents/comments/read", READ, INCIDENTS),
    _sentinel("get_comment", "incidents/comments/read", INCIDENTS),
    _sentinel("list_tasks", "incidents/tasks/read", READ),
    _sentinel("get_task", "incidents/tasks/read", INCIDENTS),
    _sentinel("put_incident", "incidents/write", INCIDENTS, SET_UP),
    _sentinel("change_incident", "incidents/write", INCIDENTS, SET_UP),
    _sentinel("put_comment", "incidents/comments/write", INCIDENTS),
    _sentinel("put_task", "incidents/tasks/write", INCIDENTS),
    _sentinel("run_playbook", "incidents/runPlaybook/action", INCIDENTS, wildcard=_OF_INCIDENTS),
    _sentinel(
        "run_playbook Standard",
        "incidents/runPlaybook/action",
        INCIDENTS,
        wildcard=_OF_INCIDENTS,
    ),
    _playbooks("run_playbook", f"{_LOGIC}/triggers/listCallbackUrl/action", INCIDENTS),
    _playbooks("list_playbooks", f"{_LOGIC}/read", RULES),
    _playbooks("list_playbook_runs", f"{_LOGIC}/runs/read", INCIDENTS, RULES),
    _playbooks("list_playbook_sites", f"{_SITES}/read", RULES),
    _playbooks("list_site_playbooks", f"{_SITES}/workflows/read", RULES),
    _playbooks("get_playbook", f"{_LOGIC}/read", INCIDENTS),
    _playbooks("get_playbook Standard", f"{_SITES}/workflows/read", INCIDENTS, RULES),
    _playbooks("list_playbook_runs Standard", f"{_OF_SITES}/runs/read", INCIDENTS, RULES),
    _playbooks("run_playbook Standard", f"{_OF_SITES}/triggers/listCallbackUrl/action", INCIDENTS),
    _playbooks("get_connection", f"{_CONNECTIONS}/read", INCIDENTS, RULES),
    _sentinel("list_automation_rules", "automationRules/read", READ, RULES),
    _sentinel("get_automation_rule", "automationRules/read", RULES),
    _sentinel("put_automation_rule", "automationRules/write", RULES),
    _sentinel("delete_automation_rule", "automationRules/delete", RULES),
    _sentinel("get_watchlist", "watchlists/read", SET_UP),
    _sentinel("put_watchlist", "watchlists/write", SET_UP),
    _sentinel("list_watchlist_items", "watchlists/read", SET_UP),
    _sentinel("get_watchlist_item", "watchlists/read", SET_UP),
    _sentinel("put_watchlist_item", "watchlists/write", SET_UP),
    _sentinel("delete_watchlist_item", "watchlists/delete", SET_UP),
    _sentinel("get_analytics_rule", "alertRules/read", SET_UP),
    _sentinel("put_analytics_rule", "alertRules/write", SET_UP),
    _sentinel("run_analytics_rule", "alertRules/triggerRuleRun/action", SET_UP),
    _sentinel("delete_analytics_rule", "alertRules/delete", SET_UP),
    _sentinel("put_prerequisite alertRules", "alertRules/write", SET_UP),
    _sentinel("put_prerequisite contentPackages", "contentPackages/write", SET_UP),
    _sentinel("put_prerequisite dataConnectors", "dataConnectors/write", SET_UP),
    _part("connectors", "dataConnectors/read", READ, SET_UP),
    _part("analytics rules", "alertRules/read", READ, SET_UP),
    _part("packages", "contentPackages/read", READ),
    _part("catalogue", "contentProductPackages/read", SET_UP, wildcard=_EVERY_READ),
    _part("templates", "contentTemplates/read", SET_UP),
    _part("template", "contentTemplates/read", SET_UP),
    _part("settings", "settings/read", READ),
    _part("onboarding", "onboardingStates/read", READ),
    _part("requirements", "dataConnectorsCheckRequirements/action", READ),
    AzureOperation("read_prerequisite workspace", f"{_LOGS}/read", (READ,)),
    AzureOperation(
        "read_prerequisite rights", f"{_ACCESS}/permissions/read", (READ, INCIDENTS, RULES)
    ),
    AzureOperation(
        "read_prerequisite provider",
        "Microsoft.Resources/subscriptions/providers/read",
        (READ,),
        RightsScope.SUBSCRIPTION,
    ),
    AzureOperation(
        "read_prerequisite subscription rights",
        f"{_ACCESS}/permissions/read",
        (READ,),
        RightsScope.SUBSCRIPTION,
    ),
    AzureOperation(
        "read_prerequisite plan",
        "Microsoft.IoTSecurity/defenderSettings/read",
        (READ,),
        RightsScope.SUBSCRIPTION,
    ),
    AzureOperation(
        "read_prerequisite role assignments",
        f"{_ACCESS}/roleAssignments/read",
        (READ,),
        RightsScope.PLAYBOOKS,
    ),
    _playbooks("read_prerequisite group rights", f"{_ACCESS}/permissions/read", INCIDENTS, RULES),
    AzureOperation("query", f"{_LOGS}/read", (READ,)),
    AzureOperation("query", f"{_LOGS}/query/read", (READ,)),
    AzureOperation("query", f"{_LOGS}/query/SecurityAlert/read", (READ,)),
    AzureOperation("query", f"{_LOGS}/query/SecurityIncident/read", (READ,)),
)
# Their action stands in no list of Microsoft's: whether an identity may is found out by asking.
PROBED: Final = ("list_alerts", "list_entities")
# The connector of a subscription asks for this of whoever switches it on.
CONNECTING: Final = ("Microsoft.IoTSecurity/defenderSettings/write",)

type RightsEntries = Sequence[Mapping[str, Collection[str]]]


def needed_actions(
    purpose: str, *, calls: Collection[str] = (), scope: RightsScope = RightsScope.WORKSPACE
) -> list[str]:
    """Return the actions of a purpose in one scope, in the order of the table; with `calls` those
    of these calls alone.
    """
    found = [
        row.action
        for row in OPERATIONS
        if purpose in row.purposes and row.scope is scope and (not calls or row.call in calls)
    ]
    return list(dict.fromkeys(found))


def needed_on_playbooks(
    purpose: str, *, are_standard: Collection[bool], calls: Collection[str] = ()
) -> list[str]:
    """Return the actions of a purpose on a resource group that holds playbooks of these plans."""
    return [
        action
        for action in needed_actions(purpose, calls=calls, scope=RightsScope.PLAYBOOKS)
        if action.startswith((_ACCESS, _CONNECTIONS)) or action.startswith(_SITES) in are_standard
    ]


def missing_actions(needed: Iterable[str], entries: RightsEntries) -> list[str]:
    """Return the actions that no entry grants, in the order asked for. An entry grants an action
    when one of its `actions` matches and none of its `not_actions` does.
    """
    return [action for action in needed if not any(_grants(entry, action) for entry in entries)]


def _grants(entry: Mapping[str, Collection[str]], action: str) -> bool:
    return any(_pattern(p).fullmatch(action) for p in entry.get("actions", ())) and not any(
        _pattern(p).fullmatch(action) for p in entry.get("not_actions", ())
    )


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    pieces = (re.escape(piece) for piece in text.split("*"))
    return re.compile(".*".join(pieces), re.IGNORECASE)


_ROLES: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "reader": ("Tagout Reader", "Reads incidents and what stands around them.", (READ,)),
    "responder": (
        "Tagout Responder",
        "Writes incidents, comments and tasks, and starts playbooks; deletes nothing.",
        (INCIDENTS,),
    ),
    "rules": (
        "Tagout Rules",
        "Writes automation rules, and sets up what alerts need to become incidents.",
        (RULES, SET_UP),
    ),
}
ROLE_NAMES: Final = tuple(_ROLES)
_NEVER: Final = (f"{_SENTINEL}/incidents/delete", f"{_SENTINEL}/incidents/*/delete")


def custom_role(name: str) -> dict[str, Any]:
    """Return the definition of a custom role as `az role definition create` takes it. It grants
    what the table asks for and never the deletion of an incident.
    """
    title, description, purposes = _ROLES[name]
    rows = [row for row in OPERATIONS if set(purposes) & set(row.purposes)]
    wildcards = list(dict.fromkeys(row.wildcard for row in rows if row.wildcard))
    by_wildcard = [{"actions": wildcards}]
    actions = [row.action for row in rows]
    return {
        "Name": title,
        "IsCustom": True,
        "Description": description,
        "Actions": sorted({*wildcards, *missing_actions(actions, by_wildcard)}),
        "NotActions": list(_NEVER),
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": ["/subscriptions/SUBSCRIPTION"],
    }
