"""The base of every resource, and the decorators that describe what its methods do.

class WidgetViewSet(Resource):
listing = WIDGETS  # a portal.api.listing.Listing

def rows(self) -> QuerySet[Widget]:  # only what this person may see
return widgets_visible_to(self.person)

@sub_list(PARTS)  # GET widgets/7/parts/
def parts(self, widget: Widget) -> QuerySet[Part]:
return widget.parts.all()

@command(PaintIn, scope=TokenScope.RULES_WRITE, roles=SOC_ROLES)  # POST widgets/7/paint/
def paint(self, widget: Widget, values: dict[str, Any]) -> None:
paint_widget(widget_id=widget.pk, by=self.person, now=self.now, **values)
"""

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from keyword import iskeyword
from typing import Any, Literal, Self

import orjson
from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver
from django.utils.functional import Promise
from django.views.decorators.csrf import csrf_exempt
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.routers import SimpleRouter
from rest_framework.serializers import Field, Serializer
from rest_framework.viewsets import ViewSet

from portal import clock
from portal.accounts.models import Role, TokenScope, User
from portal.accounts.queries import roles_of
from portal.accounts.sessions import actor_of
from portal.api.authentication import Bearer, PerMinute, SessionAuthentication
from portal.api.commands import HEADER, answer_once
from portal.api.freshness import answer_age_seconds
from portal.api.listing import Listing, Own, field_reasons, page_of, rows_of
from portal.api.problems import BadInput, answer_problem, problem_response
from portal.api.requests import (
    In,
    Json,
    OnlyJson,
    may_read,
    refuse_tokens_in_query,
    refuse_unknown_parameters,
    scope_wanted,
)

type Fields = Mapping[str, Field[Any, Any, Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOperation:
    """What one method of a resource does, for the checks before it and for the description."""

    kind: Literal["list", "one", "sub_list", "command", "facts", "file"]
    scope: TokenScope = TokenScope.READ
    listing: Listing | None = None
    body: type[In] | None = None
    roles: Collection[Role] = ()
    serializer: type[Serializer[Any]] | None = None
    parameters: frozenset[str] = frozenset()
    query: Fields = field(default_factory=dict)
    media_types: tuple[str, ...] = ()


_operations: dict[tuple[Any, str], ApiOperation | None] = {}


def operation_of(view: "type[Api]", name: str) -> ApiOperation | None:
    """What a method of a resource does; made once, for each request asks several times."""
    key = (view, name)
    if key not in _operations:
        _operations[key] = _operation_of(view, name)
    return _operations[key]


def _operation_of(view: "type[Api]", name: str) -> ApiOperation | None:
    own: ApiOperation | None = getattr(getattr(view, name, None), "operation", None)
    listing: Listing | None = getattr(view, "listing", None)
    if own is not None or listing is None:
        return own
    if name == "list":
        return ApiOperation(kind="list", listing=listing, parameters=listing.parameters)
    if name == "retrieve":
        return ApiOperation(kind="one", listing=listing, parameters=frozenset({"fields"}))
    return None


def sub_list(listing: Listing) -> Callable[[Callable[..., Any]], Any]:
    """A list of what belongs to one row: the method gets the row and returns a queryset."""

    def made(method: Callable[..., Any]) -> Any:
        @wraps(method)
        def view(self: "Resource", request: Request, pk: Any) -> HttpResponse:
            row = self.found(pk)
            rows = method(self, row)
            return self.page(listing, rows, own=self.own(), workspace=self.workspace_of(row))

        view.operation = ApiOperation(  # type: ignore[attr-defined]  # read by operation_of
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

        view.operation = ApiOperation(  # type: ignore[attr-defined]  # read by operation_of
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

        view.operation = ApiOperation(  # type: ignore[attr-defined]  # read by operation_of
            kind="facts", serializer=serializer, roles=roles
        )
        return action(detail=True, methods=["get"], url_path=_path(method))(view)

    return made


def file_of(*media_types: str) -> Callable[..., Any]:
    """A GET below a row that answers a file of one of these types: the method gets the row and
    returns the answer.
    """

    def made(method: Callable[..., Any]) -> Any:
        @wraps(method)
        def view(self: "Resource", request: Request, pk: Any) -> HttpResponseBase:
            answer: HttpResponseBase = method(self, self.found(pk))
            return answer

        view.operation = ApiOperation(  # type: ignore[attr-defined]  # read by operation_of
            kind="file", media_types=media_types
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
                    serializer = body(data=request.data or {}, context={"view": self, "row": row})
                    serializer.is_valid(raise_exception=True)
                    values = dict(serializer.validated_data)
                    done = method(self, row, values) if detail else method(self, values)
                    return done if isinstance(done, HttpResponse) else self.answer_row(pk)
                except Exception as error:  # as the handler would, but in our transaction
                    return answer_problem(error)

            return answer_once(
                request.headers.get(HEADER),
                user=self.person,
                address=request.path,
                body=request._request.body,
                carry_out=carry_out,
                keeps_refusals=keeps_refusals,
            )

        view.operation = ApiOperation(  # type: ignore[attr-defined]  # read by operation_of
            kind="command", scope=scope, body=body, roles=roles, listing=answers
        )
        if method.__name__ == "create":  # the router knows where it belongs
            return view
        return action(detail=detail, methods=["post"], url_path=address or _path(method))(view)

    return made


def _values(query: Fields, request: Request) -> dict[str, Any]:
    """The values of the parameters; `from` comes as `from_`, as Python keeps the word for
    itself.
    """
    values, errors = {}, {}
    for name, reader in query.items():
        if name not in request.query_params:
            continue
        try:
            value = reader.run_validation(request.query_params[name])
        except ValidationError as wrong:
            errors[name] = field_reasons(wrong)
        else:
            values[f"{name}_" if iskeyword(name) else name] = value
    if errors:
        raise BadInput(" ".join(f"{name}: {why[0]}" for name, why in errors.items()), errors)
    return values


def _path(method: Callable[..., Any]) -> str:
    return method.__name__.replace("_", "-")


JSON = "application/json"
UTC = orjson.OPT_UTC_Z


class Api(ViewSet):
    """Who asks, in what scope, how often: the same for everything below /api/v1/."""

    authentication_classes = [Bearer, SessionAuthentication]
    parser_classes = [Json]
    throttle_classes = [PerMinute]
    content_negotiation_class = OnlyJson
    http_method_names = ["get", "head", "post"]  # what `Allow` promises; browsers ask nothing ahead
    permission_classes = []
    tag = ""  # the heading in the description
    _asked: tuple[User, datetime] | None = None  # where no request asks

    def operation(self) -> ApiOperation | None:
        """What is about to be done; None where this address does not do it."""
        return operation_of(type(self), self.action or "")

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Everything that is asked before the method itself."""
        refuse_tokens_in_query(request)
        super().initial(request, *args, **kwargs)
        if (operation := self.operation()) is not None:
            refuse_unknown_parameters(request, operation.parameters)
        if request.method == "POST":
            _ = request._request.body  # bounded by DATA_UPLOAD_MAX_MEMORY_SIZE

    def check_permissions(self, request: Request) -> None:
        """Signed in, in the token's scope, and in a role that may ever do this."""
        if not isinstance(request.user, User):
            self.permission_denied(request)
        operation = self.operation()
        if operation is None:
            return
        scope_wanted(self.person, operation.scope)
        if operation.roles and roles_of(self.person).isdisjoint(operation.roles):
            labels = ", ".join(sorted(Role(role).label for role in operation.roles))
            raise PermissionDenied(f"This needs one of the roles: {labels}.")

    @property
    def person(self) -> User:
        """Who asks, by hand or with a token (`person.kind`)."""
        return self._asked[0] if self._asked else actor_of(self.request)

    @property
    def now(self) -> datetime:
        """Business time of this request."""
        return self._asked[1] if self._asked else clock.now_of(self.request._request)

    def age(self, workspace: str = "") -> int | None:
        """How old the data of this answer is."""
        return answer_age_seconds(self.person, now=self.now, workspace=workspace)

    def answer(
        self, members: Mapping[str, Any], *, workspace: str = "", status: int = 200
    ) -> HttpResponse:
        """A JSON object with the age of its data; 304 where the asker has it already."""
        age, body = self.age(workspace), orjson.dumps(dict(members), option=UTC)
        mark = f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'
        content = (
            b'{"data_age_seconds":' + orjson.dumps(age) + (b"," if members else b"") + body[1:]
        )
        marks = self.request.headers.get("If-None-Match", "")
        if self.request.method in ("GET", "HEAD") and mark in _marks(marks):
            answer = HttpResponse(status=304)
            del answer["Content-Type"]
        else:
            answer = HttpResponse(content, status=status, content_type=JSON)
        answer["Cache-Control"] = "no-store"
        answer["Data-Age-Seconds"] = "" if age is None else str(age)
        if self.request.method in ("GET", "HEAD"):
            answer["ETag"] = mark
        return answer

    def page(
        self, listing: Listing, rows: QuerySet[Any], *, own: Own | None = None, workspace: str = ""
    ) -> HttpResponse:
        """One page of a list."""
        found = page_of(listing, rows, self.request.query_params, own)
        members = {"next": found.following, "results": found.rows}
        return self.answer(members, workspace=workspace)

    def single(
        self, listing: Listing, only: QuerySet[Any], *, own: Own | None = None, workspace: str = ""
    ) -> HttpResponse:
        """One row as JSON, wide columns too; its id alone where a command came with a token that
        may not read.
        """
        fields = self.request.query_params.get("fields") if self.request.method != "POST" else None
        columns = listing.chosen(fields if may_read(self.person) else "id", whole=True)
        made, _ = rows_of(only, columns, listing.order, own)
        if not made:
            raise Http404
        return self.answer(made[0], workspace=workspace)


class Resource(Api):
    """Rows of one kind: a list, single rows, lists of what belongs to a row, and commands."""

    title: str | Promise = ""  # of the list, for pages
    listing: Listing
    lookup_field = "pk"
    lookup_url_kwarg = "pk"
    lookup_value_converter = "int"

    @classmethod
    def for_person(cls, person: User, *, now: datetime) -> Self:
        """Return the resource as a worker reads it for a person, without a request."""
        resource = cls()
        resource._asked = person, now
        return resource

    def rows(self) -> QuerySet[Any]:
        """What this person may see, in no order."""
        raise NotImplementedError

    def own(self) -> Own:
        """Expressions and converters of columns that only this request can make."""
        return Own()

    def workspace_of(self, row: Any) -> str:
        """The name of the workspace that a row comes from, for the age of its data."""
        return ""

    def found(self, pk: Any) -> Any:
        """The row itself, or 404."""
        row = self.rows().filter(**{self.lookup_field: pk}).first()
        if row is None:
            raise Http404
        return row

    def answer_row(self, pk: Any) -> HttpResponse:
        """One row as JSON, wide columns too."""
        row = self.found(pk)
        only = self.rows().filter(pk=row.pk)
        return self.single(self.listing, only, own=self.own(), workspace=self.workspace_of(row))

    def list(self, request: Request) -> HttpResponse:
        """The rows that this person may see."""
        workspace = request.query_params.get("workspace", "")
        return self.page(self.listing, self.rows(), own=self.own(), workspace=workspace)

    def retrieve(self, request: Request, pk: Any) -> HttpResponse:
        """One of them."""
        return self.answer_row(pk)


def _marks(header: str) -> set[str]:
    """Marks of `If-None-Match`, weak as all of ours are."""
    parts = (part.strip() for part in header.split(","))
    return {part if part.startswith("W/") else f"W/{part}" for part in parts}


@csrf_exempt
@login_not_required
def unknown_address(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Whatever else is asked below /api/."""
    message = "There is no such address. Addresses end with a slash; the docs list them all."
    return problem_response(404, message)


_with_lists: dict[str, type[Resource]] = {}


def resources_with_lists() -> dict[str, type[Resource]]:
    """Return the resources whose lists have an address, by their headings in the description."""
    return dict(_with_lists)


def resources(**views: type[Api]) -> list[URLPattern | URLResolver]:
    """`resources(incidents=IncidentViewSet)` gives `incidents/`, `incidents/<pk>/` and whatever its
    methods add. Underscores become hyphens.
    """
    router = SimpleRouter(use_regex_path=False)
    for name, view in views.items():
        address = name.replace("_", "-")
        if issubclass(view, Resource):
            _with_lists[view.tag] = view
        router.register(address, view, basename=f"api-{address}")
    return list(router.urls)
