"""Every list as a file: with the rights of the worker, and nothing of another plant in it."""

import json

import pytest

from portal.accounts.models import GrantScope, Role
from portal.exports.lists import names_of_lists
from portal.exports.models import Export
from portal.exports.queries import pieces_of
from portal.exports.services import make_due_exports
from portal.jobs.models import JobState
from tests.abuse.world import person_with
from tests.factories.exports import make_export

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def made(by, name, file_format):
    Export.objects.all().delete()
    export = make_export(by, name, file_format)
    make_due_exports()
    export.refresh_from_db()
    assert export.state == JobState.DONE, (name, file_format, export.latest_error)
    return export.rows, b"".join(pieces_of(export))


@pytest.mark.abuse("A13")
def test_a13_no_list_as_a_file_tells_of_another_plant(gdansk, porto, make_person, attempts):
    workspace, site, _ids = gdansk
    lead = person_with(make_person, Role.SOC_LEAD, GrantScope.WORKSPACE, workspace, site)
    names = names_of_lists()
    assert {"incidents", "alerts", "rules", "ledger", "training-modules"} <= set(names)
    filled = set()
    for name in names:
        rows, body = made(lead, name, "ndjson")
        assert rows == len([json.loads(line) for line in body.splitlines()])
        attempts.note((name, body), blocked=b"porto" not in body.lower())
        if rows:
            filled.add(name)
            for file_format in ("csv", "xlsx", "parquet"):
                assert made(lead, name, file_format)[0] == rows
    assert {"incidents", "alerts", "rules", "devices", "ledger", "patterns"} <= filled
