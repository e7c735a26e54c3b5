"""`workspace check` against a pretend Azure: what it prints, and with which code it ends."""

import io
import json

import pytest
from django.core.management import call_command

from alerts.sentinel.models import Workspace
from tests import cast
from tests.conftest import NOON
from tests.factories.azure import secret_of

pytestmark = pytest.mark.django_db
MEMBERS = {"name", "state", "evidence", "fix", "checked_at"}


@pytest.fixture
def check(add_azure_workspace, azure):
    """`check()` gives the checks by name, and the exit code."""

    def run(application="portal"):
        if not Workspace.objects.exists():
            add_azure_workspace("gdansk", application=application, added_at=NOON)
        out, code = io.StringIO(), 0
        try:
            with secret_of(azure, application):
                call_command("workspace", "check", "gdansk", "--json", stdout=out)
        except SystemExit as end:
            code = end.code
        document = json.loads(out.getvalue())
        return {row["name"]: row for row in document["checks"]}, code

    return run


def test_every_prerequisite_has_the_promised_members(check):
    checks, _ = check()
    assert len(checks) >= 20
    for row in checks.values():
        assert row.keys() == MEMBERS
        assert row["state"] in ("ok", "failed", "unknown")
        assert row["evidence"]
        assert row["state"] == "ok" or row["fix"]


def test_azure_as_it_should_be_fails_nothing_but_people(check):
    checks, code = check()
    failed = {name for name, row in checks.items() if row["state"] == "failed"}
    assert failed == {"people of the SOC"}
    assert code == 1


def test_with_somebody_of_the_soc_it_ends_with_nought(check, make_person):
    make_person(cast.SAM, ("soc-analyst", "all", None))
    checks, code = check()
    assert [row for row in checks.values() if row["state"] == "failed"] == []
    assert code == 0


def test_an_empty_workspace_says_what_is_missing(check, azure):
    azure.control.empty("gdansk")
    checks, code = check()
    failed = {name.partition(" (")[0] for name, row in checks.items() if row["state"] == "failed"}
    assert {"connector", "content package", "analytics rules", "incident creation"} <= failed
    assert code == 1


def test_a_reader_is_told_which_actions_are_missing(check):
    checks, _ = check("reader")
    assert checks["rights (read)"]["state"] == "ok"
    assert "incidents/write" in checks["rights (incidents)"]["evidence"]


def test_a_person_reads_a_line_for_each(check, capsys):
    check()
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("workspace", "check", "gdansk", stdout=out)
    assert "ok      sign-in (read): Entra accepted the sign-in." in out.getvalue()


def test_a_short_silence_is_waited_out(check, azure):
    azure.control.fault(path="/incidents", status=429, retry_after=1, count=1)
    azure.control.fault(path="/alertRules", status=429, retry_after=1, count=1)
    try:
        checks, _ = check()
    finally:
        azure.control.clear_faults()
    assert checks["reach (read)"]["state"] == "ok"
    assert checks["analytics rules"]["state"] != "unknown"


def test_a_long_silence_is_not(check, azure):
    azure.control.fault(path="/incidents", status=429, retry_after=300)
    try:
        checks, code = check()
    finally:
        azure.control.clear_faults()
    assert checks["reach (read)"]["state"] == "failed"
    assert code == 1
