"""The public keys with which a tenant's tokens are signed, as the authority publishes them."""

from typing import Any
from urllib.parse import quote

from azure.core import PipelineClient
from azure.core.pipeline.policies import HeadersPolicy, RequestIdPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest

from alerts.sentinel.client.answers import body_of, error_for, error_sentence, object_in
from alerts.sentinel.client.authentication import CappedRetry
from alerts.sentinel.client.connection import Connection, origin_of
from alerts.sentinel.client.errors import SentinelUnavailable
from alerts.sentinel.client.timeouts import BoundedTransport, seconds_left, time_limit

_MEMBERS = ("kid", "kty", "use", "n", "e")
MAX_KEYS = 50


def fetch_signing_keys(connection: Connection) -> list[dict[str, Any]]:
    """Return the RSA keys of the workspace's tenant (JWKS). Nothing is signed in for: they are
    public. Raises SentinelError.
    """
    authority = connection.authority.rstrip("/")
    origin = origin_of(authority)
    if origin is None or origin[0] != "https":
        raise SentinelUnavailable("The authority is no https address.", code="NotHttps")
    url = f"{authority}/{quote(connection.tenant_id, safe='')}/discovery/v2.0/keys"
    policies = [
        RequestIdPolicy(),
        HeadersPolicy(),
        UserAgentPolicy(base_user_agent="Tagout"),
        CappedRetry(retry_backoff_factor=0.2),
    ]
    transport = BoundedTransport(connection.verify)
    client: PipelineClient[Any, Any] = PipelineClient(
        authority, policies=policies, transport=transport
    )
    with client, time_limit(), error_sentence():
        request = HttpRequest("GET", url, headers={"Accept": "application/json"})
        response = client.send_request(request, stream=True, retry_total=1, timeout=seconds_left())
        try:
            body = body_of(response)
        finally:
            response.close()
        if response.status_code != 200:
            raise error_for(response.status_code, response.headers, body)
    return rsa_keys_in(object_in(body))


def rsa_keys_in(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the keys of an answer that can check RS256, with the members that this needs."""
    found = answer.get("keys")
    if not isinstance(found, list):
        raise SentinelUnavailable("The answer is no list of keys.", code="NotAList")
    return [
        {member: key[member] for member in _MEMBERS if isinstance(key.get(member), str)}
        for key in found[:MAX_KEYS]
        if isinstance(key, dict)
        and key.get("kty") == "RSA"
        and all(isinstance(key.get(member), str) for member in ("kid", "n", "e"))
    ]
