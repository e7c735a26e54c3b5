"""The pretend sign-in service: discovery document, keys, and tokens for applications."""

import re
import time
import uuid
from typing import Any
from urllib.parse import parse_qsl

from simulator.azure import Azure
from simulator.identity import Application, decode_claims
from simulator.replies import Reply
from simulator.signing import published_keys

Json = dict[str, Any]
_PATH = re.compile(
    r"/(?P<tenant>[\w.-]+)/(?P<what>v2\.0/\.well-known/openid-configuration"
    r"|oauth2/v2\.0/token|discovery/v2\.0/keys|discovery/instance)"
)


def is_sign_in(path: str) -> bool:
    """Whether an address belongs to the sign-in service."""
    return _PATH.fullmatch(path) is not None


def answer_sign_in(azure: Azure, *, method: str, path: str, body: bytes) -> Reply:
    """Answer one call to the sign-in service."""
    match = _PATH.fullmatch(path)
    if match is None:
        return Reply(404)
    tenant, document = match["tenant"], match["what"]
    if document.endswith("openid-configuration"):
        return Reply(body=_configuration(azure.endpoint, tenant))
    if document.endswith("keys"):
        return Reply(body={"keys": published_keys(azure.store)})
    if document.endswith("instance"):
        return Reply(body=_discovery(azure.endpoint, tenant))
    if method != "POST":
        return Reply(405)
    return _token(azure, tenant, dict(parse_qsl(body.decode())))


def _configuration(endpoint: str, tenant: str) -> Json:
    base = f"{endpoint}/{tenant}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "response_types_supported": ["code", "token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "tenant_region_scope": None,
    }


def _discovery(endpoint: str, tenant: str) -> Json:
    address = f"{endpoint}/{tenant}/v2.0/.well-known/openid-configuration"
    return {"tenant_discovery_endpoint": address, "api-version": "1.1", "metadata": []}


def _token(azure: Azure, tenant: str, form: dict[str, str]) -> Reply:
    if tenant.lower() not in {workspace.tenant_id.lower() for workspace in azure.workspaces}:
        return _refused(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")
    if form.get("grant_type") != "client_credentials":
        return _refused(400, "unsupported_grant_type", 70003, "The grant type is not supported.")
    scope = form.get("scope", "")
    if not scope.endswith("/.default"):
        return _refused(400, "invalid_scope", 70011, "The scope must end in /.default.")
    try:
        application = azure.identities.named(form.get("client_id", ""))
    except KeyError:
        return _refused(400, "unauthorized_client", 700016, "The application was not found.")
    if not application.enabled:
        return _refused(401, "invalid_client", 7000112, "The application is disabled.")
    refusal = _check_credential(application, form)
    if refusal is not None:
        return refusal
    audience = scope.removesuffix("/.default")
    issuer = f"{azure.endpoint}/{tenant}/v2.0"
    token = azure.identities.issue(application, tenant=tenant, audience=audience, issuer=issuer)
    return Reply(
        body={
            "token_type": "Bearer",
            "expires_in": azure.identities.lifetime,
            "ext_expires_in": azure.identities.lifetime,
            "access_token": token,
        },
        headers={"cache-control": "no-store"},
    )


def _check_credential(application: Application, form: dict[str, str]) -> Reply | None:
    if "client_secret" in form:
        if form["client_secret"] != application.secret:
            return _refused(401, "invalid_client", 7000215, "Invalid client secret provided.")
        return None
    if not form.get("client_assertion_type", "").endswith("jwt-bearer"):
        return _refused(401, "invalid_client", 7000218, "A secret or an assertion is required.")
    try:
        claims = decode_claims(form.get("client_assertion", ""))
    except ValueError:
        return _refused(401, "invalid_client", 50027, "The assertion is malformed.")
    if float(claims.get("exp", 0)) <= time.time():
        return _refused(401, "invalid_client", 700024, "The assertion has expired.")
    return None


def _refused(status: int, error: str, number: int, sentence: str) -> Reply:
    trace, correlation = uuid.uuid4(), uuid.uuid4()
    now = time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())
    return Reply(
        status,
        {
            "error": error,
            "error_codes": [number],
            "timestamp": now,
            "trace_id": str(trace),
            "correlation_id": str(correlation),
            "error_description": f"AADSTS{number}: {sentence} Trace ID: {trace}"
            f" Correlation ID: {correlation} Timestamp: {now}",
        },
    )
