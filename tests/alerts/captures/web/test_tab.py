"""The tab PCAP: how to get a capture, what those that are there say, and who may do what."""

import json
import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from alerts.captures.models import Capture, CaptureAccess
from alerts.captures.services import read_next_capture, remove_old_captures
from alerts.incidents.models import AlertRaw, IncidentStatus
from portal import clock
from portal.audit.models import Entry
from tests.conftest import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def tab(client, incident):
    """`tab(person)` is the text of the tab as that person sees it, and its HTML."""

    def read(person):
        client.force_login(person)
        html = client.get(f"/incidents/{incident.pk}/?tab=pcap").content.decode()
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)), html

    return read


@pytest.fixture
def send(client, incident):
    """`send(person, data)` uploads a file as a browser without scripts does."""

    def post(person, data, name="water.pcap"):
        client.force_login(person)
        file = SimpleUploadedFile(name, data)
        return client.post(f"/incidents/{incident.pk}/captures/", {"file": file, "note": "here"})

    return post


def test_without_a_capture_the_tab_says_where_to_get_one(tab, sam, oda, incident):
    words, html = tab(sam)
    assert "No capture is attached" in words and "On the sensor open the alert" in words
    assert 'enctype="multipart/form-data"' in html
    link = "https://portal.azure.com/#view/alert/1"
    for at, address in enumerate((link, "javascript:alert(1)")):
        alert = incident.alerts.get()
        body = {"properties": {"alertLink": address}}
        AlertRaw.objects.update_or_create(alert=alert, defaults={"body": body})
        _, html = tab(oda)
        assert (f'href="{link}"' in html) == (at == 0)
        assert "javascript:alert" not in html
        assert "attach it here" not in html, "OT may not"
    assert 'type="file"' not in html and "The SOC attaches captures." in html


def test_a_sent_file_waits_in_quarantine_and_then_says_who_did_what(
    tab, send, sam, water, incident
):
    answer = send(sam, water)
    assert answer["Location"] == f"/incidents/{incident.pk}/?tab=pcap"
    words, html = tab(sam)
    assert "In quarantine" in words and 'class="incident" data-live' in html
    assert "/file/" not in html
    assert read_next_capture(unshifted=clock.unshifted(), now=NOON)
    words, html = tab(sam)
    assert "148 frames in 116.9 s between 4 addresses: Modbus." in words
    assert "HMI-WTP-01 to PLC-WTP-01 1 write" in words
    assert "10.20.10.12 to PLC-WTP-01 3 writes" in words
    assert "All addresses that the alerts name are in it." in words
    assert "Write single register Modbus ×3" in words
    assert "650" not in words  # a value that was written
    assert 'class="incident" data-live' not in html


@pytest.mark.parametrize("data", [b"", b"<html>not a capture</html>"])
def test_a_refused_file_says_why_beside_the_form(send, sam, data):
    answer = send(sam, data)
    assert answer.status_code == 422
    assert b"The file is empty" in answer.content or b"neither those of pcap" in answer.content
    assert b'type="file"' in answer.content
    assert not Capture.objects.exists()


def test_a_form_without_a_file_and_one_that_is_far_too_large(client, send, sam, incident, settings):
    client.force_login(sam)
    answer = client.post(f"/incidents/{incident.pk}/captures/")
    assert answer.status_code == 422 and b"Choose a file." in answer.content
    settings.MAX_REQUEST_BYTES = 2_000
    answer = send(sam, bytes(10_000))
    assert answer.status_code == 413 and b"too large" in answer.content
    settings.MAX_REQUEST_BYTES = 100_000_000
    assert send(sam, b"<html>").status_code == 422


def test_who_may_open_it_downloads_it_and_that_is_on_record(
    client, tab, attach, water, sam, oda, mia
):
    capture = attach(water, 'odd "name".txt', read=True)
    address = f"/captures/{capture.uuid}/file/"
    client.force_login(oda)
    answer = client.get(address)
    assert b"".join(answer.streaming_content) == water
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == 'attachment; filename="odd \\"name\\".pcap"'
    assert answer["Cache-Control"] == "no-store"
    entry = Entry.objects.get(action="captures.capture.downloaded")
    assert (entry.actor_id, entry.object_id) == (oda.pk, str(capture.pk))
    words, _ = tab(sam)
    assert "Opened 1 time" in words and "Oda Nowak downloaded it" in words
    words, html = tab(mia)  # sees the incident, not the packets
    assert "148 frames" in words and "/file/" not in html
    assert client.get(address).status_code == 403
    assert CaptureAccess.objects.count() == 1


def test_nobody_takes_a_file_out_of_quarantine(client, attach, water, sam):
    capture = attach(water)
    client.force_login(sam)
    answer = client.get(f"/captures/{capture.uuid}/file/")
    assert answer.status_code == 403 and b"in quarantine" in answer.content
    assert not CaptureAccess.objects.exists()


def test_who_attached_it_or_the_lead_removes_it_with_a_reason(
    client, tab, attach, water, sam, leo, oda
):
    capture = attach(water, read=True)
    address = f"/captures/{capture.uuid}/remove/"
    client.force_login(oda)
    assert client.post(address, {"reason": "Mine."}).status_code == 403
    client.force_login(leo)
    assert client.get(address).status_code == 200
    answer = client.post(address, {"reason": " "})
    assert answer.status_code == 422 and b"Say why it is removed." in answer.content
    assert client.post(address, {"reason": "Holds a recipe"}).status_code == 302
    assert not capture.parts.exists()
    assert Entry.objects.get(action="captures.capture.removed").details["reason"]
    words, _ = tab(sam)
    assert "removed by Leo Hartmann: Holds a recipe" in words
    assert client.get(f"/captures/{capture.uuid}/file/").status_code == 403
    assert client.get(address).status_code == 403
    attach(water)  # the same file may come again


def retention(*words):
    out = StringIO()
    call_command("retention", *words, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_its_days_end_once_the_incident_is_closed(attach, water, incident, settings, monkeypatch):
    settings.CAPTURE_DAYS = 90
    capture, later = attach(water, read=True), NOON + timedelta(days=91)
    assert remove_old_captures(now=later) == 0
    incident.status = IncidentStatus.CLOSED
    incident.save()
    assert remove_old_captures(now=NOON + timedelta(days=89)) == 0
    monkeypatch.setattr("portal.clock.now", lambda: later)
    others = {"incidents outside of the scope": 0, "periods of watchlists": 0}
    assert retention("apply", "--dry-run") == {"dry_run": True, "captures": 1} | others
    assert capture.parts.exists()
    assert retention("apply") == {"dry_run": False, "captures": 1} | others
    assert not capture.parts.exists()
    assert Entry.objects.get(action="captures.capture.expired").actor_label == "retention"
    settings.CAPTURE_DAYS = 0
    assert remove_old_captures(now=later + timedelta(days=900)) == 0
