"""The key with which Entra signs tokens for others than Azure itself: RS256, its half public."""

import base64
import hashlib
from typing import Any

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from simulator.store import Store

_FACT = "signing_key"


def published_keys(store: Store) -> list[dict[str, str]]:
    """The public keys as `discovery/v2.0/keys` lists them."""
    numbers = _key(store).public_key().public_numbers()
    modulus, exponent = _number(numbers.n), _number(numbers.e)
    return [{"kty": "RSA", "use": "sig", "kid": _kid(modulus), "n": modulus, "e": exponent}]


def signed_token(store: Store, claims: dict[str, Any]) -> str:
    """A token with these claims, signed with the key that is published."""
    head = {"typ": "JWT", "alg": "RS256", "kid": published_keys(store)[0]["kid"]}
    text = f"{_text(orjson.dumps(head))}.{_text(orjson.dumps(claims))}"
    return f"{text}.{_text(_key(store).sign(text.encode(), padding.PKCS1v15(), SHA256()))}"


def replace_key(store: Store) -> None:
    """Sign with another key from now on, as Entra does every few weeks."""
    store.keep(_FACT, "")


def _key(store: Store) -> rsa.RSAPrivateKey:
    if stored := store.fact(_FACT):
        key = serialization.load_pem_private_key(stored.encode(), password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    store.keep(_FACT, text.decode())
    return made


def _kid(modulus: str) -> str:
    return hashlib.sha256(modulus.encode()).hexdigest()[:16]


def _number(value: int) -> str:
    return _text(value.to_bytes((value.bit_length() + 7) // 8))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
