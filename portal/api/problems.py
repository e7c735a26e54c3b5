"""Everything that goes wrong, as problem details (RFC 9457)."""

import logging
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.utils.translation import gettext
from rest_framework import exceptions, status

from portal.errors import Refused

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
DOCS = "/api/v1/docs"
TITLES = {
    400: ("bad-input", "The request was not understood"),
    401: ("not-signed-in", "Nobody is signed in"),
    403: ("not-allowed", "No permission"),
    404: ("not-found", "There is nothing here for you"),
    405: ("not-here", "This address does not do that"),
    409: ("refused", "Refused"),
    413: ("too-large", "The request is too large"),
    415: ("not-json", "The body is not JSON"),
    429: ("too-many", "Too many requests"),
    500: ("our-mistake", "This went wrong on our side"),
    503: ("not-ready", "Tagout is not ready"),
}


class BadInput(exceptions.APIException):
    """What was asked makes no sense; `errors` states it for each field, parameter or member."""

    status_code = status.HTTP_400_BAD_REQUEST

    def __init__(self, detail: str, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(detail)
        self.errors = {name: list(reasons) for name, reasons in (errors or {}).items()}


class KeyTaken(exceptions.APIException):
    """An `Idempotency-Key` came again with something else."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "This Idempotency-Key was used for another request. Use a new one."


def problem_response(
    code: int, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any
) -> HttpResponse:
    """One problem as an answer."""
    kind, title = TITLES.get(code, ("failed", "The request failed"))
    body = {"type": f"{DOCS}#{kind}", "title": title, "status": code, "detail": detail, **members}
    answer = HttpResponse(orjson.dumps(body), status=code, content_type=MEDIA_TYPE)
    answer["Cache-Control"] = "no-store"
    for name, value in (headers or {}).items():
        answer[name] = value
    return answer


def refused(refusal: Refused, code: int = 409) -> HttpResponse:
    """A refusal with its reasons, in the language that was asked for."""
    reasons = [_in_words(reason) for reason in refusal.reasons]
    return problem_response(code, " ".join(reasons), reasons=reasons)


def answer_problem(error: Exception, context: Mapping[str, Any] | None = None) -> HttpResponse:
    """The exception handler of every view: whatever was raised, as one problem."""
    match error:
        case Refused():
            return refused(error)
        case Http404() | exceptions.NotFound():
            return problem_response(404, "It does not exist, or you may not see it.")
        case RequestDataTooBig():
            return problem_response(413, "A request has at most 2 MB.")
        case PermissionDenied() | SuspiciousOperation():
            code = 403 if isinstance(error, PermissionDenied) else 400
            return problem_response(code, str(error) or TITLES[code][1] + ".")
        case BadInput():
            more: dict[str, Any] = {"errors": error.errors} if error.errors else {}
            return problem_response(400, str(error.detail), **more)
        case exceptions.ValidationError():
            errors = _errors(error.detail)
            sentences = [f"{name}: {' '.join(reasons)}" for name, reasons in errors.items()]
            return problem_response(400, " ".join(sentences), errors=errors)
        case exceptions.Throttled():
            wait = max(1, int(getattr(error, "wait", None) or 1))
            message = f"Wait {wait} seconds, then ask again."
            return problem_response(429, message, headers={"Retry-After": str(wait)})
        case exceptions.APIException():
            return problem_response(error.status_code, str(error.detail), headers=_headers(error))
        case OperationalError() | InterfaceError():
            logger.warning("The database did not answer an API request: %s", type(error).__name__)
            message = "The database does not answer at the moment. Nothing was done."
            return problem_response(503, message, headers={"Retry-After": "5"})
    return _our_mistake(error)


def _in_words(reason: str) -> str:
    """Sentences of an engine have no language; those that can be `translated` are put into it."""
    translated = getattr(reason, "translated", None)
    return str(translated(gettext)) if translated else str(reason)


def _our_mistake(error: Exception) -> HttpResponse:
    reference = secrets.token_hex(4)
    kind = "database" if isinstance(error, DatabaseError) else "program"
    logger.error("API: a mistake of the %s, reference %s", kind, reference, exc_info=error)
    message = "Nothing was done. If it happens twice, give the reference to whoever runs Tagout."
    return problem_response(500, message, reference=reference)


def _headers(error: exceptions.APIException) -> dict[str, str]:
    mark = getattr(error, "auth_header", None)
    return {"WWW-Authenticate": mark} if mark else {}


def _errors(detail: Any, name: str = "") -> dict[str, list[str]]:
    """Errors of a serializer, flat: `add.0` is the first of the list `add`."""
    if isinstance(detail, Mapping):
        pairs = [(str(key), value) for key, value in detail.items()]
    elif isinstance(detail, list) and any(isinstance(item, Mapping | list) for item in detail):
        pairs = [(str(at), value) for at, value in enumerate(detail) if value]
    else:
        messages = detail if isinstance(detail, list) else [detail]
        return {name or "body": [str(message) for message in messages]}
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        inner = "body" if key == "non_field_errors" else key
        found |= _errors(value, f"{name}.{inner}" if name else inner)
    return found
