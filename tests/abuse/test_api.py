"""A12 and A15 over the API: every address × what belongs to others × every role."""

import uuid

import pytest

from alerts.reviews.models import Opinion, Question, Verdict
from alerts.rules.rule import as_json
from alerts.suppression.models import RuleVersion
from portal.accounts.models import GrantScope, Role, TokenScope
from portal.accounts.services.people import SCOPES_OF_ROLE
from portal.api.schema import api_description
from portal.api.views import operation_of
from portal.audit.models import Entry
from tests import cast
from tests.abuse.world import WHERE, kinds_to_try, person_with
from tests.factories import rules
from tests.program import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

OPERATIONS = [
    (path, method, definition)
    for path, methods in api_description()["paths"].items()
    for method, definition in methods.items()
]
BODIES = {
    "ask": {"question": "Was this you?"},
    "verdict": {"verdict": "routine", "cause": "other"},
    "answer": {"verdict": "routine", "cause": "other"},
    "hand-over": {"to": "olaf@demo.example"},
    "close": {"classification": "Undetermined"},
    "assign": {"to": None},
    "severity": {"severity": "High"},
    "put-aside": {"until": "2026-11-24T12:30:00Z"},
    "label": {"add": ["seen"]},
    "comment": {"message": "Seen."},
    "add-task": {"title": "Call the plant."},
    "complete-task": {"task": str(uuid.UUID(int=3))},
    "reopen-task": {"task": str(uuid.UUID(int=3))},
    "rules": {"rule": as_json(rules.downloads())},
    "edit": {"rule": as_json(rules.downloads()), "revision": 0},
    "sign": {"side": "soc", "hash": "0" * 64},
    "request-changes": {"note": "Name one PLC only."},
    "reject": {"note": "No."},
    "pause": {"reason": "Something is odd."},
    "resume": {"reason": "It was nothing."},
    "retire": {"reason": "No longer needed."},
    "describe": {"kind": "PLC", "role": "", "criticality": "normal", "purdue_level": None},
    "set": {"control_room_phone": "+48 58 555 01 10"},
    "decide": {"choice": "confirm", "reason": "Seen it."},
    "promote": {"reason": "Its record is clean."},
    "exports": {"list": "incidents", "format": "csv"},
}
WORK = {
    "site": "Gdansk",
    "title": "Calibrate chlorine",
    "kind": "inspection",
    "zone": "Packaging 2",
    "starts_at": "2026-11-24T10:00",
    "ends_at": "2026-11-24T14:00",
}
BODIES_BY_PLACE = {
    "patterns": {"reject": {"reason": "Not routine."}},
    "planned-work": {
        "planned-work": WORK,
        "edit": WORK,
        "extend": {"until": "2026-11-24T20:00:00Z"},
    },
}
SHARED = {"/training/modules/{id}/"}  # lessons are of no plant
NEVER_BY_TOKEN = ("/rules/{id}/sign/", "/rules/{id}/promote/")


def call(program, path, method, ids):
    """Ask an address about these things; the last word of a command's path names its body."""
    place = path.strip("/").split("/")
    kind = "/".join(place[:2]) if place[0] == "training" else place[0]
    address = path.strip("/").replace("{id}", str(ids.get(kind, ""))) + "/"
    if "{name}" in address:
        return program.get(address.replace("{name}", "open-incidents") + "?group_by=workspace")
    if method == "post":
        bodies = BODIES_BY_PLACE.get(place[0], BODIES)
        bodies = bodies | {"playbook": {"playbook": str(ids["harmless-playbook"])}}
        return program.post(address, bodies.get(place[-1], {}))
    return program.get(address if path.endswith("/") else address.rstrip("/"))


@pytest.mark.abuse("A12")
@pytest.mark.parametrize("role", [role for role in Role if set(WHERE) & set(SCOPES_OF_ROLE[role])])
def test_a12_nothing_of_another_site_or_workspace_is_there(
    make_person, gdansk, porto, role, attempts, long_abuse
):
    (workspace, site, _), (_, _, foreign) = gdansk, porto
    counted = (Entry, Question, Verdict, RuleVersion)
    for kind in kinds_to_try(role, is_long=long_abuse):
        somebody = cast.Person(f"sam@{kind}.example", "Sam")
        program = Program(person_with(make_person, role, kind, workspace, site, of=somebody))
        before = [model.objects.count() for model in counted]
        for what, is_blocked in tries_at_api(program, role, foreign):
            attempts.note((kind, *what), blocked=is_blocked)
        assert [model.objects.count() for model in counted] == before


def tries_at_api(program, role, foreign):
    """Ask for each address about what is foreign; yield what came and whether that is right."""
    for path, method, _definition in OPERATIONS:
        if method == "post" and "{id}" not in path:
            continue  # it makes something of one's own
        answer = call(program, path, method, foreign)
        if "{id}" in path:
            allowed = {404, 403} if method == "post" else {404}  # 403: not a role for this at all
            allowed |= {200} if path in SHARED else set()
            yield (method, path, answer.content), answer.status_code in allowed
        elif method == "get" and path not in ("/openapi.json", "/status/"):
            if role not in (roles_for(path, method).roles or Role):
                yield (method, path, answer.content), answer.status_code == 403
                continue
            body = answer.json()
            rows = body["series"] if "series" in body else body.get("results", [])
            own_names = {name for row in rows for name in workspaces_in(row)}
            yield (method, path, own_names), "porto" not in own_names


def workspaces_in(row):
    """The names of workspaces that a row tells."""
    named = row.get("workspace", row.get("name", row.get("group")))
    return row.get("workspaces") or [str(named)]


def roles_for(path, method):
    """Which roles the description names for a command."""
    from django.urls import resolve

    path = path.replace("{name}", "open-incidents")
    by_uuid = "s/{id}" in path or "planned-work/{id}" in path
    sample = path.replace("{id}", str(uuid.UUID(int=1)) if by_uuid else "1")
    for place in (sample, path.replace("{id}", "1"), path.replace("{id}", "gdansk")):
        match = resolve(f"/api/v1{place}")
        view = getattr(match.func, "cls", None)
        if view is not None:
            return operation_of(view, match.func.actions[method])
    raise AssertionError(f"{path} leads nowhere")


@pytest.mark.abuse("A15")
@pytest.mark.parametrize("role", Role)
def test_a15_only_the_named_roles_get_as_far_as_a_command(make_person, gdansk, role, attempts):
    workspace, _site, ids = gdansk
    kind = GrantScope.WORKSPACE if GrantScope.WORKSPACE in SCOPES_OF_ROLE[role] else GrantScope.ALL
    scope = workspace.uuid if kind == GrantScope.WORKSPACE else None
    program = Program(make_person(cast.SAM, (role, kind, scope)))
    Opinion.objects.update(person=program.token.owner)  # nobody else finds it there
    for path, method, _definition in OPERATIONS:
        operation = roles_for(path, method)
        if operation.kind != "command":
            continue
        assert operation.roles, f"{path} names no role"
        status = call(program, path, method, ids).status_code
        expected = {200, 409} if role in operation.roles else {403}
        expected = {403} if path in NEVER_BY_TOKEN else expected
        if expected == {403}:
            attempts.note((path, status), blocked=status == 403)
        else:
            assert status in expected, path


@pytest.mark.abuse("A17")
def test_a17_each_command_needs_its_scope_and_reading_needs_read(make_person, gdansk, attempts):
    workspace, _site, ids = gdansk
    sam = make_person(
        cast.SAM,
        (Role.SOC_LEAD, GrantScope.WORKSPACE, workspace.uuid),
        (Role.OT_SITE_LEAD, GrantScope.WORKSPACE, workspace.uuid),
    )
    without = {
        scope: Program(sam, *(other for other in TokenScope if other != scope))
        for scope in TokenScope
    }
    for path, method, _definition in OPERATIONS:
        needed = roles_for(path, method).scope
        status = call(without[needed], path, method, ids).status_code
        attempts.note((path, method, status), blocked=status == 403)
