"""The description of the API for programs, and a page to read it."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.accounts.models import TokenScope
from portal.api.problems import TITLES
from portal.api.schema import api_description
from portal.api.views import Api, facts_alone

METHODS = {"get": "ok", "post": "ot"}


class Description(Api):
    """This description."""

    tag = "description"

    @facts_alone(None)
    def show(self) -> dict[str, Any]:
        """This description, as OpenAPI 3.1."""
        return api_description()


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Every address of the API with its parameters, bodies and answers."""
    page = {
        "groups": list(_groups()),
        "problems": [(code, kind, title) for code, (kind, title) in TITLES.items()],
        "scopes": TokenScope.choices,
        "base": f"{settings.PUBLIC_URL}/api/v1",
    }
    return render(request, "portal/api/docs.html", page)


def _groups() -> Iterator[dict[str, Any]]:
    described = api_description()
    for tag in described["tags"]:
        operations = [
            _operation(path, method, operation, described["components"]["schemas"])
            for path, methods in described["paths"].items()
            for method, operation in methods.items()
            if tag["name"] in operation["tags"]
        ]
        yield {"name": tag["name"], "says": tag["description"], "operations": operations}


def _operation(
    path: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]
) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    answer = operation["responses"]["200"]["content"].get("application/json", {}).get("schema", {})
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "tone": METHODS.get(method, ""),
        "path": path,
        "summary": operation["summary"],
        "says": operation["description"],
        "parameters": [
            (parameter["name"], _type(parameter["schema"]), parameter.get("description", ""))
            for parameter in operation["parameters"]
        ],
        "body": _members(body.get("schema", {}), schemas),
        "answer": _members(_row(answer), schemas),
    }


def _row(schema: dict[str, Any]) -> dict[str, Any]:
    """What one row of the answer is: of a page its results, else the answer itself."""
    results = schema.get("properties", {}).get("results")
    found: dict[str, Any] = results["items"] if results else schema.get("allOf", [schema])[0]
    return found


def _members(schema: dict[str, Any], schemas: dict[str, Any]) -> list[tuple[str, str, str]]:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return [
        (name, _type(member), member.get("description", ""))
        for name, member in schema.get("properties", {}).items()
    ]


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"] if value is not None)
    kinds = schema.get("type", "object")
    names = [kinds] if isinstance(kinds, str) else kinds
    if "array" in names:
        return f"{_type(schema.get('items', {}))} […]"
    text = " or ".join(names)
    return f"{text}, {schema['format']}" if "format" in schema else text
