"""Answers of Log Analytics: tables of rows, which are put as Sentinel's own API returns the same,
so that one set of readers understands both.

A row of `SecurityIncident` is one version of an incident, a row of `SecurityAlert` one of an alert;
what is nested comes as JSON in a text. Empty texts are values that are missing.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from msgspec import Struct, structs

from alerts.sentinel.wire.alerts import WireAlert, read_alerts
from alerts.sentinel.wire.entities import WireEntity, read_entities
from alerts.sentinel.wire.incidents import WireIncident, read_incident_page
from alerts.sentinel.wire.records import NotAPage, UnreadableRecord
from alerts.sentinel.wire.values import moment_field

type LogRow = dict[str, Any]

# The names of entities that came from here begin so: Sentinel's own ids of them are not in the
# logs. Once Sentinel itself was asked for an incident's entities, these go (incidents/ingest).
LOG_ENTITY_PREFIX = "log-"
MADE_BY_RULE = "ASI Scheduled Alerts"
_PRIMARY = "PrimaryResult"
_INCIDENT_MEMBERS = {
    "title": "Title",
    "description": "Description",
    "severity": "Severity",
    "status": "Status",
    "classification": "Classification",
    "classificationReason": "ClassificationReason",
    "classificationComment": "ClassificationComment",
    "firstActivityTimeUtc": "FirstActivityTime",
    "lastActivityTimeUtc": "LastActivityTime",
    "lastModifiedTimeUtc": "LastModifiedTime",
    "createdTimeUtc": "CreatedTime",
    "incidentNumber": "IncidentNumber",
    "incidentUrl": "IncidentUrl",
    "providerName": "ProviderName",
    "providerIncidentId": "ProviderIncidentId",
}
_INCIDENT_PARTS = {
    "owner": "Owner",
    "labels": "Labels",
    "relatedAnalyticRuleIds": "RelatedAnalyticRuleIds",
    "additionalData": "AdditionalData",
}
_ALERT_MEMBERS = {
    "systemAlertId": "SystemAlertId",
    "alertDisplayName": "DisplayName",
    "alertType": "AlertType",
    "severity": "AlertSeverity",
    "status": "Status",
    "description": "Description",
    "productName": "ProductName",
    "productComponentName": "ProductComponentName",
    "vendorName": "VendorName",
    "providerName": "ProviderName",
    "compromisedEntity": "CompromisedEntity",
    "alertLink": "AlertLink",
    "startTimeUtc": "StartTime",
    "endTimeUtc": "EndTime",
    "timeGenerated": "TimeGenerated",
    "processingEndTime": "ProcessingEndTime",
}
_KINDS = {
    "ip": "Ip",
    "iotdevice": "IoTDevice",
    "host": "Host",
    "account": "Account",
    "file": "File",
    "process": "Process",
    "url": "Url",
    "dns": "DnsResolution",
    "mailbox": "Mailbox",
    "malware": "Malware",
    "networkconnection": "NetworkConnection",
    "nic": "Nic",
    "azure-resource": "AzureResource",
}
_LINKS = {"IpAddress": "ipAddressEntityId", "Host": "hostEntityId"}


class LogAnswer(Struct, frozen=True):
    """The rows of an answer. One that is partial lacks rows, and `problem` has the reason; nothing
    may be concluded from what it does not hold.
    """

    rows: list[LogRow]
    is_partial: bool
    problem: str


class LogIncident(Struct, frozen=True):
    """An incident of the logs, and the ids of the alerts in it (lower case)."""

    incident: WireIncident | UnreadableRecord
    alert_ids: tuple[str, ...]


class LogCloser(Struct, frozen=True):
    """Who closed an incident, by its name, and when, as a row of `SecurityIncident` has it."""

    incident_name: str
    name: str
    closed_at: datetime


def read_log_answer(body: bytes) -> LogAnswer:
    """Read the answer to a query; raises NotAPage where it is no table."""
    try:
        whole = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise NotAPage("The answer is no JSON.") from None
    tables = whole.get("tables") if isinstance(whole, dict) else None
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise NotAPage("The answer holds no tables.")
    error = whole.get("error")
    table = next((table for table in tables if table.get("name") == _PRIMARY), None)
    if table is None:
        if error is not None:
            return LogAnswer([], True, _problem_in(error))
        raise NotAPage("The answer holds no result.")
    columns, rows = table.get("columns"), table.get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list):
        raise NotAPage("The answer's table has no columns or no rows.")
    names = [str(column.get("name")) if isinstance(column, dict) else "" for column in columns]
    if any(not isinstance(row, list) or len(row) != len(names) for row in rows):
        raise NotAPage("The rows of the answer do not fit its columns.")
    named = [dict(zip(names, row, strict=True)) for row in rows]
    return LogAnswer(named, error is not None, _problem_in(error) if error is not None else "")


def _problem_in(error: object) -> str:
    """The innermost sentence of an error, which describes what happened."""
    text = ""
    for _ in range(8):
        if not isinstance(error, dict):
            break
        text = str(error.get("message") or text)
        details = error.get("details")
        inner = error.get("innererror")
        error = inner or (details[0] if isinstance(details, list) and details else None)
    return text[:300] or "The answer is not complete."


def read_log_incidents(rows: Sequence[LogRow]) -> list[LogIncident]:
    """Read rows of SecurityIncident, each the latest of its incident, in their order."""
    if not rows:
        return []
    body = orjson.dumps({"value": [_incident_of(row) for row in rows]})
    items = read_incident_page(body).items
    return [
        LogIncident(_without_etag_flag(item), _ids_in(row.get("AlertIds")))
        for item, row in zip(items, rows, strict=True)
    ]


def read_log_closers(rows: Iterable[LogRow]) -> list[LogCloser]:
    """Read who closed incidents; what lacks a name or a moment is left out."""
    found = []
    for row in rows:
        incident, name = row.get("IncidentName"), row.get("ModifiedBy")
        closed_at = moment_field(row.get("ClosedTime"), "", [])
        if isinstance(incident, str) and isinstance(name, str) and name.strip() and closed_at:
            found.append(LogCloser(incident.lower(), name.strip(), closed_at))
    return found


def _without_etag_flag(item: WireIncident | UnreadableRecord) -> WireIncident | UnreadableRecord:
    """Nothing is odd about a row without etag: the logs have none."""
    if isinstance(item, UnreadableRecord):
        return item
    return structs.replace(item, flags=tuple(f for f in item.flags if f != "etag:missing"))


def read_log_alerts(rows: Sequence[LogRow]) -> list[WireAlert | UnreadableRecord]:
    """Read rows of SecurityAlert, each the latest of its alert, in their order."""
    if not rows:
        return []
    return read_alerts(orjson.dumps({"value": [_alert_of(row) for row in rows]}))


def read_log_entities(rows: Iterable[LogRow]) -> list[WireEntity | UnreadableRecord]:
    """Read the entities that rows of SecurityAlert hold, each once."""
    entities: dict[str, dict[str, Any]] = {}
    for row in rows:
        for entity in _entities_of(row.get("Entities")):
            entities.setdefault(entity["name"], entity)
    if not entities:
        return []
    return read_entities(orjson.dumps({"entities": [*entities.values()]})).entities


def _incident_of(row: LogRow) -> dict[str, Any]:
    properties = _members(row, _INCIDENT_MEMBERS)
    for member, column in _INCIDENT_PARTS.items():
        part = parse_dynamic(row.get(column))
        if part not in (None, ""):
            properties[member] = part
    return {"name": row.get("IncidentName"), "properties": properties}


def _alert_of(row: LogRow) -> dict[str, Any]:
    properties = _members(row, _ALERT_MEMBERS)
    # The alert of an analytics rule has an id of its own; that of the sensor's alert behind it
    # stands in its custom details, where the reader finds it.
    id_member = "providerAlertId" if row.get("ProviderName") == MADE_BY_RULE else "vendorOriginalId"
    if vendor_id := row.get("VendorOriginalId"):
        properties[id_member] = vendor_id
    for member, column in (("tactics", "Tactics"), ("techniques", "Techniques")):
        properties[member] = _words_of(row.get(column))
    properties["remediationSteps"] = _words_of(row.get("RemediationSteps"), is_list_of_words=False)
    bag = parse_dynamic(row.get("ExtendedProperties"))
    if isinstance(bag, dict):
        properties["additionalData"] = {
            name: value if isinstance(value, str) else orjson.dumps(value).decode()
            for name, value in bag.items()
            if value is not None
        }
    elif bag:
        properties["additionalData"] = bag
    return {"name": row.get("SystemAlertId"), "kind": "SecurityAlert", "properties": properties}


def _members(row: LogRow, columns: Mapping[str, str]) -> dict[str, Any]:
    values = ((member, row.get(column)) for member, column in columns.items())
    return {member: value for member, value in values if value not in (None, "")}


def parse_dynamic(value: object) -> Any:
    """A nested value; in answers it comes as JSON in a text. What is no JSON stays a text."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value) if value.strip() else None
    except orjson.JSONDecodeError:
        return value


def _ids_in(value: object) -> tuple[str, ...]:
    ids = parse_dynamic(value)
    if not isinstance(ids, list):
        return ()
    return tuple(dict.fromkeys(text.lower() for text in ids if isinstance(text, str) and text))


def _words_of(value: object, *, is_list_of_words: bool = True) -> list[str]:
    """A list of texts, written as JSON or, where it holds single words, with commas."""
    words = parse_dynamic(value)
    if isinstance(words, str) and words:
        words = words.split(",") if is_list_of_words else [words]
    if not isinstance(words, list):
        return []
    return [word.strip() for word in words if isinstance(word, str) and word.strip()]


def _entities_of(value: object) -> Iterable[dict[str, Any]]:
    """Entities as Sentinel lists those of an incident, with names made of what they are."""
    listed = parse_dynamic(value)
    if not isinstance(listed, list):
        return
    members = [part for part in listed if isinstance(part, dict)]
    names = {str(part.get("$id")): _name_of(part) for part in members}
    for part in members:
        kind = str(part.get("Type") or "").casefold()
        properties: dict[str, Any] = {}
        for column, content in part.items():
            if column in ("$id", "Type") or content is None:
                continue
            reference = content.get("$ref") if isinstance(content, dict) else None
            if reference is not None:
                linked = names.get(str(reference))
                if linked and column in _LINKS:
                    properties[_LINKS[column]] = linked
                continue
            properties[column[:1].lower() + column[1:]] = content
        label = part.get("DeviceName") or part.get("Address") or part.get("HostName")
        if isinstance(label, str):
            properties["friendlyName"] = label
        name = _name_of(part)
        yield {"id": name, "name": name, "kind": _KINDS.get(kind, kind), "properties": properties}


def _name_of(entity: Mapping[str, Any]) -> str:
    """The same for the same thing in every alert that names it."""
    own = {key: value for key, value in entity.items() if key != "$id" and not _is_link(value)}
    digest = hashlib.blake2b(orjson.dumps(own, option=orjson.OPT_SORT_KEYS), digest_size=16)
    return LOG_ENTITY_PREFIX + digest.hexdigest()


def _is_link(value: object) -> bool:
    return isinstance(value, dict) and "$ref" in value
