"""The description is OpenAPI 3.1, is complete, and is what answers look like."""

import json

import pytest
from django.core.management import CommandError, call_command
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator

from portal.accounts.models import GrantScope, Role
from portal.api.schema import api_description
from portal.exports.services import make_due_exports
from tests import cast
from tests.abuse.test_api import OPERATIONS, call, roles_for
from tests.abuse.world import the_world
from tests.architecture.test_strangers import addresses
from tests.architecture.tree import HOME
from tests.factories.exports import make_export
from tests.factories.rule_rows import make_version
from tests.factories.rules import downloads
from tests.program import Program

COMMITTED = HOME / "docs" / "api" / "openapi.json"


def test_it_is_openapi_3_1():
    OpenAPIV31SpecValidator(api_description()).validate()


def test_drf_spectacular_guesses_nothing():
    with GENERATOR_STATS.silence():
        SchemaGenerator().get_schema(public=True)
    assert [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache] == []


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS)
def test_an_operation_names_all_that_it_takes_and_all_that_can_go_wrong(path, method, operation):
    does = roles_for(path, method)
    asked = {
        parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "query"
    }
    assert asked == does.parameters
    members = {}
    if "requestBody" in operation:
        (content,) = operation["requestBody"]["content"].values()
        members = resolved(content["schema"])["properties"] if does.body().fields else {}
    assert set(members) == set(does.body().fields if does.body else ())
    codes = {400, 401, 403, 404, 429, 503} | ({409, 413, 415} if does.kind == "command" else set())
    statuses = {int(code) for code in operation["responses"]} - {200, 304}
    assert statuses == codes
    for code in codes:
        (content,) = resolved(operation["responses"][str(code)])["content"].items()
        assert content[0] == "application/problem+json"
        assert {"type", "title", "status", "detail"} == set(
            resolved(content[1]["schema"])["required"]
        )


def resolved(node):
    """The part of the document that a reference names, or the part itself."""
    for name in node.get("$ref", "#").split("/")[1:]:
        node = node[name] if "$ref" not in node else api_description()[name]
    return node


def test_every_address_of_the_api_is_in_it():
    routes = {route for _, route in addresses() if route.startswith("api/v1/")}
    described = {path.count("/") for path in api_description()["paths"]}
    assert described
    named = {route.removeprefix("api/v1").replace("<int:pk>", "{id}") for route in routes}
    named = {name.replace("<uuid:pk>", "{id}").replace("<slug:pk>", "{id}") for name in named}
    named = {name.replace("<slug:name>", "{name}") for name in named}
    open_to_readers = {"/docs"}
    assert named - open_to_readers == set(api_description()["paths"])


def test_the_committed_copy_is_up_to_date(tmp_path):
    call_command("openapi", "--check", str(COMMITTED))
    old = tmp_path / "old.json"
    old.write_text(COMMITTED.read_text().replace("3.1.0", "3.0.0"))
    with pytest.raises(CommandError, match="make openapi"):
        call_command("openapi", "--check", str(old))


# Nobody of this world owes a second opinion, or learns, has a team, or audits; their own tests do.
NOT_ASKED = {
    "/audit/",
    "/audit/{id}/",
    "/opinions/",
    "/opinions/{id}/",
    "/training/results/",
    "/training/results/{id}/",
    "/training/totals/",
}


def schema_of(path, method="get", status="200"):
    answer = api_description()["paths"][path][method]["responses"][status]
    (content,) = answer["content"].values()
    return {**content["schema"], "components": api_description()["components"]}


def fits(answer, path, method="get"):
    check = Draft202012Validator(schema_of(path, method), format_checker=FormatChecker())
    assert [error.message for error in check.iter_errors(json.loads(answer.content))] == []


def read_by_links(program):
    """Read every list, and on from there only by what the description links; return the paths."""
    paths = api_description()["paths"]
    reading = {o["get"]["operationId"]: path for path, o in paths.items() if "get" in o}
    to_read, read = [(path, "") for path in paths if "{" not in path], set()
    while to_read:
        path, row = to_read.pop()
        if path in read or "get" not in paths[path]:
            continue
        answer = program.get(path.strip("/").replace("{id}", str(row)) + "/")
        if answer.status_code != 200:
            continue
        read.add(path)
        for link in paths[path]["get"]["responses"]["200"].get("links", {}).values():
            source, _, pointer = link["parameters"]["id"].partition("#")
            value = answer.json() if source == "$response.body" else row
            for name in pointer.split("/")[1:]:
                value = value[int(name)] if isinstance(value, list) else value.get(name)
                if value in (None, []):
                    break
            if value not in (None, []) and link["operationId"] in reading:
                to_read.append((reading[link["operationId"]], value))
    return read


@pytest.mark.django_db
def test_every_answer_fits_its_schema(make_person, noon):
    workspace, site, ids = the_world(make_person, "gdansk")
    everywhere = (GrantScope.WORKSPACE, workspace.uuid)
    both = make_person(cast.LEO, (Role.SOC_LEAD, *everywhere), (Role.OT_SITE_LEAD, *everywhere))
    ot = make_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.SITE, site.uuid))
    program, fitting = Program(both), []
    program.post(f"incidents/{ids['incidents']}/comment/", {"message": "Hm."})
    program.post(f"incidents/{ids['incidents']}/add-task/", {"title": "Call OT."})
    ids |= {"exports": make_export(both).uuid}
    make_due_exports()
    for path, method, _operation in sorted(OPERATIONS, key=lambda row: row[1]):  # GET before POST
        answer = call(program, path, method, ids)
        if answer.status_code == 200 and answer.streaming:
            described = api_description()["paths"][path][method]["responses"]["200"]["content"]
            assert answer["Content-Type"] in described
            fitting.append((method, path))
        elif answer.status_code == 200:
            fits(answer, path, method)
            fitting.append((method, path))
            is_empty = answer.json().get("results") == []
            assert method == "post" or not is_empty or path in NOT_ASKED, path
    on_trial = make_version(
        "canary", of=downloads(), ot=ot, soc=both, workspace=workspace, site=site
    )
    fits(program.get(f"rules/{on_trial.rule.uuid}/trial/"), "/rules/{id}/trial/")
    fitting.append(("get", "/rules/{id}/trial/"))
    read = {path for path, method, _ in OPERATIONS if method == "get"} - NOT_ASKED
    assert read <= {path for _, path in fitting}
    assert len(fitting) > 20
    rows = {path for path in read if "{id}" in path}
    # The first export is not made yet, and the first rule has neither back-test nor trial.
    unread = {"/exports/{id}/file/", "/rules/{id}/backtest/", "/rules/{id}/trial/"}
    assert rows - read_by_links(program) == unread


def test_names_of_operations_are_words_for_programs():
    ids = [o["operationId"] for path in api_description()["paths"].values() for o in path.values()]
    assert len(ids) == len(set(ids)) and all(name.isidentifier() for name in ids)


@pytest.mark.django_db
def test_the_description_is_served_to_programs_and_to_nobody_else(program, client):
    body = program.get("openapi.json").json()
    assert body["openapi"] == "3.1.0" and set(api_description()) < set(body)
    assert client.get("/api/v1/openapi.json").status_code == 401
    assert client.get("/api/v1/docs").status_code == 302


@pytest.mark.django_db
def test_the_reader_shows_every_operation_and_every_problem(client, sam):
    client.force_login(sam)
    text = client.get("/api/v1/docs").text
    for methods in api_description()["paths"].values():
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in text
    for anchor in ("bad-input", "refused", "too-many"):
        assert f'id="{anchor}"' in text
