"""Only the one identity, of the one tenant, for the one audience, signed by Entra, in its time."""

import json
import time
from datetime import UTC, datetime

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from alerts.intake.engine.entra_token import Caller, refusal_of_token
from alerts.intake.engine.push_signature import Refusal

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
TENANT, IDENTITY = "11111111-2222-3333-4444-555555555555", "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
AUDIENCE = "api://tagout"
CALLER = Caller(IDENTITY, TENANT, AUDIENCE, "https://login.microsoftonline.com")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CLAIMS = {
    "aud": AUDIENCE,
    "iss": f"https://sts.windows.net/{TENANT}/",
    "nbf": NOW.timestamp() - 60,
    "exp": NOW.timestamp() + 3600,
    "oid": IDENTITY,
    "tid": TENANT,
}


def published(key, kid="k1"):
    return json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) | {"kid": kid}


def token(claims=None, *, key=KEY, kid="k1", algorithm="RS256", **changes):
    values = {name: v for name, v in ((claims or CLAIMS) | changes).items() if v is not None}
    return jwt.encode(values, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def refusal(text):
    return refusal_of_token(
        text, keys=[published(OTHER_KEY, "k0"), published(KEY)], caller=CALLER, now=NOW
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"iss": f"https://login.microsoftonline.com/{TENANT}/v2.0"},
        {"oid": IDENTITY.upper()},
        {"exp": NOW.timestamp() - 200},  # clocks differ
    ],
)
def test_a_token_of_the_identity_is_taken(changes):
    assert refusal(token(**changes)) is None


@pytest.mark.abuse("A39")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (token(aud="https://management.azure.com"), Refusal.WRONG_AUDIENCE),
        (
            token(iss="https://sts.windows.net/99999999-2222-3333-4444-555555555555/"),
            Refusal.WRONG_ISSUER,
        ),
        (token(tid="99999999-2222-3333-4444-555555555555"), Refusal.WRONG_IDENTITY),
        (token(oid="99999999-bbbb-cccc-dddd-eeeeeeeeeeee"), Refusal.WRONG_IDENTITY),
        (token(exp=NOW.timestamp() - 301), Refusal.EXPIRED_TOKEN),
        (token(nbf=NOW.timestamp() + 301), Refusal.EXPIRED_TOKEN),
        (token(exp="never"), Refusal.WRONG_TOKEN),
        (token(oid=None), Refusal.WRONG_TOKEN),
        (token(exp=None), Refusal.WRONG_TOKEN),
        (token(kid="k9"), Refusal.UNKNOWN_SIGNER),
        (token(kid=""), Refusal.UNKNOWN_SIGNER),
        (token(key=OTHER_KEY), Refusal.WRONG_TOKEN),  # says k1, is signed by another
        (token(key=None, algorithm="none"), Refusal.WRONG_TOKEN),
        (token(key=published(KEY)["n"], algorithm="HS256"), Refusal.WRONG_TOKEN),
        (token()[:-4] + "AAAA", Refusal.WRONG_TOKEN),
        ("", Refusal.WRONG_TOKEN),
        ("a.b.c", Refusal.WRONG_TOKEN),
    ],
    ids=[str(number) for number in range(17)],  # keys, and so tokens, differ in each process
)
def test_any_other_token_is_refused(text, reason):
    assert refusal(text) == reason


def test_the_time_is_the_argument_and_not_the_clock_of_the_machine():
    late = token(nbf=time.time() + 10_000_000, exp=time.time() + 20_000_000)
    at = datetime.fromtimestamp(time.time() + 15_000_000, tz=UTC)
    assert refusal_of_token(late, keys=[published(KEY)], caller=CALLER, now=at) is None
