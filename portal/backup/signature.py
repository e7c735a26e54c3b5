"""The signature of a backup's manifest: an HMAC with a key that is made of SECRET_KEY for nothing
else. The manifest holds the digest and the size of each part, so the signature covers all of it.
"""

import hmac
from enum import StrEnum

import msgspec

from portal.runtime.stored_secrets import derive_key

SIGNATURE = "signature.json"
_PURPOSE = "backup manifest"


class ManifestSignature(msgspec.Struct, frozen=True, kw_only=True):
    """Which key signed a manifest, by its digest, and what it made of the manifest's bytes."""

    key: str
    hmac_sha256: str


class BackupProof(StrEnum):
    """The result of checking a manifest's signature with this installation's key."""

    VALID = "valid"
    OTHER_KEY = "other key"
    MISSING = "missing"
    CHANGED = "changed"


def sign_manifest(raw: bytes) -> bytes:
    """Return the signature of these bytes, as the archive stores it."""
    key = derive_key(_PURPOSE)
    return msgspec.json.encode(ManifestSignature(key=_key_id(key), hmac_sha256=_mac(key, raw)))


def proof_of(raw: bytes, signature: bytes | None) -> BackupProof:
    """Compare a manifest with its signature."""
    if signature is None:
        return BackupProof.MISSING
    key = derive_key(_PURPOSE)
    try:
        read = msgspec.json.decode(signature, type=ManifestSignature)
    except msgspec.DecodeError:
        return BackupProof.CHANGED
    if hmac.compare_digest(read.hmac_sha256.encode(), _mac(key, raw).encode()):
        return BackupProof.VALID
    return BackupProof.CHANGED if read.key == _key_id(key) else BackupProof.OTHER_KEY


def _mac(key: bytes, raw: bytes) -> str:
    return hmac.new(key, b"manifest\0" + raw, "sha256").hexdigest()


def _key_id(key: bytes) -> str:
    """Return what distinguishes two keys and proves nothing about either."""
    return hmac.new(key, b"key id", "sha256").hexdigest()[:16]
