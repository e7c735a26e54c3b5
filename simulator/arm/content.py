"""The content hub: its catalogue, the packages of a workspace, and the templates they bring."""

import re
from typing import Any

from simulator.arm.call import Call, Route, security_route
from simulator.arm.provisioned import resource_body
from simulator.replies import Reply, bad_request, not_found
from simulator.solution import PACKAGE_NAME, product_packages, templates
from simulator.store.resources import Resource

Json = dict[str, Any]
_FILTER_BY_NAME = re.compile(r"properties/displayName eq '(?P<name>[^']*)'")


def _put_package(call: Call) -> Reply:
    """Install a package, which brings its templates; the rules are made from these one by one."""
    content, name = call.resource("contentPackages"), call.args["name"]
    stored = call.azure.store.resources.get(call.workspace.key, "contentPackages", name)
    call.require_match(stored, content)
    properties = content.get("properties") or {}
    for member in ("contentId", "contentProductId", "contentKind", "version", "displayName"):
        if not properties.get(member):
            raise bad_request(f"Required property '{member}' not found in JSON.")
    if properties["contentId"] != name:
        raise bad_request("The package in the address is not the one in the body.")
    catalogue = [row["properties"]["contentId"] for row in product_packages(is_installed=False)]
    if name not in catalogue:
        raise bad_request(f"The content hub has no package {name}.")
    body = {"properties": {**properties, "contentSchemaVersion": "3.0.0"}}
    package = Resource(name, call.azure.store.next_etag(call.now), body)
    call.azure.store.resources.put(call.workspace.key, "contentPackages", package)
    resource = resource_body(call, "contentPackages", package)
    return call.written(resource, former=stored, etag=package.etag, effect="package installed")


def _has_solution(call: Call) -> bool:
    packages = call.azure.store.resources.all(call.workspace.key, "contentPackages")
    return any(package.name == PACKAGE_NAME for package in packages)


def _content(call: Call, kind: str, row: Json) -> Json:
    return {
        "id": f"{call.workspace.security_path}/{kind}/{row['name']}",
        "type": f"Microsoft.SecurityInsights/{kind}",
        **row,
    }


def _list_products(call: Call) -> Reply:
    rows = product_packages(is_installed=_has_solution(call))
    if wanted := _FILTER_BY_NAME.fullmatch(call.query.get("$filter", "")):
        rows = [row for row in rows if row["properties"]["displayName"] == wanted["name"]]
    return Reply(body={"value": [_content(call, "contentProductPackages", row) for row in rows]})


def _templates_of(call: Call) -> list[Json]:
    return templates() if _has_solution(call) else []


def _list_templates(call: Call) -> Reply:
    """What the list leaves out, the read of one has: the rule itself."""
    rows = []
    for row in _templates_of(call):
        properties = {k: v for k, v in row["properties"].items() if k != "mainTemplate"}
        rows.append(_content(call, "contentTemplates", {**row, "properties": properties}))
    return Reply(body={"value": rows})


def _get_template(call: Call) -> Reply:
    for row in _templates_of(call):
        if row["name"].lower() == call.args["name"].lower():
            return Reply(body=_content(call, "contentTemplates", row))
    raise not_found("Template")


ROUTES: list[Route] = [
    security_route("PUT", "/contentPackages/{name}", "contentPackages/write", _put_package),
    security_route("GET", "/contentProductPackages", "contentProductPackages/read", _list_products),
    security_route("GET", "/contentTemplates", "contentTemplates/read", _list_templates),
    security_route("GET", "/contentTemplates/{name}", "contentTemplates/read", _get_template),
]
