"""Azure's answers about a workspace, cut down to what checks ask for. What is missing or of another
kind is left out or empty, never an error.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

import orjson

from alerts.incidents.engine.title_proof import NAME_OF_ALERT
from alerts.readiness.engine.rule_query import (
    ENTITIES,
    TITLE,
    QueryTypes,
    columns_as_written,
    types_of_query,
)
from alerts.sentinel.client.prerequisites import Prerequisite
from alerts.sentinel.wire.playbooks import is_playbook_id
from alerts.sentinel.wire.values import D4IOT_PRODUCTS

type Json = dict[str, Any]
# Columns of the table SecurityIncident that the Defender portal leaves out, renames or fills anew.
_INCIDENT_TEXTS = re.compile(r"\b(Title|Description|ProviderName)\b")
# A word that begins with it, however a query spells the product: has "IoT", contains "for IoT".
_IOT = re.compile(r"(?<![a-z])iot", re.IGNORECASE)
# What solutions write; Sentinel puts columns of the result in. Without a format it is the rule's.
_FORMATS_OF_NAME = ("(MDIoT) {{AlertName}}", "{{AlertName}}")
_PLACEHOLDER = re.compile(r"\{\{")
MAX_ROWS, MAX_TEXT, MAX_DETAILS, MAX_QUERY = 2_000, 500, 20, 100_000


class UnreadableAnswer(Exception):
    """An answer is not the JSON it should be."""


def read_answer(body: bytes) -> Json:
    """Return the object that an answer is. Raises UnreadableAnswer."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise UnreadableAnswer("The answer is no JSON.") from None
    if not isinstance(answer, dict):
        raise UnreadableAnswer("The answer is no object.")
    return answer


def read_page(body: bytes) -> tuple[list[Json], str | None]:
    """Return the resources of one page and the link to the next. Raises UnreadableAnswer."""
    answer = read_answer(body)
    rows = answer.get("value")
    if not isinstance(rows, list):
        raise UnreadableAnswer("The answer is no list.")
    link = answer.get("nextLink")
    return [row for row in rows if isinstance(row, dict)], link if isinstance(link, str) else None


def resource_facts(part: Prerequisite, rows: Iterable[Json]) -> list[Json]:
    """Return what checks need of each resource of a list."""
    cut = _CUTS[part]
    return [cut(row, _object(row.get("properties"))) for row in islice(rows, MAX_ROWS)]


def single_fact(part: Prerequisite, answer: Json) -> Json:
    """Return what checks need of an answer that is no list."""
    properties = _object(answer.get("properties"))
    match part:
        case Prerequisite.WORKSPACE:
            return {
                "name": _text(answer.get("name")),
                "has_customer_id": bool(properties.get("customerId")),
            }
        case Prerequisite.PROVIDER:
            return {"state": _text(answer.get("registrationState"))}
        case Prerequisite.REQUIREMENTS:
            return {
                "authorization": _text(answer.get("authorizationState")),
                "license": _text(answer.get("licenseState")),
            }
    return {"is_on": True}  # the onboarding state of Sentinel: it exists


def playbook_groups(rules: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the resource groups, as whole ids, of the playbooks that automation rules start."""
    groups = set()
    for properties in rules:
        for action in _list(properties.get("actions")):
            values = _object(_object(action).get("actionConfiguration"))
            playbook = _text(values.get("logicAppResourceId"))
            if is_playbook_id(playbook):
                groups.add(playbook.partition("/providers/")[0])
    return sorted(groups)


def _rights(row: Json, _properties: Json) -> Json:
    return {"actions": _texts(row.get("actions")), "not_actions": _texts(row.get("notActions"))}


def _connector(row: Json, properties: Json) -> Json:
    alerts = _object(_object(properties.get("dataTypes")).get("alerts"))
    return {
        "name": _text(row.get("name")),
        "kind": _text(row.get("kind")),
        "subscription": _text(properties.get("subscriptionId")).lower(),
        "is_on": _text(alerts.get("state")) == "Enabled",
    }


def _rule(row: Json, properties: Json) -> Json:
    making = _object(properties.get("incidentConfiguration"))
    grouping = _object(making.get("groupingConfiguration"))
    query = _text(properties.get("query"), limit=MAX_QUERY)
    is_whole = query == properties.get("query")  # nothing is proved of one that is cut off
    types = types_of_query(query) if is_whole else QueryTypes()
    columns = columns_as_written(query) if is_whole else frozenset()
    events = _object(properties.get("eventGroupingSettings"))
    return {
        "name": _text(row.get("name")),
        "kind": _text(row.get("kind")),
        "display_name": _text(properties.get("displayName")),
        "enabled": properties.get("enabled") is True,
        "template": _text(properties.get("alertRuleTemplateName")),
        "creates_incidents": making.get("createIncident") is not False,
        "product": _text(properties.get("productFilter")),
        "description": _text(properties.get("description"))[:40],
        "mentions_iot": _mentions_iot(query),
        "may_read_iot": bool(_IOT.search(query)),
        # An alert of several results shows the titles and devices of all of them.
        "is_plain": types.is_plain and _is_alert_per_result(events),
        "titles": None if types.titles is None else sorted(types.titles),
        "has_only_titles": types.has_only_titles,
        # Custom details that show, under the name of its column, what the sensor wrote.
        "details": sorted(
            k for k, v in _object(properties.get("customDetails")).items() if k == v in columns
        )[:MAX_DETAILS],
        "passes_entities": ENTITIES in columns and _passes_entities(properties),
        "title": _title_of(properties, columns=columns, is_single=_is_alert_per_result(events)),
        "reopens": grouping.get("enabled") is True and grouping.get("reopenClosedIncident") is True,
        "reads_incident_texts": bool(_INCIDENT_TEXTS.search(query)) and "SecurityIncident" in query,
    }


def _is_alert_per_result(events: Json) -> bool:
    return _text(events.get("aggregationKind")) == "AlertPerResult"


def _title_of(properties: Json, *, columns: frozenset[str], is_single: bool) -> str | None:
    """Return the title that all alerts of a rule have; NAME_OF_ALERT
    where it is the name of each alert,
    None where it may be any. `columns` hold what the sensor wrote, `is_single`: of each result.
    """
    override = _object(properties.get("alertDetailsOverride"))
    title = override.get("alertDisplayNameFormat") or properties.get("displayName")
    if not isinstance(title, str) or _PLACEHOLDER.search(title):
        return (
            NAME_OF_ALERT if title in _FORMATS_OF_NAME and TITLE in columns and is_single else None
        )
    return _text(title)


def _passes_entities(properties: Json) -> bool:
    """Whether alerts of a rule have the entities in that column, and no others."""
    mappings = _list(properties.get("sentinelEntitiesMappings"))
    columns = [_object(mapping).get("columnName") for mapping in mappings]
    return columns == [ENTITIES] and not properties.get("entityMappings")


def _mentions_iot(query: str) -> bool:
    """Whether a query names Defender for IoT, as provider or as product."""
    text = query.casefold()
    return any(name in text for name in ("iotsecurity", *D4IOT_PRODUCTS))


def _package(row: Json, properties: Json) -> Json:
    return {
        "name": _text(row.get("name")),
        "content_id": _text(properties.get("contentId")),
        "product_id": _text(properties.get("contentProductId")),
        "kind": _text(properties.get("contentKind")),
        "display_name": _text(properties.get("displayName")),
        "version": _text(properties.get("version")),
    }


def _template(row: Json, properties: Json) -> Json:
    return {
        "name": _text(row.get("name")),
        "content_id": _text(properties.get("contentId")).lower(),
        "kind": _text(properties.get("contentKind")),
        "version": _text(properties.get("version")),
    }


def _setting(row: Json, properties: Json) -> Json:
    sources = properties.get("dataSources") or properties.get("entityProviders")
    return {
        "kind": _text(row.get("kind")) or _text(row.get("name")),
        "is_on": properties.get("isEnabled") is not False,
        "sources": _texts(sources),
    }


def _plan(row: Json, properties: Json) -> Json:
    return {
        "quota": properties.get("deviceQuota"),
        "workspaces": [
            text.lower() for text in _texts(properties.get("sentinelWorkspaceResourceIds"))
        ],
    }


def _assignment(_row: Json, properties: Json) -> Json:
    return {
        "role": _text(properties.get("roleDefinitionId")).rpartition("/")[2].lower(),
        "principal": _text(properties.get("principalId")),
        "kind": _text(properties.get("principalType")),
        "scope": _text(properties.get("scope")),
    }


_CUTS: Mapping[Prerequisite, Callable[[Json, Json], Json]] = {
    Prerequisite.RIGHTS: _rights,
    Prerequisite.SUBSCRIPTION_RIGHTS: _rights,
    Prerequisite.GROUP_RIGHTS: _rights,
    Prerequisite.CONNECTORS: _connector,
    Prerequisite.ANALYTICS_RULES: _rule,
    Prerequisite.PACKAGES: _package,
    Prerequisite.CATALOGUE: _package,
    Prerequisite.TEMPLATES: _template,
    Prerequisite.SETTINGS: _setting,
    Prerequisite.PLAN: _plan,
    Prerequisite.ROLE_ASSIGNMENTS: _assignment,
}
IS_LIST = frozenset(_CUTS)


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any, *, limit: int = MAX_TEXT) -> str:
    return value[:limit].replace("\x00", "") if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    return [_text(text) for text in _list(value)[:MAX_ROWS] if isinstance(text, str)]
