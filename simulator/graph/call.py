"""One call to Microsoft Graph: read and checked, and refused in Graph's own envelope."""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.azure import Azure
from simulator.gates import AzureRequest
from simulator.identity import Application
from simulator.logs.tables import LogTables
from simulator.plant.records import PlantWorkspace
from simulator.replies import ArmRefusal, Reply
from simulator.store.portal import PortalIncident

Json = dict[str, Any]
PREFER = "include-unknown-enum-members"
CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#"


class GraphRefusal(ArmRefusal):
    """A refusal of Graph: its envelope names the request and the time beside code and sentence."""

    def envelope(self, *, date: str, request_id: str, client_request_id: str) -> Reply:
        """The refusal as an answer to one request."""
        inner = {
            "date": date,
            "request-id": request_id,
            "client-request-id": client_request_id,
        }
        if self.status == 429:
            inner |= {"code": "429", "status": "429", "message": "Please retry after"}
        body = {"error": {"code": self.code, "message": self.message, "innerError": inner}}
        return Reply(self.status, body, dict(self.headers), effect=f"refused: {self.code}")


def bad_query(message: str) -> GraphRefusal:
    """The query options are wrong; Graph names no code."""
    return GraphRefusal(400, "", f"The query specified in the URI is not valid. {message}")


def bad_body(message: str) -> GraphRefusal:
    """The body is wrong."""
    return GraphRefusal(400, "BadRequest", message)


def missing(thing: str) -> GraphRefusal:
    """The thing asked for does not exist, or not in this tenant."""
    return GraphRefusal(404, "NotFound", f"{thing} was not found.")


@dataclass(kw_only=True)
class GraphCall(AzureRequest):
    """A request with the application behind it and the tenant it is about."""

    azure: Azure
    logs: LogTables
    application: Application
    tenant: str
    now: int
    args: dict[str, str] = field(default_factory=dict)

    @property
    def author(self) -> str:
        """How Graph names the calling application where it changed something."""
        return f"API-App:{self.application.key}"

    @property
    def shows_every_member(self) -> bool:
        """Whether the caller asked for members of enumerations that were added later."""
        wishes = self.headers.get("prefer", "").lower().split(",")
        return PREFER in (wish.strip() for wish in wishes)

    @property
    def workspaces(self) -> list[PlantWorkspace]:
        """The workspaces of the tenant that are in the Defender portal."""
        return [
            workspace
            for workspace in self.azure.workspaces
            if workspace.tenant_id.lower() == self.tenant.lower()
            and self.azure.facts(workspace)["defender_portal"]
        ]

    @property
    def workspace_keys(self) -> list[str]:
        """The keys of those workspaces."""
        return [workspace.key for workspace in self.workspaces]

    def json(self) -> Json:
        """The body as an object; refuses anything else."""
        return self.json_object(
            invalid=bad_body("Unable to read JSON request payload."),
            other=bad_body("The request body must be an object."),
        )

    def incident(self, member: str = "incident") -> PortalIncident:
        """The incident of the address; refuses with 404 what this tenant does not show."""
        number = self.args[member]
        row = self.azure.store.portal.get(int(number)) if number.isdecimal() else None
        if row is None or row.workspace not in self.workspace_keys:
            raise missing("Incident")
        if self.azure.store.incidents.get(row.workspace, row.incident) is None:
            raise missing("Incident")
        return row


Handler = Callable[[GraphCall], Reply]


@dataclass(frozen=True)
class GraphRoute:
    """One address: which permissions open it, who answers, and which limit it counts against."""

    method: str
    pattern: re.Pattern[str]
    permissions: tuple[str, ...]
    handler: Handler
    limit: str = "security"
    writes: bool = False


def graph_route(
    method: str,
    tail: str,
    permissions: tuple[str, ...],
    handler: Handler,
) -> GraphRoute:
    """A route below /security; `{name}` matches one piece. Any one of the permissions opens it."""
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", f"/v1.0/security{tail}")
    return GraphRoute(
        method, re.compile(pattern, re.IGNORECASE), permissions, handler, writes=method != "GET"
    )


def request_ids(headers: Mapping[str, str]) -> tuple[str, str]:
    """The id that Graph gives a request, and the one that its caller gave it."""
    made = str(uuid.uuid4())
    return made, headers.get("client-request-id", made)
