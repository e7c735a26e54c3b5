"""The addresses that tell whether a workspace is ready: rules, connectors, content, permissions."""

from __future__ import annotations

from functools import partial
from typing import Any

from simulator.arm.call import Call, Route, plain_route, security_route, workspace_route
from simulator.plant import PlantWorkspace
from simulator.replies import ArmRefusal, Reply, bad_request, not_found
from simulator.store.resources import Resource

Json = dict[str, Any]
_SINGULAR = {
    "alertRules": "Alert rule",
    "dataConnectors": "Data connector",
    "watchlists": "Watchlist",
    "contentPackages": "Package",
}


def _shown(call: Call, kind: str, one: Resource) -> Json:
    return {
        "id": f"{call.workspace.security_path}/{kind}/{one.name}",
        "name": one.name,
        "etag": one.etag,
        "type": f"Microsoft.SecurityInsights/{kind}",
        **as_switched(one.body, call.azure.facts(call.workspace), kind),
    }


def as_switched(body: Json, facts: Json, kind: str) -> Json:
    """A resource as the switches of its workspace leave it."""
    told = dict(body["properties"])
    if kind == "dataConnectors":
        told["dataTypes"] = {"alerts": {"state": facts["connector"]}}
    if facts["defender_portal"] and body.get("kind") in {
        "Fusion",
        "MicrosoftSecurityIncidentCreation",
    }:
        told["enabled"] = False
    return {**body, "properties": told}


def _list(call: Call, kind: str) -> Reply:
    shown = [
        _shown(call, kind, one) for one in call.azure.store.resources.all(call.workspace.key, kind)
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
        shown.append(
            {
                "id": f"{call.workspace.security_path}/{kind}/{name}",
                "name": name,
                "type": f"Microsoft.SecurityInsights/{kind}",
                **extra,
            }
        )
    return Reply(body={"value": shown})


def _get(call: Call, kind: str) -> Reply:
    found = call.azure.store.resources.get(call.workspace.key, kind, call.args["name"])
    if found is None:
        raise not_found(_SINGULAR[kind])
    return Reply(body=_shown(call, kind, found))


def _put_alert_rule(call: Call) -> Reply:
    told = call.json()
    held = call.azure.store.resources.get(call.workspace.key, "alertRules", call.args["name"])
    call.require_match(held.etag if held else None, told)
    properties = told.get("properties")
    if not told.get("kind") or not isinstance(properties, dict):
        raise bad_request("An alert rule needs kind and properties.")
    body = {"kind": told["kind"], "properties": properties}
    one = Resource(call.args["name"], call.azure.store.next_etag(call.now), body)
    call.azure.store.resources.put(call.workspace.key, "alertRules", one)
    return Reply(
        200 if held else 201,
        _shown(call, "alertRules", one),
        effect="rule written",
        before=held.etag if held else None,
        after=one.etag,
    )


def _put_connector(call: Call) -> Reply:
    told = call.json()
    if told.get("kind") != "IOT":
        raise bad_request("Only the connector kind IOT can be changed here.")
    asked = told.get("properties") or {}
    state = ((asked.get("dataTypes") or {}).get("alerts") or {}).get("state")
    if state not in {"Enabled", "Disabled"}:
        raise bad_request("dataTypes.alerts.state must be Enabled or Disabled.")
    switches = call.azure.store.fact(f"workspace:{call.workspace.key}", {})
    call.azure.store.keep(f"workspace:{call.workspace.key}", {**switches, "connector": state})
    one = Resource(
        call.args["name"],
        call.azure.store.next_etag(call.now),
        {"kind": "IOT", "properties": asked},
    )
    call.azure.store.resources.put(call.workspace.key, "dataConnectors", one)
    return Reply(
        200, _shown(call, "dataConnectors", one), effect="connector written", after=one.etag
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
    place = call.workspace
    return Reply(
        body={
            "id": place.path,
            "name": place.name,
            "location": "westeurope",
            "type": "Microsoft.OperationalInsights/workspaces",
            "properties": {
                "customerId": place.uid("customer"),
                "provisioningState": "Succeeded",
                "retentionInDays": 90,
                "sku": {"name": "PerGB2018"},
            },
        }
    )


def _permissions(call: Call) -> Reply:
    one = call.application
    return Reply(
        body={
            "value": [
                {
                    "actions": one.actions(),
                    "notActions": one.denied,
                    "dataActions": [],
                    "notDataActions": [],
                },
            ]
        }
    )


def of_subscription(call: Call) -> list[PlantWorkspace]:
    """The workspaces of the subscription in the address; refuses with 404."""
    found = [
        one
        for one in call.azure.workspaces
        if one.subscription_id.lower() == call.args["subscription"].lower()
    ]
    if not found:
        raise ArmRefusal(404, "SubscriptionNotFound", "The subscription could not be found.")
    return found


def _provider(call: Call) -> Reply:
    here = of_subscription(call)
    registered = all(call.azure.facts(one)["provider_registered"] for one in here)
    space = call.args["namespace"]
    return Reply(
        body={
            "id": f"/subscriptions/{here[0].subscription_id}/providers/{space}",
            "namespace": space,
            "registrationState": "Registered" if registered else "NotRegistered",
            "resourceTypes": [],
        }
    )


def _defender_settings(call: Call) -> Reply:
    here = of_subscription(call)
    if not any(call.azure.facts(one)["plan"] for one in here):
        return Reply(body={"value": []})
    linked = [one.path for one in here if call.azure.facts(one)["linked"]]
    path = f"/subscriptions/{here[0].subscription_id}/providers/Microsoft.IoTSecurity"
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
]
for _kind in _SINGULAR:
    ROUTES += [
        security_route("GET", f"/{_kind}", f"{_kind}/read", partial(_list, kind=_kind)),
        security_route("GET", f"/{_kind}/{{name}}", f"{_kind}/read", partial(_get, kind=_kind)),
    ]
