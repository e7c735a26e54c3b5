"""What is written to make a workspace ready, as Azure expects it."""

from typing import Any

from alerts.readiness.engine.rule_members import READ_ONLY
from alerts.readiness.engine.solution import COVERAGE_RULE, NO_CORRELATION, coverage_query

type Json = dict[str, Any]
TYPE_DETAIL = "AlertName"


def connector_body(subscription: str, *, etag: str = "") -> Json:
    """Return the Defender for IoT connector of a subscription, switched on."""
    properties = {"subscriptionId": subscription, "dataTypes": {"alerts": {"state": "Enabled"}}}
    return {"kind": "IOT", "properties": properties} | ({"etag": etag} if etag else {})


def package_body(package: Json) -> Json:
    """Return what installs a package of the catalogue."""
    return {
        "properties": {
            "contentId": package["content_id"],
            "contentProductId": package["product_id"],
            "contentKind": package["kind"] or "Solution",
            "version": package["version"],
            "displayName": package["display_name"],
        }
    }


def changed_rule(rule: Json, **changes: Any) -> Json:
    """Return an analytics rule as it came, with these properties changed."""
    properties = {k: v for k, v in rule.get("properties", {}).items() if k not in READ_ONLY}
    body = {"kind": rule.get("kind"), "properties": properties | changes}
    return body | ({"etag": rule["etag"]} if rule.get("etag") else {})


def tagged(description: object) -> str:
    """Return a description with what keeps the Defender portal from merging its incidents."""
    return f"{NO_CORRELATION} {description or ''}".strip()


def rule_from_template(answer: Json, *, template: str, version: str, with_tag: bool) -> Json | None:
    """Return the enabled rule of a content template; None where it holds none. `with_tag` keeps
    the Defender portal from merging its incidents with others.
    """
    main = (answer.get("properties") or {}).get("mainTemplate")
    resources = main.get("resources") if isinstance(main, dict) else None
    for resource in resources if isinstance(resources, list) else []:
        properties = resource.get("properties") if isinstance(resource, dict) else None
        kind = resource.get("kind") if isinstance(resource, dict) else None
        if kind not in ("Scheduled", "NRT") or not isinstance(properties, dict):
            continue
        made = {k: v for k, v in properties.items() if k not in READ_ONLY}
        made |= {"enabled": True, "alertRuleTemplateName": template, "templateVersion": version}
        made["customDetails"] = with_type_detail(made.get("customDetails"))
        description = str(made.get("description") or "")
        if with_tag and not description.upper().startswith(NO_CORRELATION):
            made["description"] = tagged(description)
        return {"kind": kind, "properties": made}
    return None


def with_type_detail(details: object) -> Json:
    """Return the custom details of an analytics rule with the one that shows the alert type. The
    queries of the solution keep that column. Conditions of the Defender portal rest on it.
    """
    return (details if isinstance(details, dict) else {}) | {TYPE_DETAIL: TYPE_DETAIL}


def coverage_body() -> Json:
    """Return a scheduled rule that makes incidents of the types that no rule of the solution
    selects, one for each alert, and keeps them from being merged.
    """
    return {
        "kind": "Scheduled",
        "properties": {
            "displayName": COVERAGE_RULE,
            "description": f"{NO_CORRELATION} Alert types of Defender for IoT that no rule of the "
            "solution selects.",
            "severity": "Medium",
            "enabled": True,
            "query": coverage_query(),
            "queryFrequency": "PT1H",
            "queryPeriod": "PT1H",
            "triggerOperator": "GreaterThan",
            "triggerThreshold": 0,
            "suppressionDuration": "PT5H",
            "suppressionEnabled": False,
            "eventGroupingSettings": {"aggregationKind": "AlertPerResult"},
            "alertDetailsOverride": {
                "alertDisplayNameFormat": "(MDIoT) {{AlertName}}",
                "alertDescriptionFormat": "(MDIoT) {{Description}}",
                "alertSeverityColumnName": "AlertSeverity",
                "alertTacticsColumnName": "Tactics",
                "alertDynamicProperties": [
                    {"alertProperty": "ProductName", "value": "ProductName"},
                    {"alertProperty": "ProductComponentName", "value": "ProductComponentName"},
                    {"alertProperty": "RemediationSteps", "value": "RemediationSteps"},
                ],
            },
            "sentinelEntitiesMappings": [{"columnName": "Entities"}],
            "customDetails": {
                TYPE_DETAIL: TYPE_DETAIL,
                "Sensor": "Sensor",
                "Protocol": "Protocol",
                "VendorOriginalId": "VendorOriginalId",
                "Site": "Site",
                "Zone": "Zone",
            },
            "incidentConfiguration": {
                "createIncident": True,
                "groupingConfiguration": {
                    "enabled": False,
                    "reopenClosedIncident": False,
                    "lookbackDuration": "PT5H",
                    "matchingMethod": "AllEntities",
                },
            },
        },
    }
