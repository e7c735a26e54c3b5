"""The OpenAPI description: drf-spectacular, with our lists and problem details."""

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema_field
from rest_framework import serializers

from portal.accounts.models import Role, TokenScope
from portal.api.commands import HEADER
from portal.api.fields import QueryChoices, QueryText
from portal.api.listing import MAX_PAGE_SIZE, PAGE, ListRow
from portal.api.problems import MEDIA_TYPE, TITLES
from portal.api.requests import In
from portal.api.views import Api, ApiOperation, operation_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
WIDE = " (in lists only where `fields` names it)"
_NO_NUL = r"^[^\u0000]*$"  # PostgreSQL keeps none
_SOME_TEXT = r"^[^\u0000]*\S[^\u0000]*$"  # blanks alone say nothing
_PRINTABLE = "^[!-~]([ -~]*[!-~])?$"  # HTTP takes spaces at the ends of a header away
_PROBLEMS = (400, 401, 403, 404, 429, 503)
_PROBLEMS_OF_COMMANDS = (409, 413, 415)
_AGE = {
    "type": ["integer", "null"],
    "description": "seconds since Sentinel was last read, of the stalest workspace behind the "
    "answer; null where nothing was read yet",
}
_NEXT = {
    "type": ["string", "null"],
    "description": "cursor of the next page; null on the last. A page may hold fewer rows than "
    "asked for and still have a next one",
}


@extend_schema_field(OpenApiTypes.URI_REF)
class UriReference(serializers.CharField):
    """An address that may be relative."""


class Problem(serializers.Serializer[Any]):
    """RFC 9457 problem details."""

    type = UriReference()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    reasons = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="why a command was refused, one sentence each (409)",
    )
    errors = serializers.DictField(  # type: ignore[assignment]  # a member
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="what is wrong with each field, parameter or member (400)",
    )
    reference = serializers.CharField(
        required=False, help_text="names the mistake in our log (500)"
    )


class ApiSchema(AutoSchema):  # type: ignore[misc]  # partly typed: read as untyped
    """Describes one method of a resource by its `ApiOperation`."""

    @property
    def operation(self) -> ApiOperation:
        """What the method does."""
        operation = operation_of(type(self.view), self.view.action)
        assert operation is not None, f"{self.view.action} of {self.view} is no operation"
        return operation

    def get_operation_id(self) -> str:
        """Return the tag and the name of the method."""
        return f"{self.view.tag.replace('-', '_').replace(' ', '_')}_{self.view.action}"

    def get_tags(self) -> list[str]:
        """Return the heading of the resource."""
        return [self.view.tag]

    def get_auth(self) -> list[Any]:
        """Return nothing: the whole document has it once."""
        return []

    def get_summary(self) -> str:
        """Return the first sentence."""
        return self._text().split(". ")[0].rstrip(".")

    def get_description(self) -> str:
        """Return what it does, and who may."""
        needs = f"Needs the scope `{self.operation.scope.value}`"
        if self.operation.roles:
            roles = ", ".join(sorted(Role(role).label for role in self.operation.roles))
            needs += f" and one of the roles {roles}"
        return f"{self._text()} {needs}."

    def _text(self) -> str:
        listing = self.operation.listing
        if listing and self.operation.kind in ("list", "sub_list"):
            return first_paragraph(listing.serializer)
        if listing and self.operation.kind == "one":
            name = self.get_serializer_name(listing.serializer(), "response")
            return f"One {name.removesuffix('Serializer')}, with all its fields."
        return first_paragraph(getattr(self.view, self.view.action))

    def get_override_parameters(self) -> list[OpenApiParameter]:
        """Return the headers, and the query parameters that the list or the method takes."""
        operation, listing = self.operation, self.operation.listing
        if operation.kind == "command":
            key = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": _PRINTABLE}
            text = "the same key and body again give the same answer and one effect, for 24 hours"
            return [_header(HEADER, key, text)]
        parameters = [self._query(name, field) for name, field in operation.query.items()]
        if listing is not None and operation.kind != "one":
            size = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE}
            parameters += [
                *(
                    self._query(condition.name, condition.field, condition.help_text)
                    for condition in listing.filters
                ),
                OpenApiParameter("cursor", str, description="`next` of the page before"),
                OpenApiParameter("page_size", size, description="rows a page"),
            ]
        if listing is not None:
            names = QueryChoices([column.name for column in listing.columns])
            text = "one or several, with commas between them"
            parameters.append(self._query("fields", names, text))
        mark = _header("If-None-Match", {"type": "string"}, "the ETag of the answer you have")
        return [*parameters, mark]

    def get_request_serializer(self) -> type[In] | None:
        """Return the body of a command."""
        return self.operation.body

    def get_response_serializers(self) -> dict[Any, OpenApiResponse]:
        """Return the answer, and 304 for who has it already."""
        if self.operation.kind == "file":
            file = OpenApiResponse(OpenApiTypes.BINARY, description="The file")
            return {(200, media_type): file for media_type in self.operation.media_types}
        answers = {200: OpenApiResponse(self._answer(), description="Done")}
        if self.operation.kind != "command":
            answers[304] = OpenApiResponse(description="You have it already")
        return answers

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        """Return the answers and the problems, which are once in the components."""
        self.resolve_serializer(Problem, direction)
        codes = _PROBLEMS + (_PROBLEMS_OF_COMMANDS if self.operation.kind == "command" else ())
        problems = {
            str(code): {"$ref": f"#/components/responses/Problem{code}"} for code in sorted(codes)
        }
        return {**super()._get_response_bodies(direction), **problems}

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Return False: `_answer` wraps rows itself."""
        return False

    def _query(self, name: str, field: Any, text: str = "") -> OpenApiParameter:
        """Return a query parameter; several words have commas between them."""
        schema = self._map_serializer_field(field, "request")
        self._insert_field_validators(field, schema)
        text = schema.pop("description", text)
        if schema.get("type") != "array":
            return OpenApiParameter(name, schema, description=text)
        several = {**schema, "minItems": 1}
        return OpenApiParameter(name, several, description=text, style="form", explode=False)

    def _answer(self) -> dict[str, Any]:
        """Return the schema of an answer: members, or rows, beside the age of the data."""
        listing = self.operation.listing or getattr(self.view, "listing", None)
        serializer = self.operation.serializer
        if serializer is None and listing is not None:
            serializer = listing.serializer
        if serializer is None:
            return _with_age({})
        members = self.resolve_serializer(serializer, "response").ref
        if self.operation.kind in ("list", "sub_list"):
            return _with_age({"next": _NEXT, "results": {"type": "array", "items": members}})
        return {"allOf": [members, _with_age({})]}

    def _map_serializer(
        self, serializer: Any, direction: Any, bypass_extensions: bool = False
    ) -> dict[str, Any]:
        """Return the schema of a body, which refuses what it does not name; of a row, of which
        `fields` may choose; or of what the answer holds.
        """
        schema: dict[str, Any] = super()._map_serializer(serializer, direction, bypass_extensions)
        if isinstance(serializer, ListRow):
            schema.pop("required")
            for name in serializer.Meta.wide:
                schema["properties"][name]["description"] += WIDE
        elif direction == "request" or serializer.parent is not None:
            schema["additionalProperties"] = getattr(serializer, "has_more_members", False)
        return schema

    def _insert_field_validators(self, field: Any, schema: dict[str, Any]) -> None:
        """Add what DRF asks of every text in a body."""
        super()._insert_field_validators(field, schema)
        is_text = schema.get("type") == "string" and not {"format", "enum"} & set(schema)
        if is_text and isinstance(field, QueryText):
            schema |= {"minLength": 1, "pattern": _NO_NUL}
        elif is_text and isinstance(field.root, In):
            blank = {"pattern": _NO_NUL}
            schema |= blank if field.allow_blank else {"minLength": 1, "pattern": _SOME_TEXT}
        if isinstance(field, serializers.ListField) and not field.allow_empty:
            schema.setdefault("minItems", 1)


class StructExtension(OpenApiSerializerFieldExtension):  # type: ignore[misc]  # as above
    """Describes a `StructField` by its struct."""

    target_class = "portal.api.fields.StructField"

    def map_serializer_field(self, auto_schema: ApiSchema, direction: Any) -> dict[str, Any]:
        """Return the reference to the struct, which is among the components."""
        (reference,), parts = msgspec.json.schema_components(
            [self.target.struct], ref_template="#/components/schemas/{name}"
        )
        for name, schema in parts.items():
            auto_schema.registry.register_on_missing(
                ResolvedComponent(name, ResolvedComponent.SCHEMA, schema, object=name)
            )
        return reference


def first_paragraph(thing: Any) -> str:
    """Return the first paragraph of a docstring, as one line."""
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")


def _header(name: str, schema: Mapping[str, Any], text: str) -> OpenApiParameter:
    return OpenApiParameter(name, dict(schema), OpenApiParameter.HEADER, description=text)


def _with_age(members: Mapping[str, Any]) -> dict[str, Any]:
    properties = {"data_age_seconds": _AGE, **members}
    return {"type": "object", "properties": properties, "required": list(properties)}


@cache
def api_description() -> dict[str, Any]:
    """Return the whole description; the same for everybody, made once."""
    found: dict[str, Any] = SchemaGenerator().get_schema(public=True)
    return found


def add_shared_parts(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add what is there once for all operations (a postprocessing hook of drf-spectacular)."""
    result |= {"jsonSchemaDialect": DIALECT, "security": [{"token": []}, {"session": []}]}
    result["components"] |= {
        "responses": {f"Problem{code}": _problem(code) for code in TITLES},
        "securitySchemes": _security(),
    }
    drop_enum_ids(result)
    return result


def add_tags(result: dict[str, Any], generator: Any, **_: Any) -> dict[str, Any]:
    """Add the headings, with each resource's own description (a postprocessing hook)."""
    resources: dict[str, type[Api]] = {}
    for *_, callback in generator.endpoints:
        resources.setdefault(callback.cls.tag, callback.cls)
    result["tags"] = [
        {"name": tag, "description": first_paragraph(resources[tag])} for tag in sorted(resources)
    ]
    return result


def add_links(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add how one operation leads to the next (a postprocessing hook): from a list to a row, from a
    row to what can be read and done about it, and to the rule and the incident that it names.
    """
    paths = result["paths"]
    for path, methods in paths.items():
        if not path.endswith("/{id}/") or "get" not in methods:
            continue
        one = methods["get"]
        members = _members_of(one, result["components"]["schemas"])
        listing = paths.get(path.removesuffix("{id}/"), {}).get("get")
        if listing is not None:
            key = next(name for name in _KEYS if name in members)
            _link(listing, one, f"$response.body#/results/0/{key}", "The first row of the page")
        for below, operations in paths.items():
            if below != path and below.startswith(path):
                for operation in operations.values():
                    _link(one, operation, "$request.path.id", operation["summary"])
        for name, target in _NAMED.items():
            if {"string", "integer"} & set(members.get(name, ())) and target in paths:
                text = f"The {name} that it names"
                _link(one, paths[target]["get"], f"$response.body#/{name}", text)
    return result


_KEYS = ("id", "slug", "name")  # by which the address of a row names it
_NAMED = {"rule": "/rules/{id}/", "incident": "/incidents/{id}/"}


def _members_of(operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, list[str]]:
    """Return the types of the members of an answer."""
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
    (reference,) = (part["$ref"] for part in answer["allOf"] if "$ref" in part)
    properties = schemas[reference.rsplit("/", 1)[1]]["properties"]
    types = {name: schema.get("type", ()) for name, schema in properties.items()}
    return {name: [kind] if isinstance(kind, str) else kind for name, kind in types.items()}


def _link(source: dict[str, Any], target: dict[str, Any], value: str, text: str) -> None:
    links = source["responses"]["200"].setdefault("links", {})
    links[target["operationId"]] = {
        "operationId": target["operationId"],
        "parameters": {"id": value},
        "description": text,
    }


def drop_enum_ids(node: Any) -> None:
    """Take out what drf-spectacular notes beside choices to name them."""
    if isinstance(node, dict):
        node.pop("x-spec-enum-id", None)
        node = list(node.values())
    for inner in node if isinstance(node, list) else ():
        drop_enum_ids(inner)


def _problem(code: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": TITLES[code][1],
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if code in (429, 503):
        wait = {"description": "seconds to wait", "schema": {"type": "integer"}}
        answer["headers"] = {"Retry-After": wait}
    return answer


def _security() -> dict[str, Any]:
    scopes = "; ".join(f"`{scope.value}`" for scope in TokenScope)
    return {
        "token": {"type": "http", "scheme": "bearer", "description": f"Scopes: {scopes}"},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-tagout_session",
            "description": "The signed-in person; what changes something also needs X-CSRFToken",
        },
    }
