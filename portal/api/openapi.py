"""The description of the API (OpenAPI 3.1), made of what the resources say of themselves."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from portal.accounts.models import Role, TokenScope
from portal.api.commands import HEADER
from portal.api.kinds import Kind
from portal.api.listing import Listing
from portal.api.paging import LARGEST, PAGE
from portal.api.problems import MEDIA_TYPE, TITLES
from portal.api.schemas import body_schema, first_line
from portal.api.views import JSON, Api, Operation, operation_of

ROOT = "api/v1/"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PLACE = re.compile(r"<(?:(\w+):)?(\w+)>")
_PLACES = {
    "int": {"type": "integer"},
    "slug": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
    "uuid": {"type": "string", "format": "uuid"},
}
_PRINTABLE = "^[!-~]([ -~]*[!-~])?$"  # HTTP takes spaces at the ends of a header away
AGE = {
    "type": ["integer", "null"],
    "description": "seconds since Sentinel was last read, of the stalest workspace behind the "
    "answer; null where nothing was read yet",
}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "reasons": {
            "type": "array",
            "items": {"type": "string"},
            "description": "why a command was refused, one sentence each (409)",
        },
        "errors": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
            "description": "what is wrong with each field, parameter or member (400)",
        },
        "reference": {"type": "string", "description": "names the mistake in our log (500)"},
    },
}


@cache
def document() -> dict[str, Any]:
    """The whole description; the same for everybody, made once."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {"Problem": PROBLEM}
    tags: dict[str, str] = {}
    for path, method, view, name in sorted(_methods(), key=_in_order):
        operation = operation_of(view, name)
        if operation is None:
            continue
        tags.setdefault(view.tag, first_line(view))
        described = _operation(path, view, name, operation, schemas)
        paths.setdefault(_braced(path), {})[method] = described
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": DIALECT,
        "info": {
            "title": "Tagout",
            "version": settings.VERSION,
            "description": "Incidents of Defender for IoT, judged by the plant and the SOC. Times "
            "are RFC 3339 in UTC.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}, {"session": []}],
        "tags": [{"name": name, "description": says} for name, says in tags.items()],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {f"Problem{code}": _problem(code) for code in TITLES},
            "securitySchemes": _security(),
        },
    }


def _methods() -> Iterator[tuple[str, str, type[Api], str]]:
    """Every method below /api/v1/: path, HTTP method, resource, name of the Python method."""
    for path, pattern in _patterns(get_resolver().url_patterns, ""):
        view = getattr(pattern.callback, "cls", None)
        if not path.startswith(ROOT) or view is None or not issubclass(view, Api):
            continue
        for method, name in getattr(pattern.callback, "actions", {}).items():
            if method != "head":
                yield path.removeprefix(ROOT), method, view, name


def _patterns(
    entries: Sequence[URLPattern | URLResolver], before: str
) -> Iterator[tuple[str, URLPattern]]:
    for entry in entries:
        path = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _patterns(entry.url_patterns, path)
        else:
            yield path, entry


def _in_order(found: tuple[str, str, type[Api], str]) -> tuple[str, str, str]:
    path, method, view, _ = found
    return (view.tag, path, method)


def _braced(path: str) -> str:
    return "/" + _PLACE.sub(lambda m: "{id}" if m[2] == "pk" else f"{{{m[2]}}}", path)


def _operation(
    path: str, view: type[Api], name: str, operation: Operation, schemas: dict[str, Any]
) -> dict[str, Any]:
    says = first_line(getattr(view, name))
    if operation.listing and operation.kind in ("list", "sub_list"):
        says = operation.listing.says
    if operation.listing and operation.kind == "one":
        says = f"One {operation.listing.name}, with all its fields."
    said: dict[str, Any] = {
        "operationId": f"{view.tag.replace('-', '_')}_{name}",
        "tags": [view.tag],
        "summary": says.split(". ")[0].rstrip("."),
        "description": _described(says, operation),
        "parameters": [*_places(path), *_parameters(operation)],
    }
    if operation.body is not None:
        made = body_schema(operation.body)
        schemas[operation.body.__name__] = made
        said["requestBody"] = {
            "required": bool(made.get("required")),
            "content": {JSON: {"schema": _ref(operation.body.__name__)}},
        }
    said["responses"] = _responses(view, operation, schemas)
    return said


def _described(says: str, operation: Operation) -> str:
    needs = f"Needs the scope `{operation.scope.value}`"
    if operation.roles:
        known = ", ".join(sorted(Role(role).label for role in operation.roles))
        needs += f" and one of the roles {known}"
    return f"{says} {needs}."


def _places(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": "id" if name == "pk" else name,
            "in": "path",
            "required": True,
            "schema": _PLACES.get(kind or "str", {"type": "string"}),
        }
        for kind, name in _PLACE.findall(path)
    ]


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    if operation.kind == "command":
        says = "the same key and body again give the same answer and one effect, for 24 hours"
        key = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": _PRINTABLE}
        return [_header(HEADER, says, key)]
    mark = _header("If-None-Match", "the ETag of the answer you have", {"type": "string"})
    if operation.listing is None:
        return [*(_query(each.name, each.says, each.kind) for each in operation.query), mark]
    names = {"type": "string", "enum": [each.name for each in operation.listing.columns]}
    fields = _query("fields", "one or several, with commas between them", Kind(names))
    if operation.kind == "one":
        return [fields, mark]
    size = {"type": "integer", "minimum": 1, "maximum": LARGEST, "default": PAGE}
    return [
        *(_query(each.name, each.says, each.kind) for each in operation.listing.filters),
        _query("cursor", "`next` of the page before", Kind({"type": "string"})),
        _query("page_size", "rows a page", Kind(size)),
        fields,
        mark,
    ]


def _query(name: str, says: str, kind: Kind) -> dict[str, Any]:
    schema = {**kind.schema, **kind.bounds}
    several = "enum" in schema and says.startswith("one or several")
    if several:
        schema = {"type": "array", "items": dict(schema), "minItems": 1}
    said = {"name": name, "in": "query", "description": says, "schema": schema}
    return said | ({"style": "form", "explode": False} if several else {})


def _header(name: str, says: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": says, "schema": dict(schema)}


def _responses(view: type[Api], operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    codes = [400, 401, 403, 404, 429, 503]
    codes += [409, 413, 415] if operation.kind == "command" else []
    good = _answer(view, operation, schemas)
    said: dict[str, Any] = {"200": {"description": "Done", "content": {JSON: {"schema": good}}}}
    if operation.kind != "command":
        said["304"] = {"description": "You have it already"}
    for code in sorted(codes):
        said[str(code)] = {"$ref": f"#/components/responses/Problem{code}"}
    return said


def _answer(view: type[Api], operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    if operation.schema is not None:
        return {"allOf": [dict(operation.schema), _aged({})]}
    listing = operation.listing or getattr(view, "listing", None)
    if listing is None:
        return _aged({})
    schemas.setdefault(listing.name, _row(listing))
    if operation.kind not in ("list", "sub_list"):
        return {"allOf": [_ref(listing.name), _aged({})]}
    return _aged(
        {
            "next": {
                "type": ["string", "null"],
                "description": "cursor of the next page; null on the last. A page may hold fewer "
                "rows than asked for and still have a next one",
            },
            "results": {"type": "array", "items": _ref(listing.name)},
        }
    )


def _aged(members: Mapping[str, Any]) -> dict[str, Any]:
    properties = {"data_age_seconds": AGE, **members}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _row(listing: Listing) -> dict[str, Any]:
    wide = " (in lists only where `fields` names it)"
    return {
        "type": "object",
        "description": listing.says,
        "properties": {
            each.name: {**each.kind.schema, "description": each.says + (wide if each.wide else "")}
            for each in listing.columns
        },
    }


def _problem(code: int) -> dict[str, Any]:
    said: dict[str, Any] = {
        "description": TITLES[code][1],
        "content": {MEDIA_TYPE: {"schema": _ref("Problem")}},
    }
    if code in (429, 503):
        wait = {"description": "seconds to wait", "schema": {"type": "integer"}}
        said["headers"] = {"Retry-After": wait}
    return said


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


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
