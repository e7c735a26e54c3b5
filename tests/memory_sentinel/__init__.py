"""A Sentinel in memory for tests: the same answers, etags and refusals, and a log of all calls."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import orjson

from alerts.sentinel import client as clients
from alerts.sentinel.client.errors import (
    ForeignHost,
    SentinelConflict,
    SentinelError,
    SentinelNotFound,
    SentinelRefused,
)
from alerts.sentinel.client.port import (
    ARM,
    MAX_PAGE_SIZE,
    Capabilities,
    ListBy,
    Probe,
    Receipt,
    SentinelClient,
)
from alerts.sentinel.wire.incidents import WireIncident, incident_put_body
from alerts.sentinel.wire.values import ticks_of
from tests.memory_sentinel.calls import MemoryCalls
from tests.memory_sentinel.playbooks import MemoryPlaybooks
from tests.memory_sentinel.prerequisites import MemoryPrerequisites
from tests.memory_sentinel.tasks import MemoryTasks
from tests.memory_sentinel.watchlists import MemoryWatchlists


@contextmanager
def standing_in(client: SentinelClient) -> Iterator[None]:
    """Have every workspace reach this client for a while."""
    with (
        patch.object(clients, "_clients", {}),
        patch.object(clients, "_client", lambda _connection: client),
    ):
        yield


@dataclass
class MemoryRules(MemoryCalls):
    """What the twin in memory knows of automation rules."""

    rules: dict[str, dict[str, Any]] = field(default_factory=dict)

    def edit_rule(self, name: str, **properties: Any) -> None:
        """Change a rule as a person would: new etag."""
        rule = self.rules[name.lower()]
        rule["properties"] |= properties
        rule["etag"] = self._etag()

    def list_automation_rules(self, *, next_link: str | None = None) -> bytes:
        """All rules, in one page."""
        self._called("list_automation_rules", next_link or "")
        return orjson.dumps({"value": list(self.rules.values())})

    def get_automation_rule(self, name: str) -> bytes:
        """One automation rule as it is now."""
        self._called("get_automation_rule", name)
        rule = self.rules.get(name.lower())
        if rule is None:
            raise SentinelNotFound("There is no such rule.", status=404, code="NotFound")
        return orjson.dumps(rule)

    def put_automation_rule(
        self, name: str, properties: dict[str, Any], *, etag: str = ""
    ) -> Receipt:
        """Write a whole rule if the etag is still the one it has."""
        self._called("put_automation_rule", name, {"properties": properties, "etag": etag})
        self._match(name, etag)
        rule: dict[str, Any] = {
            "name": name,
            "etag": self._etag(),
            "type": "Microsoft.SecurityInsights/automationRules",
            "properties": copy.deepcopy(properties),
        }
        self.rules[name.lower()] = rule
        return Receipt(name, rule["etag"], orjson.dumps(rule))

    def delete_automation_rule(self, name: str, *, etag: str = "") -> None:
        """Take a rule away; none there is as good."""
        self._called("delete_automation_rule", name, {"etag": etag})
        if name.lower() in self.rules:
            self._match(name, etag)
            del self.rules[name.lower()]

    def _match(self, name: str, etag: str) -> None:
        rule = self.rules.get(name.lower())
        if not etag:
            return
        if rule is None:
            raise SentinelNotFound("There is no such rule.", status=404, code="NotFound")
        if rule["etag"] != etag:
            raise SentinelConflict("Somebody changed it meanwhile.", status=409, code="Conflict")


ENDPOINT = "https://sentinel.test"
_READ_ONLY = (
    *("incidentNumber", "createdTimeUtc", "additionalData", "providerName"),
    "relatedAnalyticRuleIds",
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was made; `body` is what was sent, where something was."""

    verb: str
    name: str = ""
    body: Any = None


@dataclass
class MemorySentinel(
    MemoryRules, MemoryPlaybooks, MemoryTasks, MemoryPrerequisites, MemoryWatchlists
):
    """A SentinelClient whose incidents a test lays out, breaks and edits behind our back."""

    starts_at: datetime = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
    incidents: dict[str, dict[str, Any]] = field(default_factory=dict)
    alerts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    entities: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    comments: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    calls_left: dict[str, int] = field(default_factory=dict)
    credential_ends_at: datetime | None = None
    capabilities: Capabilities = ARM
    _failures: list[tuple[str, SentinelError | Callable[[], None]]] = field(default_factory=list)
    _ticks: int = 0

    @property
    def resource_manager(self) -> MemorySentinel:
        """What speaks to the resource manager: this one."""
        return self

    @property
    def answered(self) -> int:
        """How many calls have been answered so far."""
        return len(self.calls)

    @property
    def writes(self) -> list[Call]:
        """The calls that tried to change something, in their order."""
        return [call for call in self.calls if call.verb.startswith(("put", "delete", "run"))]

    def fail_next(self, error: SentinelError, *, verb: str = "", times: int = 1) -> None:
        """Let the next calls (of this verb) end with this error before they do anything."""
        self._failures += [(verb, error)] * times

    def before_next(self, happens: Callable[[], None], *, verb: str = "") -> None:
        """Let something happen just before the next call (of this verb), as a colleague would."""
        self._failures.append((verb, happens))

    def add_incident(self, name: str = "", *, at: datetime | None = None, **properties: Any) -> str:
        """Put an incident there, with sensible members where none are given; returns its name."""
        name = (name or str(uuid.uuid4())).lower()
        moment = _text(at) if at else self._now()
        number = properties.pop("incidentNumber", len(self.incidents) + 1)
        self.incidents[name] = {
            "id": f"/subscriptions/s/providers/Microsoft.SecurityInsights/Incidents/{name}",
            "name": name,
            "etag": self._etag(),
            "type": "Microsoft.SecurityInsights/Incidents",
            "properties": {
                "title": "Unauthorized PLC Programming",
                "severity": "Medium",
                "status": "New",
                "labels": [],
                "incidentNumber": number,
                "createdTimeUtc": moment,
                "lastModifiedTimeUtc": moment,
                "additionalData": {"alertProductNames": ["Azure Security Center for IoT"]},
                "providerName": "Azure Sentinel",
            }
            | properties,
        }
        return name

    def edit(self, name: str, **properties: Any) -> None:
        """Change an incident as somebody else would: new etag, new time."""
        incident = self.incidents[name.lower()]
        incident["properties"] |= properties
        incident["properties"]["lastModifiedTimeUtc"] = self._now()
        incident["etag"] = self._etag()

    def list_incidents(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        by: ListBy = ListBy.MODIFIED,
        top: int = MAX_PAGE_SIZE,
        next_link: str | None = None,
    ) -> bytes:
        """One page; links lead to the rest of the same question."""
        self._called("list_incidents", next_link or "")
        query_parts = [
            _text(since) if since else "",
            _text(until) if until else "",
            by.value,
            str(top),
        ]
        start = 0
        if next_link:
            *query_parts, offset = self._from_link(next_link)
            start = int(offset)
        low, high, member, size = (
            ticks_of(query_parts[0]),
            ticks_of(query_parts[1]),
            query_parts[2],
            int(query_parts[3]),
        )
        rows = sorted(
            (ticks_of(i["properties"].get(member)) or 0, n) for n, i in self.incidents.items()
        )
        names = [n for at, n in rows if (low is None or at >= low) and (high is None or at < high)]
        page: dict[str, Any] = {"value": [self.incidents[n] for n in names[start : start + size]]}
        if len(names) > start + size:
            query = "&".join(f"q={part}" for part in [*query_parts, str(start + size)])
            page["nextLink"] = f"{ENDPOINT}/incidents?{query}"
        return orjson.dumps(page)

    def get_incident(self, name: str) -> bytes:
        """One incident as it is now."""
        self._called("get_incident", name)
        return orjson.dumps(self._incident(name))

    def put_incident(self, name: str, body: dict[str, Any]) -> Receipt:
        """Replace an incident if the etag is still the one it has."""
        if not body.get("etag"):
            raise SentinelRefused("An incident is written only with the etag that was read.")
        self._called("put_incident", name, body)
        incident = self._incident(name)
        if body["etag"] != incident["etag"]:
            raise SentinelConflict("Somebody changed it meanwhile.", status=409, code="Conflict")
        read_only = {k: v for k, v in incident["properties"].items() if k in _READ_ONLY}
        incident["properties"] = copy.deepcopy(body["properties"]) | read_only
        self.edit(name)
        return Receipt(name.lower(), incident["etag"], orjson.dumps(incident))

    def change_incident(
        self,
        incident: WireIncident,
        changes: dict[str, Any],
        *,
        add_labels: Iterable[str] = (),
        remove_labels: Iterable[str] = (),
    ) -> Receipt:
        """Replace the incident by what was read with these changes."""
        body = incident_put_body(
            incident.raw, changes, add_labels=add_labels, remove_labels=remove_labels
        )
        return self.put_incident(incident.name, body)

    def list_alerts(self, name: str) -> bytes:
        """All alerts laid out for an incident."""
        self._called("list_alerts", name)
        self._incident(name)
        return orjson.dumps({"value": self.alerts.get(name.lower(), [])})

    def list_entities(self, name: str) -> bytes:
        """All entities laid out for an incident."""
        self._called("list_entities", name)
        self._incident(name)
        return orjson.dumps({"entities": self.entities.get(name.lower(), []), "metaData": []})

    def list_comments(self, name: str, *, next_link: str | None = None) -> bytes:
        """All comments of an incident, in one page."""
        self._called("list_comments", name)
        self._incident(name)
        return orjson.dumps({"value": list(self.comments.get(name.lower(), {}).values())})

    def get_comment(self, name: str, comment: str) -> bytes:
        """One comment."""
        self._called("get_comment", name)
        stored = self.comments.get(name.lower(), {}).get(comment.lower())
        if stored is None:
            raise SentinelNotFound("There is no such comment.", status=404, code="NotFound")
        return orjson.dumps(stored)

    def put_comment(self, name: str, comment: str, body: dict[str, Any]) -> Receipt:
        """Write a comment; the same id again replaces it."""
        self._called("put_comment", name, body)
        self._incident(name)
        properties = copy.deepcopy(body["properties"]) | {"createdTimeUtc": self._now()}
        written = {"name": comment.lower(), "etag": self._etag(), "properties": properties}
        self.comments.setdefault(name.lower(), {})[comment.lower()] = written
        self.edit(name)
        return Receipt(comment.lower(), written["etag"], orjson.dumps(written))

    def probe(self) -> Probe:
        """Say whether there are incidents."""
        self._called("probe")
        return Probe(bool(self.incidents), reads_left=None, writes_left=None)

    def _called(self, verb: str, name: str = "", body: Any = None) -> None:
        self.calls.append(Call(verb, name, copy.deepcopy(body)))
        for index, (only_verb, happens) in enumerate(self._failures):
            if only_verb in ("", verb):
                del self._failures[index]
                if isinstance(happens, SentinelError):
                    raise happens
                happens()
                return

    def _incident(self, name: str) -> dict[str, Any]:
        incident = self.incidents.get(name.lower())
        if incident is None:
            raise SentinelNotFound("There is no such incident.", status=404, code="NotFound")
        return incident

    def _from_link(self, link: str) -> list[str]:
        if not link.startswith(ENDPOINT + "/"):
            raise ForeignHost("The next page is said to be on another host; it was not asked.")
        return parse_qs(urlsplit(link).query, keep_blank_values=True)["q"]

    def _now(self) -> str:
        self._ticks += 1
        return _text(self.starts_at + timedelta(seconds=self._ticks))

    def _etag(self) -> str:
        self._ticks += 1
        return f'"{self._ticks:08x}"'


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")
