"""What each method of a resource does: the decorators that say so, and who reads it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import wraps
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, Literal

from django.http import HttpResponse
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.serializers import Field, Serializer

from portal.accounts.models import Role, TokenScope
from portal.api.bodies import In
from portal.api.commands import HEADER, once
from portal.api.listing import Listing, reasons_of
from portal.api.problems import BadInput, answer_problem

if TYPE_CHECKING:
    from portal.api.views import Api, Resource


type Fields = Mapping[str, Field[Any, Any, Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What one method of a resource does, for the checks before it and for the description."""

    kind: Literal["list", "one", "sub_list", "command", "facts"]
    scope: TokenScope = TokenScope.READ
    listing: Listing | None = None
    body: type[In] | None = None
    roles: Collection[Role] = ()
    serializer: type[Serializer[Any]] | None = None
    parameters: frozenset[str] = frozenset()
    query: Fields = field(default_factory=dict)


_operations: dict[tuple[Any, str], Operation | None] = {}


def operation_of(view: "type[Api]", name: str) -> Operation | None:
    """What a method of a resource does; made once, for each request asks several times."""
    key = (view, name)
    if key not in _operations:
        _operations[key] = _operation_of(view, name)
    return _operations[key]


def _operation_of(view: "type[Api]", name: str) -> Operation | None:
    own: Operation | None = getattr(getattr(view, name, None), "operation", None)
    listing: Listing | None = getattr(view, "listing", None)
    if own is not None or listing is None:
        return own
    if name == "list":
        return Operation(kind="list", listing=listing, parameters=listing.parameters)
    if name == "retrieve":
        return Operation(kind="one", listing=listing, parameters=frozenset({"fields"}))
    return None


def sub_list(listing: Listing) -> Callable[[Callable[..., Any]], Any]:
    """A list of what belongs to one row: the method gets the row and returns a queryset."""

    def made(method: Callable[..., Any]) -> Any:
        @wraps(method)
        def view(self: "Resource", request: Request, pk: Any) -> HttpResponse:
            row = self.found(pk)
            rows = method(self, row)
            return self.page(listing, rows, own=self.own(), workspace=self.workspace_of(row))

        view.operation = Operation(  # type: ignore[attr-defined]  # read by operation_of
            kind="sub_list", listing=listing, parameters=listing.parameters
        )
        return action(detail=True, methods=["get"], url_path=_path(method))(view)

    return made


def facts_alone(
    serializer: type[Serializer[Any]] | None,
    *,
    roles: Collection[Role] = (),
    query: Fields | None = None,
) -> Callable[[Callable[..., Any]], Any]:
    """A GET of an address without rows that answers one JSON object: the method gets what the
    address names and the parameters of `query` that were sent, and returns what the serializer
    shows; without one, the members. Wire it with `View.as_view({"get": "name"})`.
    """

    def made(method: Callable[..., Any]) -> Any:
        @wraps(method)
        def view(self: "Api", request: Request, **place: Any) -> HttpResponse:
            found = method(self, **place, **_values(query or {}, request))
            return self.answer(serializer(found).data if serializer else found)

        view.operation = Operation(  # type: ignore[attr-defined]  # read by operation_of
            kind="facts",
            serializer=serializer,
            roles=roles,
            query=query or {},
            parameters=frozenset(query or ()),
        )
        return view

    return made


def facts(serializer: type[Serializer[Any]], *, roles: Collection[Role] = ()) -> Callable[..., Any]:
    """A GET below a row that answers one JSON object: the method gets the row and returns what the
    serializer shows.
    """

    def made(method: Callable[..., Any]) -> Any:
        @wraps(method)
        def view(self: "Resource", request: Request, pk: Any) -> HttpResponse:
            row = self.found(pk)
            found = serializer(method(self, row)).data
            return self.answer(found, workspace=self.workspace_of(row))

        view.operation = Operation(  # type: ignore[attr-defined]  # read by operation_of
            kind="facts", serializer=serializer, roles=roles
        )
        return action(detail=True, methods=["get"], url_path=_path(method))(view)

    return made


def command(
    body: type[In],
    *,
    scope: TokenScope,
    roles: Collection[Role] = (),
    detail: bool = True,
    answers: Listing | None = None,
    address: str = "",
    keeps_refusals: bool = False,
) -> Callable[[Callable[..., Any]], Any]:
    """A named POST. The method gets the row (with `detail`) and the validated body, and calls one
    service; what it refuses becomes 409 with reasons, a missing role 403. It may return an
    HttpResponse; otherwise the row is answered as it is then. One named `create` is a POST to the
    list itself. `keeps_refusals`: the service puts its refusals on record.
    """

    def made(method: Callable[..., Any]) -> Any:
        @wraps(method)
        def view(self: "Resource", request: Request, pk: Any = None) -> HttpResponse:
            def carry_out() -> HttpResponse:
                try:
                    row = self.found(pk) if detail else None
                    asked = body(data=request.data or {}, context={"view": self, "row": row})
                    asked.is_valid(raise_exception=True)
                    said = dict(asked.validated_data)
                    done = method(self, row, said) if detail else method(self, said)
                    return done if isinstance(done, HttpResponse) else self.one(pk)
                except Exception as error:  # as the handler would, but in our transaction
                    return answer_problem(error)

            return once(
                request.headers.get(HEADER),
                user=self.person,
                address=request.path,
                body=request._request.body,
                carry_out=carry_out,
                keeps_refusals=keeps_refusals,
            )

        view.operation = Operation(  # type: ignore[attr-defined]  # read by operation_of
            kind="command", scope=scope, body=body, roles=roles, listing=answers
        )
        if method.__name__ == "create":  # the router knows where it belongs
            return view
        return action(detail=detail, methods=["post"], url_path=address or _path(method))(view)

    return made


def _values(query: Fields, request: Request) -> dict[str, Any]:
    """What the parameters say; `from` comes as `from_`, as Python keeps the word for itself."""
    values, errors = {}, {}
    for name, reader in query.items():
        if name not in request.query_params:
            continue
        try:
            value = reader.run_validation(request.query_params[name])
        except ValidationError as wrong:
            errors[name] = reasons_of(wrong)
        else:
            values[f"{name}_" if iskeyword(name) else name] = value
    if errors:
        raise BadInput(" ".join(f"{name}: {why[0]}" for name, why in errors.items()), errors)
    return values


def _path(method: Callable[..., Any]) -> str:
    return method.__name__.replace("_", "-")
