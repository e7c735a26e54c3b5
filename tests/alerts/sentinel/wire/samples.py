"""Small pages of invented incidents, alerts and entities for the tests of Sentinel's words."""

import copy
import json

NAME = "44444444-4444-4444-8444-%012d"

_INCIDENT = {
    "type": "Microsoft.SecurityInsights/Incidents",
    "properties": {
        "title": "Unauthorized PLC Programming",
        "description": "",
        "severity": "High",
        "status": "New",
        "owner": {"objectId": None, "email": None, "assignedTo": None, "userPrincipalName": None},
        "labels": [{"labelName": "Press-Shop", "labelType": "User"}],
        "firstActivityTimeUtc": "2026-11-20T08:01:02.1234567Z",
        "lastActivityTimeUtc": "2026-11-20T08:06:02Z",
        "lastModifiedTimeUtc": "2026-11-20T08:10:05.7654321Z",
        "createdTimeUtc": "2026-11-20T08:10:05.7Z",
        "additionalData": {
            "alertsCount": 1,
            "commentsCount": 0,
            "alertProductNames": ["Azure Security Center for IoT"],
            "tactics": ["ImpairProcessControl"],
            "techniques": ["T0843"],
        },
        "relatedAnalyticRuleIds": [],
        "providerName": "Azure Sentinel",
        "providerIncidentId": "1",
    },
}


def incident(number: int = 1, **properties: object) -> dict:
    """One incident as Sentinel lists it; keyword arguments replace members of its properties."""
    made = copy.deepcopy(_INCIDENT)
    name = NAME % number
    made |= {"id": f"/subscriptions/s/Incidents/{name}", "name": name, "etag": f'"etag-{number}"'}
    made["properties"] |= {"incidentNumber": number} | properties
    return made


def page(*incidents: object, next_link: str | None = None) -> bytes:
    """A page of the list, written compactly as Sentinel does."""
    whole = {"value": list(incidents)} | ({"nextLink": next_link} if next_link else {})
    return json.dumps(whole, separators=(",", ":")).encode()


def page_with(text: str, *others: object) -> bytes:
    """A page whose first record is this very text, whatever it is worth."""
    rest = "".join("," + json.dumps(other) for other in others)
    return ('{"value":[' + text + rest + "]}").encode("utf-8", "surrogatepass")


def with_member(text: str, number: int = 1) -> str:
    """One incident as text with one more piece of JSON inside its properties."""
    whole = json.dumps(incident(number), separators=(",", ":"))
    return whole.replace('"properties":{', '"properties":{' + text + ",", 1)
