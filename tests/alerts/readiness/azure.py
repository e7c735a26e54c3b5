"""What Azure answers about a workspace in which everything is as it should be."""

from alerts.readiness.engine.solution import DISPLAY_NAME, PRODUCT, RULE_NAMES
from alerts.sentinel.client.prerequisites import Prerequisite
from simulator.solution import query_of, solution_rules

SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-soc"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/ws-ot"
PACKAGE = "azuresentinel.solution"
AUTOMATION_CONTRIBUTOR = "f4c81013-99ee-4d62-a7ee-b3f1f648599a"
ALL_RIGHTS = {"actions": ["*"], "notActions": []}


def connector(*, state="Enabled", subscription=SUBSCRIPTION, name="iot"):
    properties = {"subscriptionId": subscription, "dataTypes": {"alerts": {"state": state}}}
    return {"name": name, "etag": '"1"', "kind": "IOT", "properties": properties}


def scheduled(template, name, *, enabled=True, **properties):
    values = {
        "displayName": name,
        "description": "",
        "enabled": enabled,
        "alertRuleTemplateName": template,
        "query": 'SecurityAlert | where ProviderName == "IoTSecurity"',
        "eventGroupingSettings": {"aggregationKind": "AlertPerResult"},
        "incidentConfiguration": {"createIncident": True},
    }
    name = f"rule-{(template or name)[:8]}"
    return {"name": name, "etag": '"2"', "kind": "Scheduled", "properties": values | properties}


def creation_rule(*, enabled=True):
    properties = {"displayName": "All alerts", "productFilter": PRODUCT, "enabled": enabled}
    return {
        "name": "all",
        "kind": "MicrosoftSecurityIncidentCreation",
        "properties": properties,
    }


def fusion(*, enabled=True):
    return {"name": "f", "kind": "Fusion", "properties": {"displayName": "F", "enabled": enabled}}


def solution(**changes):
    """The fifteen rules with queries that select the types of the catalogue."""
    return [
        scheduled(template, name, **{"query": query_of(solution_rules()[template])} | changes)
        for template, name in RULE_NAMES.items()
    ]


def package_row():
    return {
        "name": PACKAGE,
        "properties": {
            "contentId": PACKAGE,
            "contentProductId": f"{PACKAGE}-sl",
            "contentKind": "Solution",
            "version": "3.0.2",
            "displayName": DISPLAY_NAME,
        },
    }


def role_assignment():
    role = f"/providers/Microsoft.Authorization/roleDefinitions/{AUTOMATION_CONTRIBUTOR}"
    return {"properties": {"roleDefinitionId": role, "principalId": "sentinel-itself"}}


def answers():
    """By part and what it is of, as the client in memory wants it laid out."""
    plan = {"deviceQuota": 1000, "sentinelWorkspaceResourceIds": [WORKSPACE]}
    return {
        (Prerequisite.WORKSPACE, ""): {"name": "ws-ot", "properties": {"customerId": "c"}},
        (Prerequisite.ONBOARDING, ""): {"name": "default", "properties": {}},
        (Prerequisite.PROVIDER, ""): {"registrationState": "Registered"},
        (Prerequisite.RIGHTS, ""): [ALL_RIGHTS],
        (Prerequisite.CONNECTORS, ""): [connector()],
        (Prerequisite.PACKAGES, ""): [package_row()],
        (Prerequisite.CATALOGUE, ""): [package_row()],
        (Prerequisite.ANALYTICS_RULES, ""): [*solution(), creation_rule(enabled=False), fusion()],
        (Prerequisite.SETTINGS, ""): [
            {"name": "Ueba", "kind": "Ueba", "properties": {"dataSources": ["SigninLogs"]}}
        ],
        (Prerequisite.SUBSCRIPTION_RIGHTS, SUBSCRIPTION): [ALL_RIGHTS],
        (Prerequisite.PLAN, SUBSCRIPTION): [{"name": "default", "properties": plan}],
        (Prerequisite.REQUIREMENTS, SUBSCRIPTION): {
            "authorizationState": "Valid",
            "licenseState": "Valid",
        },
        (Prerequisite.ROLE_ASSIGNMENTS, GROUP): [role_assignment()],
    }


def playbook_rule():
    playbook = f"{GROUP}/providers/Microsoft.Logic/workflows/enrich"
    return {
        "displayName": "Enrich",
        "order": 1,
        "triggeringLogic": {"isEnabled": True},
        "actions": [
            {
                "order": 1,
                "actionType": "RunPlaybook",
                "actionConfiguration": {"logicAppResourceId": playbook},
            }
        ],
    }
