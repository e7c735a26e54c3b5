"""What Sentinel's answers mean: statuses, error envelopes and waits, in our words."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
from azure.core.exceptions import AzureError, DecodeError
from azure.core.rest import HttpResponse

from alerts.sentinel.client.errors import (
    AnswerTooLarge,
    SentinelConflict,
    SentinelDenied,
    SentinelError,
    SentinelNotFound,
    SentinelRefused,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.client.timeouts import max_body_bytes, seconds_left

_BEGINNING = 64 * 1024  # of an answer that is too large
_AGAIN_LATER = frozenset({408, 500, 502, 503, 504})


def error_for(status: int, headers: Mapping[str, str], body: bytes) -> SentinelError:
    """Return our exception for an unsuccessful answer."""
    code, message = error_in(body)
    context: dict[str, Any] = {
        "status": status,
        "code": code,
        "request_id": (headers.get("x-ms-request-id") or headers.get("request-id") or "")[:100],
    }
    reason = f"{code}: {message}" if code and message else code or message or f"status {status}"
    if status == 429:
        return SentinelThrottled(
            f"Azure asks for fewer calls ({reason}).", retry_after=wait_in(headers), **context
        )
    if status == 206:
        return SentinelUnavailable("The answer holds only a part of what was asked for.", **context)
    if status in _AGAIN_LATER or status >= 500:
        return SentinelUnavailable(
            f"Azure has a problem of its own ({reason}).", retry_after=wait_in(headers), **context
        )
    if status == 409 and code == "MissingSubscriptionRegistration":
        return SentinelRefused(
            "The subscription is not registered for Microsoft.SecurityInsights.", **context
        )
    if status in (409, 412):
        return SentinelConflict(f"Somebody changed it meanwhile ({reason}).", **context)
    if status == 401:
        return SentinelDenied(f"Azure does not accept our sign-in ({reason}).", **context)
    if status == 403:
        return SentinelDenied(f"Azure does not allow this ({reason}).", **context)
    if status in (404, 410):
        return SentinelNotFound(f"Azure does not find it ({reason}).", **context)
    if 300 <= status < 400:
        return SentinelRefused("The address leads elsewhere, and that was not followed.", **context)
    return SentinelRefused(f"Azure refuses this ({reason}).", **context)


def error_in(body: bytes) -> tuple[str, str]:
    """Code and text of an error envelope; both empty where it is none."""
    try:
        whole = orjson.loads(body[:65_536])
    except orjson.JSONDecodeError:
        return "", ""
    error = whole.get("error") if isinstance(whole, dict) else None
    if not isinstance(error, dict):
        return "", error[:100] if isinstance(error, str) else ""
    code, message = error.get("code"), error.get("message")
    return (
        code[:100] if isinstance(code, str) else "",
        message[:300] if isinstance(message, str) else "",
    )


def wait_in(headers: Mapping[str, str]) -> float | None:
    """Return the seconds the server asks us to wait, uncapped; None where it names none."""
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        if (milliseconds := _number(headers.get(name))) is not None:
            return milliseconds / 1000
    text = headers.get("Retry-After")
    if text is None or (seconds := _number(text)) is not None:
        return seconds if text is not None else None
    until, sent = _date(text), _date(headers.get("Date"))
    return max(0.0, (until - sent).total_seconds()) if until and sent else None


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, ArithmeticError):
        return None
    return moment if moment.tzinfo else None


def body_of(response: HttpResponse) -> bytes:
    """The whole body, within our limits of size and time."""
    chunks, size, limit = [], 0, max_body_bytes()
    for chunk in response.iter_bytes():
        size += len(chunk)
        chunks.append(chunk)
        if size > limit:
            raise AnswerTooLarge(_beginning_of(chunks))
        if not seconds_left():
            raise SentinelUnavailable("The answer takes too long.", code="TooSlow")
    return b"".join(chunks)


def _beginning_of(chunks: Sequence[bytes]) -> bytes:
    """The first bytes alone: all of what is too large is not copied."""
    beginning = bytearray()
    for chunk in chunks:
        beginning += chunk[: _BEGINNING - len(beginning)]
        if len(beginning) >= _BEGINNING:
            break
    return bytes(beginning)


def object_in(body: bytes) -> dict[str, Any]:
    """The JSON object an answer is; empty where it is another kind of JSON."""
    try:
        whole = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise SentinelUnavailable("The answer is no JSON.", status=200, code="NotJson") from None
    return whole if isinstance(whole, dict) else {}


@contextmanager
def error_sentence() -> Iterator[None]:
    """Whatever fails inside becomes a SentinelError."""
    try:
        yield
    except SentinelError:
        raise
    except DecodeError:
        raise SentinelUnavailable("The answer cannot be unpacked.", code="NotReadable") from None
    except (AzureError, OSError) as error:
        slow = not seconds_left() or isinstance(error, TimeoutError)
        code = "TooSlow" if slow else type(error).__name__
        raise unreachable("Azure", error, code=code) from None
    except ValueError:  # HTTP that breaks its own rules: the SDK has no error for that
        raise SentinelUnavailable("The answer cannot be read.", code="NotReadable") from None


def unreachable(who: str, error: Exception, *, code: str) -> SentinelUnavailable:
    """The sentence for when nobody answered; a certificate nobody vouches for has its own words."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return SentinelUnavailable(
            f"{who} shows a certificate that is not trusted here; name its CA with --ca-bundle.",
            code="CertificateNotTrusted",
        )
    return SentinelUnavailable(f"{who} cannot be reached ({code}).", code=code)
