"""A small client for the control addresses, for tests and commands."""

import http.client
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

Json = dict[str, Any]


class ControlRefused(Exception):
    """The simulator did not do what was asked; the text is the reason."""


class Control:
    """Steers a running simulator. Every method is one call to a documented address."""

    def __init__(self, endpoint: str, ca_file: Path | str, *, timeout: float = 120.0) -> None:
        self._address = urlsplit(endpoint)
        self._tls = ssl.create_default_context(cafile=str(ca_file))
        self._timeout = timeout

    def call(self, method: str, operation: str, body: Json | None = None, **query: Any) -> Any:
        """One call to a control address."""
        connection = http.client.HTTPSConnection(
            self._address.hostname or "localhost",
            self._address.port,
            timeout=self._timeout,
            context=self._tls,
        )
        try:
            suffix = f"?{urlencode(query)}" if query else ""
            content = None if body is None else orjson.dumps(body)
            connection.request(method, f"/_control/{operation}{suffix}", content)
            response = connection.getresponse()
            payload = orjson.loads(response.read() or b"{}")
        finally:
            connection.close()
        if response.status >= 400:
            raise ControlRefused(payload.get("error", f"status {response.status}"))
        return payload

    def state(self) -> Json:
        """What the simulator holds and how it is set."""
        return dict(self.call("GET", "state"))

    def plant(self) -> Json:
        """Sites, workspaces, people and applications."""
        return dict(self.call("GET", "plant"))

    def portal(self) -> list[Json]:
        """The incidents of the Defender portal: both ids, status, how many comments."""
        return list(self.call("GET", "portal")["incidents"])

    def truth(self) -> list[Json]:
        """Return the plant's truth about each of its incidents."""
        return list(self.call("GET", "truth")["incidents"])

    def runs(self) -> Json:
        """Automation rules and playbooks that ran."""
        return dict(self.call("GET", "runs"))

    def journal(self, *, since: str = "", path: str = "", after_id: int = 0) -> list[Json]:
        """Every write so far, oldest first."""
        payload = self.call("GET", "journal", since=since, path=path, after_id=after_id)
        return list(payload["entries"])

    def advance(self, seconds: float) -> Json:
        """Move the clock; the plant lives on in between."""
        return dict(self.call("POST", "advance", {"seconds": seconds}))

    def inject(self, **values: Any) -> Json:
        """Put in incidents by plant kind or by explicit properties, alerts and entities."""
        return dict(self.call("POST", "inject", values))

    def edit(self, incident: str, **values: Any) -> Json:
        """A person changes an incident; or alerts come into it."""
        return dict(self.call("POST", "edit", {"incident": incident, **values}))

    def comment(self, incident: str, message: str, **values: Any) -> Json:
        """A person writes a comment."""
        body = {"incident": incident, "message": message, **values}
        return dict(self.call("POST", "comment", body))

    def merge(self, loser: str, survivor: str) -> Json:
        """One incident is merged into another."""
        return dict(self.call("POST", "merge", {"loser": loser, "survivor": survivor}))

    def delete(self, incident: str, **values: Any) -> Json:
        """An incident is deleted."""
        return dict(self.call("POST", "delete", {"incident": incident, **values}))

    def rule(self, workspace: str, rule: str, **values: Any) -> Json:
        """A person edits, disables or deletes an automation rule."""
        return dict(self.call("POST", "rule", {"workspace": workspace, "rule": rule, **values}))

    def resource(self, workspace: str, kind: str, name: str, **values: Any) -> Json:
        """A person makes, replaces or deletes an analytics rule, a connector or a playbook."""
        named = {"workspace": workspace, "kind": kind, "name": name}
        return dict(self.call("POST", "resource", named | values))

    def fault(self, **values: Any) -> str:
        """Put a fault in force; returns its name."""
        return str(self.call("POST", "faults", values)["faults"][0])

    def clear_faults(self, name: str = "") -> int:
        """Take faults out of force, all or one."""
        return int(self.call("DELETE", "faults", None, name=name)["cleared"])

    def throttle(self, *, on: bool, limits: Json | None = None) -> Json:
        """Switch throttling and set limits."""
        return dict(self.call("POST", "throttle", {"on": on, "limits": limits or {}}))

    def log_limits(self, **limits: int) -> Json:
        """Change how much Log Analytics answers (rows, bytes, seconds) and how often (calls)."""
        return dict(self.call("POST", "logs", limits))

    def workspace(self, workspace: str, **switches: Any) -> Json:
        """Flip switches around a workspace."""
        return dict(self.call("POST", "workspace", {"workspace": workspace, **switches}))

    def onboard(self, workspace: str, **values: Any) -> Json:
        """Bring a workspace to the Defender portal, with its open incidents, all, or none."""
        return dict(self.call("POST", "onboard", {"workspace": workspace, **values}))

    def graph(self, **values: Any) -> Json:
        """Decide how Graph behaves where that is documented nowhere."""
        return dict(self.call("POST", "graph", values))

    def office(self, workspace: str, **values: Any) -> Json:
        """Add incidents of mail, endpoints and sign-ins; returns the words planted in them."""
        return dict(self.call("POST", "office", {"workspace": workspace, **values}))

    def empty(self, workspace: str) -> Json:
        """Leave a workspace without connector, content and rules."""
        return dict(self.call("POST", "empty", {"workspace": workspace}))

    def application(self, application: str, **values: Any) -> Json:
        """Change an application's rights, secret or state."""
        return dict(self.call("POST", "application", {"application": application, **values}))

    def settings(self, **values: Any) -> Json:
        """Change living, per_day or staffed."""
        return dict(self.call("POST", "settings", values))

    def playbook_token(self, workspace: str, identity: str, audience: str, **values: Any) -> str:
        """The token of a playbook's managed identity."""
        body = {"workspace": workspace, "identity": identity, "audience": audience, **values}
        return str(self.call("POST", "playbook_token", body)["token"])
