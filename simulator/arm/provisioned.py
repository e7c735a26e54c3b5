"""The addresses that show whether a workspace is ready: rules, connectors, content, permissions."""

import re
from functools import partial
from typing import Any

from simulator.arm.call import Call, Route, plain_route, security_route, workspace_route
from simulator.clock import iso
from simulator.plant.records import PlantWorkspace
from simulator.replies import ArmRefusal, Reply, bad_request, not_found
from simulator.store.resources import Resource

Json = dict[str, Any]
AUTOMATION_CONTRIBUTOR = "f4c81013-99ee-4d62-a7ee-b3f1f648599a"
# Connectors that onboarding to the Defender portal switches off.
OFF_IN_PORTAL = (
    "AzureActiveDirectory",
    "AzureAdvancedThreatProtection",
    "MicrosoftCloudAppSecurity",
    "MicrosoftDefenderAdvancedThreatProtection",
    "OfficeATP",
)
_FILTER_BY_PRINCIPAL = re.compile(r"principalId eq '(?P<id>[^']*)'")
_BY_KIND = ("alertRules", "dataConnectors", "settings")  # of kinds that a version may not have
_SINGULAR = {
    "alertRules": "Alert rule",
    "dataConnectors": "Data connector",
    "contentPackages": "Package",
    "settings": "Setting",
}


def resource_body(call: Call, kind: str, resource: Resource) -> Json:
    """A resource as ARM answers it."""
    whole = {
        "id": f"{call.workspace.security_path}/{kind}/{resource.name}",
        "name": resource.name,
        "etag": resource.etag,
        "type": f"Microsoft.SecurityInsights/{kind}",
        **as_switched(resource.body, call.azure.facts(call.workspace), kind),
    }
    return call.schema.project(kind, whole)


def as_switched(body: Json, facts: Json, kind: str) -> Json:
    """A resource as the switches of its workspace leave it."""
    properties = dict(body["properties"])
    if kind == "dataConnectors" and body.get("kind") == "IOT":
        properties["dataTypes"] = {"alerts": {"state": facts["connector"]}}
    if facts["defender_portal"] and body.get("kind") in OFF_IN_PORTAL:
        properties["dataTypes"] = {"alerts": {"state": "Disabled"}}
    if facts["defender_portal"] and body.get("kind") in {
        "Fusion",
        "MicrosoftSecurityIncidentCreation",
    }:
        properties["enabled"] = False
    return {**body, "properties": properties}


def _list(call: Call, kind: str) -> Reply:
    resources = [
        resource_body(call, kind, resource)
        for resource in call.azure.store.resources.all(call.workspace.key, kind)
        if kind not in _BY_KIND or call.schema.has_kind(kind, str(resource.body.get("kind")))
    ]
    if kind == "dataConnectors" and call.azure.facts(call.workspace)["defender_portal"]:
        name = call.workspace.uid("xdr connector")
        extra = {
            "kind": "MicrosoftThreatProtection",
            "properties": {
                "tenantId": call.workspace.tenant_id,
                "dataTypes": {"incidents": {"state": "Enabled"}},
            },
        }
        resources.append(
            {
                "id": f"{call.workspace.security_path}/{kind}/{name}",
                "name": name,
                "type": f"Microsoft.SecurityInsights/{kind}",
                **extra,
            }
        )
    return Reply(body={"value": resources})


def _get(call: Call, kind: str) -> Reply:
    resource = call.azure.store.resources.get(call.workspace.key, kind, call.args["name"])
    if resource is None or (
        kind in _BY_KIND and not call.schema.has_kind(kind, str(resource.body.get("kind")))
    ):
        raise not_found(_SINGULAR[kind])
    return Reply(body=resource_body(call, kind, resource))


def _put_alert_rule(call: Call) -> Reply:
    content = call.resource("alertRules")
    stored = call.azure.store.resources.get(call.workspace.key, "alertRules", call.args["name"])
    call.require_match(stored, content)
    properties = content.get("properties")
    if not isinstance(properties, dict):
        raise bad_request("An alert rule needs kind and properties.")
    stamp = iso(call.azure.stamp(call.now))
    body = {"kind": content["kind"], "properties": {**properties, "lastModifiedUtc": stamp}}
    rule = Resource(call.args["name"], call.azure.store.next_etag(call.now), body)
    call.azure.store.resources.put(call.workspace.key, "alertRules", rule)
    resource = resource_body(call, "alertRules", rule)
    return call.written(resource, former=stored, etag=rule.etag, effect="rule written")


def _role_assignments(call: Call) -> Reply:
    """Who holds which role on the group that holds the playbooks."""
    scope = call.args["scope"]
    values = []
    for workspace in call.azure.workspaces:
        group = f"/subscriptions/{workspace.subscription_id}/resourceGroups/"
        group += workspace.resource_group
        if (
            scope.lower().startswith(group.lower())
            and call.azure.facts(workspace)["playbook_permission"]
        ):
            values.append(_playbook_permission(group, workspace))
    if wanted := _FILTER_BY_PRINCIPAL.search(call.query.get("$filter", "")):
        values = [row for row in values if row["properties"]["principalId"] == wanted["id"]]
    return Reply(body={"value": values})


def _playbook_permission(group: str, workspace: PlantWorkspace) -> Json:
    name = workspace.uid("playbook permission")
    role = f"/providers/Microsoft.Authorization/roleDefinitions/{AUTOMATION_CONTRIBUTOR}"
    return {
        "id": f"{group}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "name": name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId": f"/subscriptions/{workspace.subscription_id}{role}",
            "principalId": workspace.uid("Azure Security Insights"),
            "principalType": "ServicePrincipal",
            "scope": group,
        },
    }


def _put_connector(call: Call) -> Reply:
    body = call.resource("dataConnectors")
    if body.get("kind") != "IOT":
        raise bad_request("Only the connector kind IOT can be changed here.")
    properties = body.get("properties") or {}
    state = ((properties.get("dataTypes") or {}).get("alerts") or {}).get("state")
    if state not in {"Enabled", "Disabled"}:
        raise bad_request("dataTypes.alerts.state must be Enabled or Disabled.")
    switches = call.azure.store.fact(f"workspace:{call.workspace.key}", {})
    call.azure.store.keep(f"workspace:{call.workspace.key}", {**switches, "connector": state})
    connector = Resource(
        call.args["name"],
        call.azure.store.next_etag(call.now),
        {"kind": "IOT", "properties": properties},
    )
    call.azure.store.resources.put(call.workspace.key, "dataConnectors", connector)
    return Reply(
        200,
        resource_body(call, "dataConnectors", connector),
        effect="connector written",
        after=connector.etag,
    )


def _check_requirements(call: Call) -> Reply:
    if call.json().get("kind") != "IOT":
        raise bad_request("Only the connector kind IOT is known here.")
    facts = call.azure.facts(call.workspace)
    return Reply(body={"authorizationState": "Valid", "licenseState": facts["license"]})


def _onboarding(call: Call) -> Reply:
    if not call.azure.facts(call.workspace)["sentinel"]:
        raise not_found("Onboarding state")
    return Reply(
        body={
            "id": f"{call.workspace.security_path}/onboardingStates/default",
            "name": "default",
            "type": "Microsoft.SecurityInsights/onboardingStates",
            "properties": {"customerManagedKey": False},
        }
    )


def _workspace(call: Call) -> Reply:
    workspace = call.workspace
    return Reply(
        body={
            "id": workspace.path,
            "name": workspace.name,
            "location": "westeurope",
            "type": "Microsoft.OperationalInsights/workspaces",
            "properties": {
                "customerId": workspace.uid("customer"),
                "provisioningState": "Succeeded",
                "retentionInDays": 90,
                "sku": {"name": "PerGB2018"},
            },
        }
    )


def _permissions(call: Call) -> Reply:
    application = call.application
    return Reply(
        body={
            "value": [
                {
                    "actions": application.actions(),
                    "notActions": application.denied,
                    "dataActions": [],
                    "notDataActions": [],
                },
            ]
        }
    )


def of_subscription(call: Call) -> list[PlantWorkspace]:
    """The workspaces of the subscription in the address; refuses with 404."""
    workspaces = [
        workspace
        for workspace in call.azure.workspaces
        if workspace.subscription_id.lower() == call.args["subscription"].lower()
    ]
    if not workspaces:
        raise ArmRefusal(404, "SubscriptionNotFound", "The subscription could not be found.")
    return workspaces


def _provider(call: Call) -> Reply:
    workspaces = of_subscription(call)
    registered = all(call.azure.facts(workspace)["provider_registered"] for workspace in workspaces)
    space = call.args["namespace"]
    return Reply(
        body={
            "id": f"/subscriptions/{workspaces[0].subscription_id}/providers/{space}",
            "namespace": space,
            "registrationState": "Registered" if registered else "NotRegistered",
            "resourceTypes": [],
        }
    )


def _defender_settings(call: Call) -> Reply:
    workspaces = of_subscription(call)
    if not any(call.azure.facts(workspace)["plan"] for workspace in workspaces):
        return Reply(body={"value": []})
    linked = [workspace.path for workspace in workspaces if call.azure.facts(workspace)["linked"]]
    path = f"/subscriptions/{workspaces[0].subscription_id}/providers/Microsoft.IoTSecurity"
    return Reply(
        body={
            "value": [
                {
                    "id": f"{path}/defenderSettings/default",
                    "name": "default",
                    "type": "Microsoft.IoTSecurity/defenderSettings",
                    "properties": {
                        "deviceQuota": 1000,
                        "onboardingKind": "Default",
                        "sentinelWorkspaceResourceIds": linked,
                    },
                }
            ]
        }
    )


_SUBSCRIPTION = "/subscriptions/{subscription}"
ROUTES: list[Route] = [
    workspace_route("GET", "", "Microsoft.OperationalInsights/workspaces/read", _workspace),
    plain_route(
        "GET",
        r"(?P<scope>/.*)/providers/Microsoft\.Authorization/permissions",
        "Microsoft.Authorization/permissions/read",
        _permissions,
    ),
    plain_route(
        "GET",
        _SUBSCRIPTION + r"/providers/Microsoft\.IoTSecurity/defenderSettings",
        "Microsoft.IoTSecurity/defenderSettings/read",
        _defender_settings,
    ),
    plain_route(
        "GET",
        _SUBSCRIPTION + r"/providers/(?P<namespace>[\w.]+)",
        "Microsoft.Resources/subscriptions/providers/read",
        _provider,
    ),
    security_route("GET", "/onboardingStates/default", "onboardingStates/read", _onboarding),
    security_route(
        "POST",
        "/dataConnectorsCheckRequirements",
        "dataConnectorsCheckRequirements/action",
        _check_requirements,
        reads=True,
    ),
    security_route("PUT", "/alertRules/{name}", "alertRules/write", _put_alert_rule),
    security_route("PUT", "/dataConnectors/{name}", "dataConnectors/write", _put_connector),
    plain_route(
        "GET",
        r"(?P<scope>/.*)/providers/Microsoft\.Authorization/roleAssignments",
        "Microsoft.Authorization/roleAssignments/read",
        _role_assignments,
    ),
]
for _kind in _SINGULAR:
    ROUTES += [
        security_route("GET", f"/{_kind}", f"{_kind}/read", partial(_list, kind=_kind)),
        security_route("GET", f"/{_kind}/{{name}}", f"{_kind}/read", partial(_get, kind=_kind)),
    ]
