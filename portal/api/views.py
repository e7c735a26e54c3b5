"""The base of every resource.

class WidgetViewSet(Resource):
listing = WIDGETS                                   # a portal.api.listing.Listing
def rows(self) -> QuerySet[Widget]:                 # only what this person may see
return widgets_visible_to(self.person)
@sub_list(PARTS)                                    # GET widgets/7/parts/
def parts(self, widget: Widget) -> QuerySet[Part]:
return widget.parts.all()
@command(PaintIn, scope=TokenScope.RULES_WRITE, roles=SOC_ROLES)
def paint(self, widget: Widget, said: dict[str, Any]) -> None:      # POST widgets/7/paint/
paint_widget(widget_id=widget.pk, by=self.person, now=self.now, **said)
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.viewsets import ViewSet

from portal import clock
from portal.accounts.actor import actor_of
from portal.accounts.models import Role, User
from portal.accounts.queries import roles_of
from portal.api.authentication import Bearer, Session
from portal.api.bodies import Json
from portal.api.freshness import data_age_seconds
from portal.api.listing import Listing, Own, rows_of
from portal.api.negotiation import (
    OnlyJson,
    may_read,
    refuse_tokens_in_query,
    refuse_unknown_parameters,
    scope_wanted,
)
from portal.api.operations import (
    Operation,
    command,
    facts,
    facts_alone,
    operation_of,
    sub_list,
)
from portal.api.paging import page_of
from portal.api.problems import problem
from portal.api.throttle import PerMinute

__all__ = [
    "Api",
    "Operation",
    "Resource",
    "command",
    "facts",
    "facts_alone",
    "operation_of",
    "sub_list",
]
JSON = "application/json"
UTC = orjson.OPT_UTC_Z


class Api(ViewSet):
    """Who asks, in what scope, how often: the same for everything below /api/v1/."""

    authentication_classes = [Bearer, Session]
    parser_classes = [Json]
    throttle_classes = [PerMinute]
    content_negotiation_class = OnlyJson
    http_method_names = ["get", "head", "post"]  # what `Allow` promises; browsers ask nothing ahead
    permission_classes = []
    tag = ""  # the heading in the description

    def operation(self) -> Operation | None:
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
            known = ", ".join(sorted(Role(role).label for role in operation.roles))
            raise PermissionDenied(f"This needs one of the roles: {known}.")

    @property
    def person(self) -> User:
        """Who asks, by hand or with a token (`person.kind`)."""
        return actor_of(self.request)

    @property
    def now(self) -> datetime:
        """Business time of this request."""
        return clock.now_of(self.request._request)

    def age(self, workspace: str = "") -> int | None:
        """How old the data of this answer is."""
        return data_age_seconds(self.person, now=self.now, workspace=workspace)

    def answer(
        self, members: Mapping[str, Any], *, workspace: str = "", status: int = 200
    ) -> HttpResponse:
        """A JSON object with the age of its data; 304 where the asker has it already."""
        age, body = self.age(workspace), orjson.dumps(dict(members), option=UTC)
        mark = f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'
        said = b'{"data_age_seconds":' + orjson.dumps(age) + (b"," if members else b"") + body[1:]
        known = self.request.headers.get("If-None-Match", "")
        if self.request.method in ("GET", "HEAD") and mark in _marks(known):
            answer = HttpResponse(status=304)
            del answer["Content-Type"]
        else:
            answer = HttpResponse(said, status=status, content_type=JSON)
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
        asked = self.request.query_params.get("fields") if self.request.method != "POST" else None
        columns = listing.chosen(asked if may_read(self.person) else "id", whole=True)
        made, _ = rows_of(only, columns, listing.order, own)
        if not made:
            raise Http404
        return self.answer(made[0], workspace=workspace)


class Resource(Api):
    """Rows of one kind: a list, single rows, lists of what belongs to a row, and commands."""

    listing: Listing
    lookup_field = "pk"
    lookup_url_kwarg = "pk"
    lookup_value_converter = "int"

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

    def one(self, pk: Any) -> HttpResponse:
        """One row as JSON, wide columns too."""
        row = self.found(pk)
        only = self.rows().filter(pk=row.pk)
        return self.single(self.listing, only, own=self.own(), workspace=self.workspace_of(row))

    def list(self, request: Request) -> HttpResponse:
        """The rows that this person may see."""
        asked = request.query_params.get("workspace", "")
        return self.page(self.listing, self.rows(), own=self.own(), workspace=asked)

    def retrieve(self, request: Request, pk: Any) -> HttpResponse:
        """One of them."""
        return self.one(pk)


def _marks(header: str) -> set[str]:
    """Marks of `If-None-Match`, weak as all of ours are."""
    said = (each.strip() for each in header.split(","))
    return {each if each.startswith("W/") else f"W/{each}" for each in said}


@csrf_exempt
@login_not_required
def unknown_address(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Whatever else is asked below /api/."""
    said = "There is no such address; those that there are end with a slash and stand in the docs."
    return problem(404, said)
