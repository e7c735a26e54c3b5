"""Whether a token of Entra was given to the one identity that may send push hints.

A managed identity's token is an access token, version 1 or 2 as the audience's application is set
up: issuer and audience look different, `oid` and `tid` are in both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import jwt

from alerts.intake.engine.push_signature import MAX_AGE_SECONDS, Refusal

_ISSUER_OF_VERSION_1 = {
    "login.microsoftonline.com": "https://sts.windows.net",
    "login.microsoftonline.us": "https://sts.windows.net",
    "login.chinacloudapi.cn": "https://sts.chinacloudapi.cn",
}
_CLAIMS = ["exp", "nbf", "aud", "iss", "oid", "tid"]
# The time is ours to compare: the library would ask its own clock.
_OPTIONS: Any = {
    "require": _CLAIMS,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}


@dataclass(frozen=True, slots=True)
class Caller:
    """The identity that may send: its object id in a tenant, and the audience it asks for."""

    object_id: str
    tenant_id: str
    audience: str
    authority: str

    @property
    def issuers(self) -> list[str]:
        """Who issues its tokens: by version 1 and by version 2."""
        authority, tenant = self.authority.rstrip("/"), self.tenant_id.lower()
        first = _ISSUER_OF_VERSION_1.get(urlsplit(authority).hostname or "", authority)
        return [f"{first}/{tenant}/", f"{authority}/{tenant}/v2.0"]


def refusal_of_token(
    token: str, *, keys: Iterable[Mapping[str, Any]], caller: Caller, now: datetime
) -> Refusal | None:
    """Return why a token is not taken, or None. `keys` are the signing keys of the tenant (JWKS);
    only RS256 counts, whatever the token's head states.
    """
    try:
        head = jwt.get_unverified_header(token)
        jwk = next((key for key in keys if key.get("kid") == head.get("kid")), None)
        if jwk is None or head.get("kid") is None:
            return Refusal.UNKNOWN_SIGNER
        claims = jwt.decode(
            token,
            jwt.PyJWK(dict(jwk), algorithm="RS256"),
            algorithms=["RS256"],
            audience=caller.audience,
            issuer=caller.issuers,
            options=_OPTIONS,
        )
    except jwt.InvalidAudienceError:
        return Refusal.WRONG_AUDIENCE
    except jwt.InvalidIssuerError:
        return Refusal.WRONG_ISSUER
    except (jwt.PyJWTError, ValueError, TypeError):
        return Refusal.WRONG_TOKEN
    return _refusal_of_claims(claims, caller=caller, now=now)


def _refusal_of_claims(
    claims: Mapping[str, Any], *, caller: Caller, now: datetime
) -> Refusal | None:
    begins, ends = claims["nbf"], claims["exp"]
    if not (isinstance(begins, int | float) and isinstance(ends, int | float)):
        return Refusal.WRONG_TOKEN
    moment = now.timestamp()
    if not begins - MAX_AGE_SECONDS <= moment < ends + MAX_AGE_SECONDS:
        return Refusal.EXPIRED_TOKEN
    is_caller = str(claims["oid"]).lower() == caller.object_id.lower()
    if not is_caller or str(claims["tid"]).lower() != caller.tenant_id.lower():
        return Refusal.WRONG_IDENTITY
    return None
