"""Whether an alert of the plant becomes an incident: by the connector and by the rules that run."""

import uuid
from dataclasses import replace
from typing import Any

from simulator.arm.provisioned import as_switched
from simulator.automation.rule_details import columns_of
from simulator.azure import Azure
from simulator.logs.rule_queries import asks_for_watchlist, is_anything_left
from simulator.own_rules import title_by_rule
from simulator.plant.catalogue import MDIOT
from simulator.plant.records import Case, PlantWorkspace
from simulator.solution import TITLE_FORMAT
from simulator.store.resources import Resource

Json = dict[str, Any]
_TWINS = uuid.UUID("4ef34f0e-6f7e-4b8a-9e0b-5a3a0a6d1f77")
_CREATION_RULE = "creation rule"
_KINDS = {"IP": "Ip", "DNS": "DnsResolution", "URL": "Url"}  # entities, by how mappings write them


def cases_shown(azure: Azure, case: Case) -> list[Case]:
    """A happening of the plant as the incidents that its workspace makes of it: none while the
    connector is off or no rule makes any, and two where both ways of making incidents are on.

    In a workspace that was never emptied and is not in the Defender portal, cases that name no rule
    are incidents all the same, as they are in its history.
    """
    workspace = azure.workspace(case.workspace)
    facts = azure.facts(workspace)
    if facts["connector"] != "Enabled":
        return []
    rules = _enabled_rules(azure, workspace, facts)
    by_rules_alone = facts["emptied"] or facts["defender_portal"]
    copy = azure.plant.made_by_rules(case) if by_rules_alone else case
    shown = []
    if copy is not None:
        named = copy.properties["relatedAnalyticRuleIds"]
        makers = [rules[rule] for rule in map(_last_name, named) if rule in rules]
        makers = [rule for rule in makers if _lets_through(azure, workspace, rule, case)]
        if makers or (not named and not by_rules_alone):
            made = _made_by(copy, workspace, [maker.name for maker in makers])
            if makers:
                made = _titled_by_rule(azure, made, makers[0])
            shown.append(replace(made, entity_kinds=_kinds_mapped_by(makers)))
    if facts["defender_portal"]:
        return [_titled_by_portal(azure, made) for made in shown]
    if creator := rules.get(_CREATION_RULE):
        twin = _made_by(case, workspace, [creator.name], prefix="")
        if shown:
            twin = replace(twin, name=str(uuid.uuid5(_TWINS, case.name)))
        shown.append(twin)
    return shown


def _lets_through(azure: Azure, workspace: PlantWorkspace, rule: Resource, case: Case) -> bool:
    """Whether a rule finds the case, where its query leaves out what a watchlist names."""
    query = str(rule.body["properties"].get("query") or "")
    if not asks_for_watchlist(query):
        return True
    return is_anything_left(azure, workspace, case, query)


def _last_name(path: str) -> str:
    return path.rpartition("/")[2].lower()


def _enabled_rules(azure: Azure, workspace: PlantWorkspace, facts: Json) -> dict[str, Resource]:
    """The rules that run and make incidents, by the template they were made from."""
    rules: dict[str, Resource] = {}
    for resource in azure.store.resources.all(workspace.key, "alertRules"):
        body = as_switched(resource.body, facts, "alertRules")
        properties = body["properties"]
        makes_incidents = properties.get("incidentConfiguration") or {}
        if not properties.get("enabled") or not makes_incidents.get("createIncident", True):
            continue
        if body["kind"] == "MicrosoftSecurityIncidentCreation":
            rules[_CREATION_RULE] = resource
        elif body["kind"] == "Scheduled":
            template = properties.get("alertRuleTemplateName") or resource.name
            rules[template.lower()] = resource
    return rules


def _kinds_mapped_by(rules: list[Resource]) -> tuple[str, ...] | None:
    """The kinds of entities that rules give their alerts: all where one passes on those of the
    alert, or where no rule made the incident; none where none maps any.
    """
    properties = [rule.body["properties"] for rule in rules]
    if not rules or any(rule.get("sentinelEntitiesMappings") for rule in properties):
        return None
    mappings = [mapping for rule in properties for mapping in rule.get("entityMappings") or []]
    types = [mapping.get("entityType") for mapping in mappings]
    return tuple(_KINDS.get(str(name), str(name)) for name in dict.fromkeys(types))


def _made_by(
    case: Case, workspace: PlantWorkspace, rules: list[str], *, prefix: str = MDIOT
) -> Case:
    """The case as the incident of these rules; of none, as the plant wrote it."""
    if not rules:
        return case
    ids = [f"{workspace.security_path}/alertRules/{name}" for name in rules]
    properties = {**case.properties, "relatedAnalyticRuleIds": ids}
    for member in ("title", "description"):
        properties[member] = prefix + str(properties[member]).removeprefix(MDIOT)
    return replace(case, properties=properties)


def _titled_by_rule(azure: Azure, case: Case, rule: Resource) -> Case:
    """The case with the titles that a rule gives to its alerts, as it is now; the incident has that
    of the first. Without a format an alert has the name of the rule.
    """
    override = rule.body["properties"].get("alertDetailsOverride") or {}
    if override.get("alertDisplayNameFormat") == TITLE_FORMAT:
        return case  # the plant has written them so
    alerts, _ = azure.plant.details(case.recipe)
    titles = {
        alert["name"]: title_by_rule(rule, columns_of(alert))
        for alert in alerts
        if "Analytic Rule Ids" in alert["properties"]["additionalData"]
    }
    first = titles.get(alerts[0]["name"], case.properties["title"])
    return replace(case, properties={**case.properties, "title": first}, titles=titles)


def _titled_by_portal(azure: Azure, case: Case) -> Case:
    _, entities = azure.plant.details(case.recipe)
    n_devices = sum(entity["kind"] == "IoTDevice" for entity in entities)
    assets = "one asset" if n_devices == 1 else "multiple assets"
    title = f"{case.properties['title']} involving {assets}"
    return replace(case, properties={**case.properties, "title": title})
