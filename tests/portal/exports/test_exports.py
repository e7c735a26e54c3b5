"""Exports over the API: asked for, made by a worker with the rights of the person, taken, gone."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.db.models import F

from portal.accounts.models import GrantScope, Role
from portal.accounts.services.people import grant_role
from portal.audit.models import Entry
from portal.exports import services
from portal.exports.models import Export, ExportPart
from portal.exports.services import make_due_exports
from portal.jobs.models import JobState
from tests import cast
from tests.conftest import NOON
from tests.factories.exports import make_export
from tests.factories.incidents import make_incident, make_workspace
from tests.program import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def program(sam):
    return Program(sam, "read")


@pytest.fixture
def ask(program):
    """Have an export made; returns its row once the worker was there."""

    def ask(**body):
        made = program.post("exports/", {"list": "incidents", "format": "ndjson", **body})
        assert made.status_code == 200, made.content
        make_due_exports()
        return program.get(f"exports/{made.json()['id']}/").json()

    return ask


def taken(program, row):
    answer = program.get(f"exports/{row['id']}/file/")
    return b"".join(answer.streaming_content) if answer.streaming else answer


def test_a_list_is_asked_for_made_and_taken(program, ask, workspace, sam):
    for n in range(3):
        make_incident(workspace, title=f"Incident {n}")
    made = program.post("exports/", {"list": "incidents", "format": "csv"}).json()
    assert (made["state"], made["rows"], made["whole"]) == ("waiting", None, None)
    assert program.get(f"exports/{made['id']}/file/").status_code == 404
    make_due_exports()
    row = program.get(f"exports/{made['id']}/").json()
    assert (row["state"], row["rows"], row["whole"]) == ("done", 3, True)
    answer = program.get(f"exports/{made['id']}/file/")
    assert answer["Content-Disposition"].startswith('attachment; filename="tagout-incidents-')
    body = b"".join(answer.streaming_content)
    assert len(body) == row["size"] == int(answer["Content-Length"])
    listed = program.get("incidents/").json()["results"]
    found = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    assert [int(line["id"]) for line in found] == [line["id"] for line in listed]
    assert list(found[0]) == list(listed[0])
    actions = Entry.objects.filter(action__startswith="exports.").order_by("seq")
    assert [entry.action for entry in actions] == [
        "exports.export.requested",
        "exports.export.made",
        "exports.export.downloaded",
    ]
    assert actions[2].actor == sam and actions[2].details["rows"] == 3
    assert "via_token" in actions[2].details


def test_filters_and_columns_are_those_of_the_list(program, ask, workspace):
    high = make_incident(workspace, severity=4)
    make_incident(workspace, severity=1)
    row = ask(filters={"severity": "High"}, columns=["id", "severity"])
    assert [json.loads(line) for line in taken(program, row).splitlines()] == [
        {"id": high.pk, "severity": "High"}
    ]
    for body, member in (
        ({"list": "people"}, "list"),
        ({"list": "exports"}, "list"),
        ({"filters": {"colour": "red"}}, "filters"),
        ({"filters": {"cursor": "x"}}, "filters"),
        ({"filters": {"severity": "Purple"}}, "severity"),
        ({"columns": ["password"]}, "fields"),
        ({"format": "exe"}, "format"),
    ):
        answer = program.post("exports/", {"list": "incidents", "format": "csv"} | body)
        assert answer.status_code == 400, body
        assert member in answer.json()["errors"]


@pytest.mark.abuse("A13")
def test_a_file_holds_what_its_person_may_see_when_it_is_made(
    program, ask, workspace, sam, attempts
):
    own = make_incident(workspace)
    make_incident(make_workspace("porto"))
    row = ask(columns=["id"])
    ids = [json.loads(line)["id"] for line in taken(program, row).splitlines()]
    attempts.note("an incident of another workspace", blocked=ids == [own.pk])
    waiting = make_export(sam)
    sam.grants.all().delete()
    make_due_exports()
    waiting.refresh_from_db()
    attempts.note("after the rights were taken", blocked=waiting.state == JobState.DEAD)
    attempts.note("the file of before", blocked=taken(program, row).status_code == 404)


@pytest.mark.abuse("A13")
def test_who_loses_a_role_in_the_same_scope_loses_what_it_showed(
    program, ask, workspace, sam, attempts
):
    scope = {"scope": GrantScope.WORKSPACE, "scope_uuid": workspace.uuid}
    grant_role(to=sam, role=Role.SOC_LEAD, by="tests", now=NOON, **scope)
    row = ask(list="second-opinions")
    assert row["state"] == "done"
    waiting = make_export(sam, "second-opinions")
    sam.grants.filter(role=Role.SOC_LEAD).delete()
    attempts.note("the file of a lead", blocked=taken(program, row).status_code == 404)
    make_due_exports()
    waiting.refresh_from_db()
    attempts.note("what a lead asked for", blocked=waiting.state == JobState.DEAD)


@pytest.mark.abuse("A12")
def test_nobody_takes_the_file_of_somebody_else(ask, make_person, attempts, workspace):
    row = ask()
    other = Program(make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.ALL, None)))
    for address in (f"exports/{row['id']}/", f"exports/{row['id']}/file/"):
        attempts.note(address, blocked=other.get(address).status_code == 404)
    attempts.note("list", blocked=other.get("exports/").json()["results"] == [])


def test_a_disabled_account_gets_no_file(sam, workspace):
    export = make_export(sam)
    sam.is_active = False
    sam.save()
    make_due_exports()
    export.refresh_from_db()
    assert export.state == JobState.DEAD and "rights" in export.latest_error


@pytest.mark.parametrize(
    ("bound", "value", "rows"), [("MAX_ROWS", 2, 2), ("MAX_BYTES", 10, 2), ("MAX_SECONDS", -1, 0)]
)
def test_a_file_ends_at_its_bounds_and_says_so(ask, workspace, monkeypatch, bound, value, rows):
    monkeypatch.setattr("portal.exports.lists.MAX_PAGE_SIZE", 2)
    monkeypatch.setattr(services, bound, value)
    for _ in range(5):
        make_incident(workspace)
    row = ask()
    assert (row["state"], row["rows"], row["whole"]) == ("done", rows, False)


def test_a_file_of_just_as_many_rows_as_allowed_is_whole(ask, workspace, monkeypatch):
    monkeypatch.setattr("portal.exports.lists.MAX_PAGE_SIZE", 2)
    monkeypatch.setattr(services, "MAX_ROWS", 4)
    for _ in range(4):
        make_incident(workspace)
    assert ask()["whole"] is True


def test_a_large_file_stands_in_pieces_and_comes_back_whole(program, ask, workspace, monkeypatch):
    monkeypatch.setattr(services, "PIECE", 100)
    make_incident(workspace)
    row = ask()
    assert ExportPart.objects.count() > 1
    assert json.loads(taken(program, row))["title"] == "Unauthorized PLC Programming"


def test_two_wait_five_are_kept_and_a_day_later_none(program, sam, workspace):
    for _ in range(2):
        make_export(sam)
    answer = program.post("exports/", {"list": "sites", "format": "csv"})
    assert answer.status_code == 409 and "Two exports" in answer.json()["reasons"][0]
    for _ in range(6):
        make_due_exports()
        make_export(sam, "sites")
    assert Export.objects.filter(by=sam).count() == 5
    make_due_exports()
    Export.objects.update(expires_at=NOON - timedelta(days=400))
    make_due_exports()
    assert not Export.objects.exists() and not ExportPart.objects.exists()


def test_all_files_together_have_a_bound(program, sam, workspace, monkeypatch):
    make_export(sam)
    make_due_exports()
    monkeypatch.setattr(services, "MAX_TOTAL_BYTES", 10)
    answer = program.post("exports/", {"list": "sites", "format": "csv"})
    assert answer.status_code == 409 and "no room" in answer.json()["reasons"][0]


def test_what_cannot_be_made_says_so_after_three_tries_and_the_log_says_why(
    program, sam, workspace, monkeypatch, caplog
):
    def fail(*_args, **_kwargs):
        raise ValueError("no such thing")

    monkeypatch.setattr(services, "pages_of", fail)
    export = make_export(sam)
    for _ in range(3):
        Export.objects.update(due_at=NOON - timedelta(days=400))
        make_due_exports()
    export.refresh_from_db()
    assert (export.state, export.attempts) == (JobState.DEAD, 3)
    assert caplog.text.count("ValueError: no such thing") == 3
    error = program.get(f"exports/{export.uuid}/").json()["error"]
    assert error.startswith("A fault in Tagout kept the file from being made.")
    assert "no such thing" not in error
    (failed,) = Entry.objects.filter(action="exports.export.failed")
    assert failed.details["error"] == export.latest_error


def test_a_token_that_may_not_read_exports_nothing(sam, workspace):
    answer = Program(sam, "incidents:write").post("exports/", {"list": "sites", "format": "csv"})
    assert answer.status_code == 403


def test_a_worker_that_lost_its_claim_stores_nothing(sam, workspace, monkeypatch):
    export, write = make_export(sam), services._write

    def write_slowly(claimed, *args, **options):
        found = write(claimed, *args, **options)
        Export.objects.filter(pk=export.pk).update(fence=F("fence") + 1)  # another took it over
        return found

    monkeypatch.setattr(services, "_write", write_slowly)
    make_due_exports()
    export.refresh_from_db()
    assert export.state == JobState.RUNNING, "it is the other worker's"
    assert not ExportPart.objects.exists()
    assert not Entry.objects.filter(action="exports.export.made").exists()
