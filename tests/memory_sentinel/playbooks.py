"""What the twin in memory knows of playbooks and their runs."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from alerts.sentinel.client.errors import SentinelNotFound
from tests.memory_sentinel.calls import MemoryCalls

GROUP = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Logic/workflows"


@dataclass
class MemoryPlaybooks(MemoryCalls):
    """Playbooks and runs that a test lays out; starting one adds a run."""

    playbooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # newest first
    connections: dict[str, str] = field(default_factory=dict)  # the connector of each, by its id

    def add_playbook(self, name: str, *steps: str, **properties: Any) -> str:
        """Put a playbook there that listens to incidents and calls something in each step; returns
        its resource id. Other `properties` than those of such a one replace them.
        """
        resource_id = f"{GROUP}/{name}".lower()
        triggers = {"Microsoft_Sentinel_incident": {"inputs": {"path": "/incident-creation"}}}
        actions = {step: {"type": "ApiConnection"} for step in steps}
        definition = {"triggers": triggers, "actions": actions}
        self.playbooks[resource_id] = {
            "id": f"{GROUP}/{name}",
            "name": name,
            "type": "Microsoft.Logic/workflows",
            "location": "westeurope",
            "properties": {"state": "Enabled", "definition": definition} | properties,
        }
        return resource_id

    def add_run(self, playbook: str, incident: str = "", **properties: Any) -> str:
        """Have a playbook run; returns the run's name."""
        runs = self.runs.setdefault(playbook.lower(), [])
        name = f"{len(runs) + 1:020d}"
        run: dict[str, Any] = {
            "status": "Succeeded",
            "startTime": self._now(),
            "endTime": self._now(),
        }
        run["correlation"] = {"clientTrackingId": incident}
        runs.insert(0, {"name": name, "properties": run | properties})
        return name

    def list_playbooks(self, *, next_link: str | None = None) -> bytes:
        """All playbooks, in one page."""
        self._called("list_playbooks", next_link or "")
        return orjson.dumps({"value": list(self.playbooks.values())})

    def get_playbook(self, playbook: str) -> bytes:
        """One playbook as it is now."""
        self._called("get_playbook", playbook)
        return orjson.dumps(self._playbook(playbook))

    def get_connection(self, connection: str) -> bytes:
        """One connection: laid out, or of the connector that a playbook says it is of."""
        self._called("get_connection", connection)
        api = self.connections.get(connection.lower()) or self._connector_of(connection)
        properties = {"api": {"id": api}, "displayName": connection.rpartition("/")[2]}
        return orjson.dumps({"id": connection, "properties": properties})

    def _connector_of(self, connection: str) -> str:
        for playbook in self.playbooks.values():
            parameters = playbook["properties"].get("parameters") or {}
            for entry in parameters.get("$connections", {}).get("value", {}).values():
                if entry["connectionId"].lower() == connection.lower():
                    return str(entry["id"])
        raise SentinelNotFound("No such connection.", status=404, code="ResourceNotFound")

    def list_playbook_sites(self, *, next_link: str | None = None) -> bytes:
        """No site: tests of Standard Logic Apps ask the simulator."""
        self._called("list_playbook_sites", next_link or "")
        return orjson.dumps({"value": []})

    def list_site_playbooks(self, site: str, *, next_link: str | None = None) -> bytes:
        """There is no such site."""
        self._called("list_site_playbooks", site)
        raise SentinelNotFound("There is no such site.", status=404, code="NotFound")

    def list_playbook_runs(self, playbook: str, *, next_link: str | None = None) -> bytes:
        """All runs of a playbook, in one page."""
        self._called("list_playbook_runs", playbook)
        self._playbook(playbook)
        return orjson.dumps({"value": self.runs.get(playbook.lower(), [])})

    def run_playbook(self, incident: str, *, playbook: str) -> None:
        """Start a playbook on an incident."""
        self._called("run_playbook", incident, playbook)
        self._incident(incident)
        self._playbook(playbook)
        self.add_run(playbook, incident)

    def _playbook(self, playbook: str) -> dict[str, Any]:
        if playbook.lower() not in self.playbooks:
            raise SentinelNotFound("There is no such playbook.", status=404, code="NotFound")
        return self.playbooks[playbook.lower()]
