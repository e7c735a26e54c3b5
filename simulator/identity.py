"""Who may talk to the pretend Azure: registered applications, their roles, and their tokens."""

import base64
import hashlib
import hmac
import re
import secrets
import time
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from simulator.replies import ArmRefusal
from simulator.store import Store

AUDIENCES = (
    "https://management.azure.com",
    "https://management.core.windows.net",
)
LOG_AUDIENCES = ("https://api.loganalytics.io",)
GRAPH_AUDIENCES = (
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "00000003-0000-0000-c000-000000000000",
)
_IDS = uuid.UUID("6f1c0d52-40f0-4e0e-9a53-6a1c9d6b7d11")
_LOOK = [
    "Microsoft.OperationalInsights/workspaces/read",
    "Microsoft.Authorization/*/read",
    "Microsoft.OperationalInsights/workspaces/query/read",
    "Microsoft.OperationalInsights/workspaces/query/*/read",
    "Microsoft.Resources/*/read",
    "Microsoft.Logic/workflows/read",
    "Microsoft.Web/*/read",
    "Microsoft.IoTSecurity/*/read",
]
# Microsoft publishes no name for these. Here a reader may; that others may not can be laid out.
DETAILS = [
    "Microsoft.SecurityInsights/incidents/alerts/action",
    "Microsoft.SecurityInsights/incidents/entities/action",
]
ROLES: dict[str, list[str]] = {
    "reader": [
        "Microsoft.SecurityInsights/*/read",
        *_LOOK,
        "Microsoft.SecurityInsights/dataConnectorsCheckRequirements/action",
        *DETAILS,
    ],
    "responder": [
        "Microsoft.SecurityInsights/*/read",
        *_LOOK,
        "Microsoft.SecurityInsights/dataConnectorsCheckRequirements/action",
        "Microsoft.SecurityInsights/incidents/*",
        "Microsoft.SecurityInsights/automationRules/*",
    ],
    "contributor": ["Microsoft.SecurityInsights/*", *_LOOK],
    "playbook operator": [
        "Microsoft.Logic/workflows/triggers/*",
        "Microsoft.Logic/*/read",
        "Microsoft.Web/sites/read",
        "Microsoft.Web/sites/hostruntime/webhooks/api/workflows/triggers/listCallbackUrl/action",
        "Microsoft.Web/sites/hostruntime/webhooks/api/workflows/runs/read",
    ],
    "plan owner": ["Microsoft.IoTSecurity/*"],
}
_REGISTERED = {
    "portal": ["contributor", "playbook operator", "plan owner"],
    "reader": ["reader"],
    "responder": ["responder", "playbook operator"],
    "contributor": ["contributor"],
}
READ_INCIDENTS, WRITE_INCIDENTS = "SecurityIncident.Read.All", "SecurityIncident.ReadWrite.All"
READ_ALERTS, WRITE_ALERTS = "SecurityAlert.Read.All", "SecurityAlert.ReadWrite.All"
PERMISSIONS = (READ_INCIDENTS, WRITE_INCIDENTS, READ_ALERTS, WRITE_ALERTS)
_READS = (READ_INCIDENTS, READ_ALERTS)
_CONSENTED: dict[str, tuple[str, ...]] = {
    "portal": (*_READS, WRITE_INCIDENTS, WRITE_ALERTS),
    "reader": _READS,
    "responder": (*_READS, WRITE_INCIDENTS, WRITE_ALERTS),
    "contributor": (*_READS, WRITE_INCIDENTS, WRITE_ALERTS),
}


@dataclass
class Application:
    """One registered application (a service principal) with its secret, its roles in Azure, and the
    permissions for Graph that an administrator consented to.
    """

    key: str
    client_id: str
    object_id: str
    secret: str
    roles: list[str]
    enabled: bool = True
    denied: list[str] = field(default_factory=list)
    permissions: list[str] = field(default_factory=list)
    custom: list[str] = field(default_factory=list)  # what a role of the customer's own grants

    def actions(self) -> list[str]:
        """The action patterns that its roles grant."""
        return [*(action for role in self.roles for action in ROLES[role]), *self.custom]

    def may(self, action: str) -> bool:
        """Whether some role grants the action and no deny assignment takes it away."""
        granted = any(_covers(pattern, action) for pattern in self.actions())
        return granted and not any(_covers(pattern, action) for pattern in self.denied)


def _covers(pattern: str, action: str) -> bool:
    expression = ".*".join(re.escape(piece) for piece in pattern.split("*"))
    return re.fullmatch(expression, action, re.IGNORECASE) is not None


@dataclass(frozen=True)
class Claims:
    """The claims of a token: whose it is, of which tenant, with which permissions for Graph."""

    application: Application
    tenant: str
    permissions: frozenset[str]


class Identities:
    """The registered applications and the tokens given to them. Tokens live on the real clock."""

    def __init__(self, store: Store) -> None:
        self._store = store
        rows = store.fact("applications")
        self._key = bytes.fromhex(store.fact("token_key") or secrets.token_hex(32))
        self.lifetime = 3599
        self.applications = (
            [Application(**row) for row in rows]
            if rows
            else [_register(key) for key in _REGISTERED]
        )
        self.save()

    def save(self) -> None:
        """Remember applications and key."""
        with self._store.transaction():
            self._store.keep(
                "applications", [asdict(application) for application in self.applications]
            )
            self._store.keep("token_key", self._key.hex())

    def named(self, key: str) -> Application:
        """One application by its key or client id; raises KeyError."""
        for application in self.applications:
            if key in {application.key, application.client_id, application.object_id}:
                return application
        raise KeyError(key)

    def revoke_all(self) -> None:
        """Make every token given so far worthless."""
        self._key = secrets.token_bytes(32)
        self.save()

    def issue(self, application: Application, *, tenant: str, audience: str, issuer: str) -> str:
        """A signed token that ends after the set lifetime."""
        now = int(time.time())
        claims = {
            "aud": audience,
            "iss": issuer,
            "iat": now,
            "nbf": now,
            "exp": now + self.lifetime,
            "appid": application.client_id,
            "oid": application.object_id,
            "tid": tenant,
            "uti": secrets.token_urlsafe(8),
            "ver": "1.0",
        }
        own_address = issuer.partition(f"/{tenant}")[0]
        if audience.rstrip("/") in {*GRAPH_AUDIENCES, own_address}:
            claims["roles"] = list(application.permissions)
        head = _encode({"typ": "JWT", "alg": "HS256", "kid": "simulator"})
        signed = f"{head}.{_encode(claims)}"
        return f"{signed}.{self._sign(signed)}"

    def read(self, authorization: str, *, endpoint: str) -> tuple[Application, str]:
        """The application and tenant behind a bearer token for Azure; refuses with 401."""
        claims = self.claims(authorization, audiences={*AUDIENCES, endpoint})
        return claims.application, claims.tenant

    def claims(self, authorization: str, *, audiences: set[str]) -> Claims:
        """Return the claims of a bearer token for one of these audiences; refuses with 401."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or token.count(".") != 2:
            raise unauthorised("AuthenticationFailed", "Authentication failed. No bearer token.")
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(self._sign(signed).encode(), signature.encode()):
            raise unauthorised("InvalidAuthenticationToken", "The access token is invalid.")
        claims = decode_claims(token)
        if claims["exp"] <= time.time():
            raise unauthorised(
                "ExpiredAuthenticationToken",
                "The access token expiry UTC time is earlier than current UTC time.",
            )
        if str(claims["aud"]).rstrip("/") not in audiences:
            raise unauthorised("InvalidAuthenticationToken", "The audience of the token is wrong.")
        application = self.named(claims["appid"])
        if not application.enabled:
            raise unauthorised("InvalidAuthenticationToken", "The principal is disabled.")
        return Claims(application, claims["tid"], frozenset(claims.get("roles", ())))

    def _sign(self, text: str) -> str:
        digest = hmac.new(self._key, text.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _register(key: str) -> Application:
    client_id, object_id = uuid.uuid5(_IDS, f"client {key}"), uuid.uuid5(_IDS, f"object {key}")
    secret = secrets.token_urlsafe(24)
    return Application(
        key,
        str(client_id),
        str(object_id),
        secret,
        list(_REGISTERED[key]),
        permissions=list(_CONSENTED[key]),
    )


def _encode(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode()


def decode_claims(token: str) -> dict[str, Any]:
    """The claims of a token, unverified; raises ValueError when it is no token."""
    pieces = token.split(".")
    if len(pieces) != 3:
        raise ValueError("a token must have three parts")
    padded = pieces[1] + "=" * (-len(pieces[1]) % 4)
    claims = orjson.loads(base64.urlsafe_b64decode(padded))
    if not isinstance(claims, dict):
        raise ValueError("the claims of a token must be an object")
    return claims


def unauthorised(code: str, message: str) -> ArmRefusal:
    """401 in Azure's words, with the header that clients look at."""
    challenge = (
        'Bearer authorization_uri="https://login.microsoftonline.com", error="invalid_token"'
    )
    return ArmRefusal(401, code, message, {"WWW-Authenticate": challenge})
