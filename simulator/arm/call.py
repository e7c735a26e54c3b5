"""One call to Azure Resource Manager, read and checked."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from simulator.azure import Azure
from simulator.gates import AzureRequest
from simulator.identity import Application
from simulator.plant.records import PlantWorkspace
from simulator.replies import ArmRefusal, Reply, bad_request, conflict, not_found
from simulator.schemas import Schema, schema_of
from simulator.store.incidents import Incident
from simulator.store.resources import Part, Resource
from simulator.throttle import WINDOWS

Json = dict[str, Any]
type Stored = Incident | Part | Resource
_VERSION = re.compile(r"\d{4}-\d\d-\d\d(-preview)?")


@dataclass(kw_only=True)
class Call(AzureRequest):
    """A request with the application behind it and the workspace it is about."""

    azure: Azure
    application: Application
    tenant: str
    now: int
    args: dict[str, str] = field(default_factory=dict)
    place: PlantWorkspace | None = None

    @property
    def workspace(self) -> PlantWorkspace:
        """The workspace of the address."""
        if self.place is None:
            raise not_found("PlantWorkspace")
        return self.place

    @property
    def author(self) -> Json:
        """The calling application as author of what it writes."""
        name = self.application.key
        return {
            "objectId": self.application.object_id,
            "email": None,
            "name": name,
            "userPrincipalName": None,
        }

    def require_action(self, action: str) -> None:
        """Refuse an application that may not do this."""
        if not self.application.may(action):
            raise ArmRefusal(
                403,
                "AuthorizationFailed",
                f"The client '{self.application.client_id}' does not have authorization to"
                f" perform action '{action}' over scope '{self.path}'.",
            )

    @property
    def schema(self) -> Schema:
        """What the version of this call declares."""
        return schema_of(self.query["api-version"])

    def resource(self, resource: str) -> Json:
        """The body as what this version declares of a resource; refuses what it does not take."""
        body = self.json()
        self.schema.check(resource, body)
        return self.schema.project(resource, body)

    def require_version(self) -> str:
        """The api-version; refuses a call without one."""
        version = self.query.get("api-version", "")
        if not version:
            raise ArmRefusal(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            )
        if not _VERSION.fullmatch(version):
            raise ArmRefusal(
                400, "InvalidApiVersionParameter", f"The api-version '{version}' is invalid."
            )
        return version

    def json(self) -> Json:
        """The body as an object; refuses anything else."""
        return self.json_object(
            invalid=ArmRefusal(
                400, "InvalidRequestContent", "The request content was invalid JSON."
            ),
            other=bad_request("The request content must be an object."),
        )

    def require_match(self, stored: Stored | None, body: Json | None = None) -> None:
        """Refuse a write that was made from an older version, by body etag or If-Match."""
        etag = self.headers.get("if-match") or (body or {}).get("etag")
        if not etag or etag == "*":
            return
        if stored is None:
            raise not_found("Resource")
        if str(etag).strip('"') != stored.etag.strip('"'):
            raise conflict()

    def written(self, body: Any, *, former: Stored | None, etag: str, effect: str) -> Reply:
        """Answer a write: 201 where nothing was there before, else 200."""
        before = former.etag if former else None
        return Reply(200 if former else 201, body, effect=effect, before=before, after=etag)


Handler = Callable[[Call], Reply]


@dataclass(frozen=True)
class Route:
    """One address: which action it needs, which limits it counts against, who answers."""

    method: str
    pattern: re.Pattern[str]
    action: str
    handler: Handler
    limit: str = ""
    writes: bool = False
    endpoint: str = ""  # of Microsoft.SecurityInsights, by its path without names


_WORKSPACE = (
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/Microsoft\.OperationalInsights/workspaces/(?P<workspace>[^/]+)"
)
_SECURITY = rf"{_WORKSPACE}/providers/Microsoft\.SecurityInsights"


def security_route(
    method: str, tail: str, action: str, handler: Handler, *, limit: str = "", reads: bool = False
) -> Route:
    """A route below Microsoft.SecurityInsights of a workspace; `{name}` matches one piece."""
    route = _route(
        method,
        _SECURITY + tail,
        f"Microsoft.SecurityInsights/{action}",
        handler,
        limit=limit,
        reads=reads,
    )
    parts = [part for part in tail.split("/") if part and not part.startswith("{")]
    return replace(route, endpoint="/".join(parts))


def item_routes(
    path: str, action: str, *, list_: Handler, get: Handler, put: Handler, delete: Handler
) -> list[Route]:
    """The routes of one kind of thing: list, read, write and delete it by `{item}`."""
    name, item = path.rsplit("/", 1)[-1], f"{path}/{{item}}"
    reads, writes = (limit if limit in WINDOWS else "" for limit in (f"GET {name}", f"PUT {name}"))
    return [
        security_route("GET", path, f"{action}/read", list_, limit=reads),
        security_route("GET", item, f"{action}/read", get, limit=reads),
        security_route("PUT", item, f"{action}/write", put, limit=writes),
        security_route("DELETE", item, f"{action}/delete", delete),
    ]


def workspace_route(method: str, tail: str, action: str, handler: Handler) -> Route:
    """A route on the workspace itself."""
    return _route(method, _WORKSPACE + tail, action, handler, limit="", reads=True)


def plain_route(method: str, path: str, action: str, handler: Handler) -> Route:
    """A route anywhere else."""
    return _route(method, path, action, handler, limit="", reads=method == "GET")


def _route(
    method: str, path: str, action: str, handler: Handler, *, limit: str, reads: bool
) -> Route:
    pattern = re.sub(r"(?<!P<)\{(\w+)\}", r"(?P<\1>[^/]+)", path)
    writes = method != "GET" and not reads
    return Route(method, re.compile(pattern, re.IGNORECASE), action, handler, limit, writes)
