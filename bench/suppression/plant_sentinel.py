"""The Sentinel of a simulated plant in this process: its incidents, and what people change there.

It answers with bytes, etags and refusals as Azure does, so that intake and outbox are the
product's own. What the bench does not need (playbooks, automation rules) it does not have.
"""

from bisect import insort
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

from alerts.sentinel.client.errors import SentinelConflict, SentinelNotFound
from alerts.sentinel.client.port import ARM, MAX_PAGE_SIZE, ListBy, Receipt
from alerts.sentinel.wire.incidents import WireIncident, incident_put_body
from bench.suppression.azure_bodies import (
    PATH,
    Body,
    alert_body,
    entity_bodies,
    incident_properties,
    name_of,
    stamp,
)
from simulator.scenarios.records import Incident

_READ_ONLY = ("incidentNumber", "createdTimeUtc", "additionalData", "providerName")


class PlantSentinel:
    """One workspace. `now` is the time that its writes get."""

    capabilities = ARM
    calls_left: dict[str, int] = {}
    credential_ends_at = None

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.answered = 0
        self._incidents: dict[str, Body] = {}
        self._sources: dict[str, Incident] = {}
        self._comments: dict[str, dict[str, Body]] = {}
        self._by_change: list[tuple[str, str]] = []  # moment and name, also of older changes
        self._by_creation: list[tuple[str, str]] = []
        self._etags = 0

    @property
    def resource_manager(self) -> "PlantSentinel":
        """Itself."""
        return self

    def add(self, incident: Incident) -> str:
        """Create an incident; return its name."""
        name = name_of(incident.id)
        properties = incident_properties(incident, number=len(self._incidents) + 1)
        self._sources[name] = incident
        self._incidents[name] = {
            "id": f"{PATH}/Incidents/{name}",
            "name": name,
            "etag": self._etag(),
            "type": "Microsoft.SecurityInsights/Incidents",
            "properties": properties,
        }
        insort(self._by_change, (properties["lastModifiedTimeUtc"], name))
        insort(self._by_creation, (properties["createdTimeUtc"], name))
        return name

    def edit(self, name: str, properties: Body, *, at: datetime) -> None:
        """Change an incident as somebody in Azure does."""
        incident = self._incident(name)
        changed = stamp(at)
        incident["properties"] |= properties | {"lastModifiedTimeUtc": changed}
        incident["etag"] = self._etag()
        insort(self._by_change, (changed, name))

    def is_open(self, name: str) -> bool:
        """Whether nobody has closed it."""
        return bool(self._incident(name)["properties"]["status"] != "Closed")

    def list_incidents(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        by: ListBy = ListBy.MODIFIED,
        top: int = MAX_PAGE_SIZE,
        next_link: str | None = None,
    ) -> bytes:
        """One page, oldest first; the link names what was asked and how far it went."""
        self.answered += 1
        parts = [stamp(since) if since else "", stamp(until) if until else "~", by.value, str(top)]
        start = 0
        if next_link:
            *parts, offset = next_link.split("|")
            start = int(offset)
        low, high, member, size = parts[0], parts[1], parts[2], int(parts[3])
        names = self._names(low, high, member)
        page: Body = {"value": [self._incidents[name] for name in names[start : start + size]]}
        if len(names) > start + size:
            page["nextLink"] = "|".join([*parts, str(start + size)])
        return orjson.dumps(page)

    def _names(self, low: str, high: str, member: str) -> list[str]:
        rows = self._by_change if member == ListBy.MODIFIED else self._by_creation
        return [
            name
            for at, name in rows
            if low <= at < high and self._incidents[name]["properties"][member] == at
        ]

    def get_incident(self, name: str) -> bytes:
        """One incident as it is now."""
        self.answered += 1
        return orjson.dumps(self._incident(name))

    def change_incident(
        self,
        incident: WireIncident,
        changes: dict[str, Any],
        *,
        add_labels: Iterable[str] = (),
        remove_labels: Iterable[str] = (),
    ) -> Receipt:
        """Write over what was read, where nobody was faster."""
        self.answered += 1
        body = incident_put_body(
            incident.raw, changes, add_labels=add_labels, remove_labels=remove_labels
        )
        stored = self._incident(incident.name)
        if body["etag"] != stored["etag"]:
            raise SentinelConflict("Somebody changed it meanwhile.", status=409, code="Conflict")
        kept = {name: stored["properties"][name] for name in _READ_ONLY}
        stored["properties"] = orjson.loads(orjson.dumps(body["properties"])) | kept
        self.edit(incident.name, {}, at=self.now)
        return Receipt(incident.name, stored["etag"], orjson.dumps(stored))

    def list_alerts(self, name: str) -> bytes:
        """All alerts of an incident."""
        self.answered += 1
        alerts = self._source(name).alerts
        return orjson.dumps({"value": [alert_body(alert) for alert in alerts]})

    def list_entities(self, name: str) -> bytes:
        """All entities of an incident."""
        self.answered += 1
        return orjson.dumps({"entities": entity_bodies(self._source(name)), "metaData": []})

    def list_comments(self, name: str, *, next_link: str | None = None) -> bytes:
        """All comments of an incident, in one page."""
        self.answered += 1
        return orjson.dumps({"value": list(self._comments.get(name, {}).values())})

    def put_comment(self, name: str, comment: str, body: dict[str, Any]) -> Receipt:
        """Write a comment."""
        self.answered += 1
        properties = dict(body["properties"]) | {"createdTimeUtc": stamp(self.now)}
        written: Body = {"name": comment, "etag": self._etag(), "properties": properties}
        comments = self._comments.setdefault(name, {})
        comments[comment] = written
        extra = self._incident(name)["properties"]["additionalData"]
        count = {"commentsCount": len(comments)}
        self.edit(name, {"additionalData": extra | count}, at=self.now)
        return Receipt(comment, written["etag"], orjson.dumps(written))

    def _incident(self, name: str) -> Body:
        if name not in self._incidents:
            raise SentinelNotFound("There is no such incident.", status=404, code="NotFound")
        return self._incidents[name]

    def _source(self, name: str) -> Incident:
        self._incident(name)
        return self._sources[name]

    def _etag(self) -> str:
        self._etags += 1
        return f'"{self._etags:08x}"'
