"""The record over the API: an auditor of everything reads all of it, and nobody else any."""

import pytest

from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from portal.audit.services import record
from tests import cast
from tests.conftest import NOON
from tests.factories.incidents import make_workspace
from tests.portal.api.test_description import fits
from tests.program import Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def ines(make_person):
    return make_person(cast.INES, (Role.AUDITOR, GrantScope.ALL, None))


def listed(program, **query):
    answer = program.get("audit/", query)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_an_auditor_reads_the_record_the_latest_first(ines):
    program = Program(ines)
    rows = listed(program)
    entries = Entry.objects.order_by("-seq")
    assert [row["id"] for row in rows] == [entry.seq for entry in entries]
    newest = entries[0]
    assert rows[0] | {"hash": newest.hash, "action": newest.action} == rows[0]
    assert rows[0]["previous_hash"] == rows[1]["hash"]
    assert program.get(f"audit/{newest.seq}/").json()["object"] == newest.object_label


def test_it_is_narrowed_by_what_was_done_to_what_and_by_whom(ines):
    gdansk = make_workspace("gdansk")
    record("sentinel.workspace.paused", on=gdansk, by=ines, at=NOON, reason="A test.")
    program = Program(ines)
    (row,) = listed(program, object_type="sentinel.workspace", object_id=gdansk.pk)
    assert row["details"] == {"reason": "A test."}
    assert listed(program, action="sentinel.workspace.paused", actor=str(ines)) == [row]
    assert listed(program, action="sentinel.workspace") == []
    assert listed(program, at_before=NOON.isoformat().replace("+00:00", "Z")) == []


def test_nobody_else_reads_any_of_it(ines, make_person):
    gdansk = make_workspace("gdansk")
    here = make_person(cast.LEO, (Role.AUDITOR, GrantScope.WORKSPACE, gdansk.uuid))
    lead = make_person(cast.OLAF, (Role.SOC_LEAD, GrantScope.ALL, None))
    seq = Entry.objects.order_by("-seq").first().seq
    for person in (here, lead):
        assert listed(Program(person)) == []
        assert Program(person).get(f"audit/{seq}/").status_code == 404


def test_entries_are_as_the_description_says(ines):
    fits(Program(ines).get("audit/"), "/audit/")
