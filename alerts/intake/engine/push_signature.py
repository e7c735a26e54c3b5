"""Signatures of push hints by Standard Webhooks: HMAC-SHA256 over id, time and body.

    webhook-id: msg_1
    webhook-timestamp: 1795600000
    webhook-signature: v1,<base64> [v1,<base64> …]

https://www.standardwebhooks.com; libraries for it exist in all usual languages.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAX_AGE_SECONDS = 300  # either way: clocks differ
_PREFIX = "whsec_"
_ID = re.compile(r"[\x21-\x7e]{1,100}")
_SECONDS = re.compile(r"[0-9]{1,12}")


class Refusal(StrEnum):
    """Why a push hint is not taken."""

    MALFORMED = "malformed"
    TOO_OLD = "too-old"
    WRONG_SIGNATURE = "wrong-signature"
    NO_KEY = "no-key"
    NO_IDENTITY = "no-identity"
    WRONG_TOKEN = "wrong-token"
    UNKNOWN_SIGNER = "unknown-signer"
    EXPIRED_TOKEN = "expired-token"
    WRONG_AUDIENCE = "wrong-audience"
    WRONG_ISSUER = "wrong-issuer"
    WRONG_IDENTITY = "wrong-identity"
    REPLAYED = "replayed"


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """The values of the three headers, and the body that they are about."""

    message_id: str
    timestamp: str
    signatures: str
    body: bytes


def make_secret() -> str:
    """Return a new random key, as senders take it."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode("ascii")


def signature_of(secret: str, *, message_id: str, timestamp: str, body: bytes) -> str:
    """Return the value of the header `webhook-signature`. Raises ValueError for what is no key."""
    digest = hmac.new(
        _bytes_of(secret), f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256
    )
    return "v1," + base64.b64encode(digest.digest()).decode("ascii")


def refusal_of_signature(
    message: SignedMessage, *, secrets_in_force: Iterable[str], now: datetime
) -> Refusal | None:
    """Return why a signed message is not taken, or None. Whether it was sent before is not asked
    here.
    """
    if not (_ID.fullmatch(message.message_id) and _SECONDS.fullmatch(message.timestamp)):
        return Refusal.MALFORMED
    keys = list(secrets_in_force)
    if not keys:
        return Refusal.NO_KEY
    expected = [
        signature_of(
            key, message_id=message.message_id, timestamp=message.timestamp, body=message.body
        )
        for key in keys
    ]
    signatures = message.signatures.split(" ")[:10]
    if not any(
        hmac.compare_digest(signature.encode(errors="replace"), right.encode())
        for signature in signatures
        for right in expected
    ):
        return Refusal.WRONG_SIGNATURE
    # Only now, because the answer differs: strangers would learn by it that there is a key.
    if abs(int(message.timestamp) - now.timestamp()) > MAX_AGE_SECONDS:
        return Refusal.TOO_OLD
    return None


def _bytes_of(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("The key of the push hint is not base64.") from None
