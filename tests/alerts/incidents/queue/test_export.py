"""What a list of the queue shows becomes a file: its filter, all its pages, and nothing else."""

import csv
import re
from io import StringIO

import pytest

from alerts.incidents.models import IncidentStatus
from portal.accounts.models import GrantScope, Role
from portal.exports.models import Export
from portal.exports.services import make_due_exports
from tests import cast
from tests.factories.incidents import make_incident, make_queue_row, make_site, make_workspace

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def fields_of(page):
    """The hidden fields of the form that asks for the file; {} where there is none."""
    form = re.search(r'<form id="queue-export".*?</form>', page, re.DOTALL)
    pairs = re.findall(r'name="([^"]+)" value="([^"]*)"', form[0]) if form else []
    fields = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value.replace("&amp;", "&"))
    return fields


def test_the_incidents_of_a_list_are_asked_for_from_its_page(client, make_person):
    gdansk, porto, plant = make_workspace("gdansk"), make_workspace("porto"), make_site("Gdańsk")
    sam = make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, gdansk.uuid))
    make_queue_row(gdansk, plant, title="=Scan & knock", n=2)
    make_queue_row(gdansk, plant, title="Stop")
    make_queue_row(porto, make_site("Porto"), title="Scan & knock elsewhere")
    client.force_login(sam)
    fields = fields_of(client.get("/incidents/", {"view": "open", "q": '"scan & knock"'}).text)
    assert client.post("/exports/", fields).status_code == 302
    assert "queue: view=open&amp;q=&quot;scan &amp; knock&quot;" in client.get("/exports/").text
    make_due_exports()
    answer = client.get(f"/exports/{Export.objects.get().uuid}/file/")
    lines = list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [line["title"] for line in lines] == ["'=Scan & knock"] * 2
    assert list(lines[0])[:5] == ["priority", "workspace", "number", "severity", "title"]


def test_a_file_of_closed_ones_holds_what_no_page_looked_through(client, make_person, monkeypatch):
    monkeypatch.setattr("alerts.incidents.queue.queries.SEARCHED", 1)
    gdansk = make_workspace("gdansk")
    for title in ("Scan 1", "Scan 2", "Scan 3"):
        make_incident(gdansk, title=title, status=IncidentStatus.CLOSED)
    client.force_login(make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.ALL, None)))
    page = client.get("/incidents/?view=closed&q=scan").text
    assert page.count("data-row=") == 2
    client.post("/exports/", fields_of(page))
    make_due_exports()
    assert Export.objects.get().rows == 3


def test_a_list_without_rows_or_with_a_filter_that_means_nothing_offers_no_file(
    client, make_person
):
    make_queue_row(make_workspace("gdansk"), make_site("Gdańsk"), title="Scan")
    client.force_login(make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.ALL, None)))
    assert fields_of(client.get("/incidents/?view=open").text)
    assert not fields_of(client.get("/incidents/?view=open&q=nothing").text)
    wrong = {"list": "incidents", "format": "csv", "filter.queue": "view=open&q=note:ab"}
    answer = client.post("/exports/", wrong)
    assert answer.status_code == 422 and "of 3 letters or more" in answer.text
