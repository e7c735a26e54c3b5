"""Secrets that must be kept in the database (reliability G13): encrypted with a key that is made of
SECRET_KEY, which is outside. Whoever holds the database alone holds nothing.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def encrypt_secret(text: str, *, purpose: str) -> str:
    """Return the secret as it may be stored. `purpose` keeps secrets of different uses apart."""
    return _cipher(purpose).encrypt(text.encode()).decode("ascii")


def decrypt_secret(stored: str, *, purpose: str) -> str:
    """Return the secret, or "" where it was encrypted with another SECRET_KEY."""
    try:
        return _cipher(purpose).decrypt(stored.encode()).decode()
    except InvalidToken:
        return ""


def derive_key(purpose: str) -> bytes:
    """Return 32 bytes made of SECRET_KEY for this purpose alone."""
    key = HKDF(SHA256(), length=32, salt=None, info=f"tagout {purpose}".encode())
    return key.derive(settings.SECRET_KEY.encode())


def _cipher(purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derive_key(purpose)))
