"""The page of one's own exports."""

import pytest

from portal.accounts.models import GrantScope, Role
from portal.exports.lists import titles_of_lists
from portal.exports.models import Export
from portal.exports.services import FAILED, make_due_exports
from portal.jobs.models import JobState
from tests import cast
from tests.factories.exports import make_export
from tests.factories.incidents import make_incident

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def read(client):
    return " ".join(client.get("/exports/").content.decode().split())


def test_a_list_is_asked_for_on_the_page_and_taken_from_there(client, sam, workspace):
    make_incident(workspace)
    client.force_login(sam)
    page = read(client)
    assert "None. A file that you ask for appears here by itself." in page
    assert "data-live" not in page[page.index('id="exports"') :][:40]
    assert client.post("/exports/", {"list": "incidents", "format": "xlsx"}).status_code == 302
    assert "being made" in read(client) and 'id="exports" data-live' in read(client)
    export = Export.objects.get()
    assert client.get(f"/exports/{export.uuid}/file/").status_code == 404
    make_due_exports()
    page = read(client)
    assert "<b>Incidents</b>" in page and "1 row, " in page and "Not all" not in page
    answer = client.get(f"/exports/{export.uuid}/file/")
    assert b"".join(answer.streaming_content)[:2] == b"PK"


def test_what_failed_and_what_is_not_whole_says_so(client, sam, workspace):
    make_export(sam)
    make_due_exports()
    Export.objects.update(is_whole=False)
    client.force_login(sam)
    assert "Not all: the file ended at its limit." in read(client)
    Export.objects.update(state=JobState.DEAD, latest_error=FAILED)
    page = read(client)
    assert "It could not be made." in page and "A fault in Tagout kept the file" in page
    assert "Download the file" not in page
    german = client.get("/exports/", headers={"Accept-Language": "de"}).text
    assert "Ein Fehler in Tagout hat die Datei verhindert." in german


def test_files_of_before_a_change_of_rights_are_said_to_be_held_back(client, sam, workspace):
    make_export(sam)
    Export.objects.update(rights=[])
    client.force_login(sam)
    page = read(client)
    assert "Exports from before your rights changed are no longer offered." in page
    assert "None." not in page[page.index('id="exports"') :]


@pytest.mark.parametrize("form", [{}, {"list": "people", "format": "csv"}, {"list": "sites"}])
def test_what_cannot_be_asked_for_is_refused(client, sam, form):
    client.force_login(sam)
    answer = client.post("/exports/", form)
    assert answer.status_code == 422 and "Choose a list and a format." in answer.text
    assert not Export.objects.exists()


def test_a_third_waits_until_one_is_ready(client, sam):
    client.force_login(sam)
    for _ in range(2):
        client.post("/exports/", {"list": "sites", "format": "csv"})
    answer = client.post("/exports/", {"list": "sites", "format": "csv"})
    assert answer.status_code == 422 and "Two exports are being made for you." in answer.text


def test_files_of_others_are_not_there_and_administrators_have_no_lists(client, sam, make_person):
    export = make_export(sam)
    make_due_exports()
    client.force_login(make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.ALL, None)))
    assert client.get(f"/exports/{export.uuid}/file/").status_code == 404
    client.force_login(make_person(cast.ADA, (Role.ADMINISTRATOR, GrantScope.ALL, None)))
    assert client.get("/exports/").status_code == 403


def test_every_list_has_a_title():
    assert all(titles_of_lists().values())
