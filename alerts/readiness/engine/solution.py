"""The Defender for IoT solution of Sentinel: its analytics rules, and what they leave out."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from alerts.incidents.engine.catalogue import all_types
from alerts.incidents.engine.title_proof import NAME_OF_ALERT, TitleRules

DISPLAY_NAME = "Microsoft Defender for IoT"
PRODUCT = "Azure Security Center for IoT"  # how the connector's own rule names the product
NO_CORRELATION = "#DONT_CORR#"
_CREATION = "MicrosoftSecurityIncidentCreation"
_SUFFIX = "(microsoft defender for iot)"
_RULES = {
    "Denial of Service": "e068187a-01f5-4737-bc13-25db4027b7ea",
    "Excessive Login Attempts": "f5217b4c-3f1f-4d89-b4f3-5d7581da1c1c",
    "Firmware Updates": "7cad4b66-5e83-4756-8de4-f21315ab1e77",
    "High bandwidth in the network": "caa4665f-21fa-462d-bb31-92226e746c68",
    "Illegal Function Codes for ICS traffic": "70be4a31-9d2b-433b-bdc7-da8928988069",
    "Internet Access": "9ff3b13b-287a-4ed0-8f6b-7e7b66cbbcbd",
    "Multiple scans in the network": "493916d5-a094-4bfa-bdd1-d983a063ea3d",
    "No traffic on Sensor Detected": "208c3f5b-3ba2-49b5-9bca-c44e58cd5fd3",
    "PLC Stop Command": "a7d3f642-15d8-4e83-99ee-83ca3352525d",
    "PLC unsecure key state": "f9df500a-e2a4-4104-a517-dc1d85bb654f",
    "Suspicious malware found in the network": "6fb1acd5-356d-40f7-9b97-78d993c6a183",
    "Unauthorized device in the network": "f4c71e55-6192-47ca-92e2-0856ae502a46",
    "Unauthorized DHCP configuration": "c52ec521-9188-4a9e-a4cd-34a3dfbc3d27",
    "Unauthorized PLC changes": "c2fb27c7-5f67-49c4-aaf3-d82934234a69",
    "Unauthorized remote access to the network": "1ff4fa3d-150b-4c87-b733-26c289af0d49",
}
RULE_NAMES: Mapping[str, str] = {template: name for name, template in _RULES.items()}
COVERAGE_RULE = "Tagout: OT alert types without a rule"


def template_of(rule: Mapping[str, Any]) -> str:
    """Return the id of the solution's template behind an analytics rule; empty for another rule. A
    rule that was made by hand is known by its name.
    """
    template = str(rule.get("template") or rule.get("name") or "").lower()
    if template in RULE_NAMES:
        return template
    name = " ".join(str(rule.get("display_name") or "").lower().split())
    name = name.removesuffix(_SUFFIX).strip()
    # One rule is called "… in the network" in the content hub and without it in the list of rules.
    for rule_name, found in _RULES.items():
        if name in (rule_name.lower(), f"{rule_name.lower()} in the network"):
            return found
    return ""


def solution_rules(rules: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the rules of the solution by template. Of several, an enabled one."""
    found: dict[str, Mapping[str, Any]] = {}
    for rule in rules:
        template = template_of(rule)
        if template and not (template in found and found[template]["enabled"]):
            found[template] = rule
    return found


def is_connectors_rule(rule: Mapping[str, Any]) -> bool:
    """Return whether this is the connector's own rule, which makes an incident of every alert."""
    return is_creation_rule(rule) and rule["product"] in (PRODUCT, DISPLAY_NAME)


def is_creation_rule(rule: Mapping[str, Any]) -> bool:
    """Return whether a rule makes an incident of every alert of some Microsoft product."""
    return bool(rule["kind"] == _CREATION)


def reads_iot(rule: Mapping[str, Any]) -> bool:
    """Return whether a rule reads alerts of Defender for IoT, enabled or not: one of the
    solution's, the connector's own, or one whose query may name it. Incidents of the others stay
    outside, so in doubt it does.
    """
    return bool(template_of(rule)) or is_connectors_rule(rule) or bool(rule["may_read_iot"])


def incident_rules(rules: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the enabled scheduled rules that make incidents of alerts of Defender for IoT: the
    solution's, and others whose query names it.
    """
    return [
        rule
        for rule in rules
        if rule["enabled"]
        and rule["creates_incidents"]
        and rule["kind"] in ("Scheduled", "NRT")
        and (template_of(rule) or rule["mentions_iot"])
    ]


def other_titling_rules(rules: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the enabled scheduled rules beside these whose incidents may have the title of an
    alert of Defender for IoT: those whose query may name it, and any with one fixed title.
    """
    makers = incident_rules(rules)
    return [
        rule
        for rule in rules
        if rule["enabled"]
        and rule["creates_incidents"]
        and rule["kind"] in ("Scheduled", "NRT")
        and rule not in makers
        and (rule["may_read_iot"] or rule.get("title"))
    ]


def title_rules(rules: Iterable[Mapping[str, Any]]) -> TitleRules:
    """Return what the titles of alerts prove by the scheduled rules, enabled or not, that read
    alerts of Defender for IoT.
    """
    names: dict[bool, set[str]] = {True: set(), False: set()}
    for rule in rules:
        if rule["kind"] in ("Scheduled", "NRT") and reads_iot(rule):
            names[rule.get("title") == NAME_OF_ALERT].add(str(rule["name"]).lower())
    return TitleRules(naming=frozenset(names[True]), doubtful=frozenset(names[False]))


def is_proved(rule: Mapping[str, Any]) -> bool:
    """Return whether it is known which alert types a rule takes, and one of the solution takes no
    more of the catalogue than its template. What shows the type of each alert may take any.
    """
    if not rule.get("is_plain"):
        return False
    name, titles = RULE_NAMES.get(template_of(rule)), rule.get("titles")
    if not name or "AlertName" in rule["details"]:
        return True
    # One rule is called "… in the network" in the content hub and without it in the list of rules.
    names = {name, f"{name} in the network"}
    others = {kind.title for kind in all_types() if not names & set(kind.solution_rules)}
    return titles is not None and not others & set(titles)


def is_tagged(rule: Mapping[str, Any]) -> bool:
    """Return whether a rule keeps the Defender portal from merging its incidents with others."""
    return str(rule["description"]).strip().upper().startswith(NO_CORRELATION)


def titles_without_rule() -> list[str]:
    """Return the titles of the alert types that no rule of the solution selects."""
    return sorted({kind.title for kind in all_types() if not kind.becomes_incident})


def coverage_query() -> str:
    """Return the KQL of a scheduled rule that makes incidents of exactly these types."""
    titles = ",\n    ".join(f'"{title}"' for title in titles_without_rule())
    return f"""SecurityAlert
| where ProviderName == "IoTSecurity"
| where tostring(parse_json(ExtendedProperties).isNew) == "True"
| where AlertName in (
    {titles}
)
| extend Properties = parse_json(ExtendedProperties)
| extend Sensor = tostring(Properties.DeviceId), Protocol = tostring(Properties.Protocol),
    Site = tostring(Properties.SiteDisplayName), Zone = tostring(Properties.SensorZone)
| project TimeGenerated, AlertName, AlertSeverity, Description, ProductName, ProductComponentName,
    Sensor, Protocol, Site, Zone, VendorOriginalId, RemediationSteps, Tactics, Entities"""
