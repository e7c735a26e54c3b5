"""What a request may hold: JSON objects whose every member is known, documented parameters, no
token in the address, and the scope that the token needs.
"""

from collections.abc import Collection, Mapping
from typing import IO, Any

import orjson
from rest_framework import serializers
from rest_framework.exceptions import ParseError, PermissionDenied, ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from portal.accounts.models import TokenScope, User
from portal.accounts.services.tokens import MARK
from portal.api.problems import BadInput


class Json(BaseParser):
    """JSON as RFC 8259 means it: no NaN, no lone surrogates, no endless nesting."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Read the whole body; it was bounded before."""
        try:
            return orjson.loads(stream.read())
        except orjson.JSONDecodeError as wrong:
            raise ParseError(f"The body is not JSON: {wrong}.") from None


class In(serializers.Serializer[Any]):
    """The body of a command. A member that it does not name is refused (A14)."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse what is not known, then read the rest."""
        if not isinstance(data, Mapping):
            raise ValidationError({"body": ["Send a JSON object."]})
        unknown = [str(name) for name in data if name not in self.fields]
        if unknown:
            possible = ", ".join(self.fields) or "none"
            message = f"Unknown member; possible: {possible}."
            raise ValidationError({name[:60]: [message] for name in unknown[:20]})
        return super().to_internal_value(data)


class NoInput(In):
    """A command that needs no words."""


_SECRETS = frozenset({"token", "access_token", "api_key", "apikey", "key", "authorization"})


class OnlyJson(BaseContentNegotiation):
    """All answers are JSON, whatever `Accept` asks for."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """The one parser, for bodies that say they are JSON."""
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        return parsers[0] if kind == "application/json" else None

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        """The one renderer; our answers are made before it is asked."""
        return JSONRenderer(), "application/json"


def refuse_tokens_in_query(request: Request) -> None:
    """Addresses are logged everywhere: a token in one is refused and must be replaced (A17)."""
    for name, value in request._request.GET.items():
        if name.lower() in _SECRETS or str(value).startswith(f"{MARK}_"):
            raise BadInput(
                "Never put a token in an address. Send it as “Authorization: Bearer”, and rotate "
                "one that was sent in an address."
            )


def refuse_unknown_parameters(request: Request, allowed: Collection[str]) -> None:
    """Only documented parameters mean anything; each is given once (A16)."""
    errors = {}
    for name, values in request._request.GET.lists():
        if name not in allowed:
            possible = ", ".join(sorted(allowed)) or "none"
            errors[name[:60]] = [f"Unknown parameter; possible: {possible}."]
        elif len(values) > 1:
            errors[name] = ["Give it once."]
    if errors:
        message = " ".join(f"{name}: {reasons[0]}" for name, reasons in errors.items())
        raise BadInput(message, errors)


def may_read(person: User) -> bool:
    """Whether an answer may show rows: a token may have been made to write only."""
    token = person.via_token
    return token is None or TokenScope.READ in token.scopes


def scope_wanted(person: User, scope: TokenScope) -> None:
    """Refuse a token that was not made for this."""
    token = person.via_token
    if token is not None and scope not in token.scopes:
        raise PermissionDenied(f"This token lacks the scope {scope.value}.")
