"""The tab and the viewer at a desk and on a phone, light and dark; a file sent by hand."""

import re

import pytest
from playwright.sync_api import expect

from alerts.captures.models import Capture
from alerts.captures.services import read_next_capture
from portal import clock
from tests.bars import bar_faults_of_each
from tests.conftest import NOON

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_file_is_attached_read_and_opened(browse, sam, incident, water, noon, settings):
    settings.CAPTURE_MAX_MB = 1
    tab = f"/incidents/{incident.pk}/?tab=pcap"
    page = browse(tab, as_=sam)
    file, odd = page.get_by_label("Capture", exact=True), "<img src=x onerror=alert(1)>.pcap"
    large = {"name": "large.pcap", "mimeType": "", "buffer": bytes(1024 * 1024 + 1)}
    file.set_input_files(large)
    assert "larger than 1 MB" in file.evaluate("element => element.validationMessage")
    file.set_input_files({"name": odd, "mimeType": "", "buffer": water})
    page.get_by_role("button", name="Attach").click()
    expect(page.get_by_text("In quarantine")).to_be_visible()
    assert read_next_capture(unshifted=clock.unshifted(), now=NOON)
    page.reload()
    expect(page.get_by_role("heading", name=odd)).to_be_visible()
    page.get_by_role("link", name="Open the capture").click()
    expect(page.get_by_role("heading", name=re.compile(r"Frame \d+ of 148"))).to_be_visible()
    page.keyboard.press("v")
    expect(page.get_by_role("link", name="Hide values")).to_be_visible()
    viewer = f"/captures/{Capture.objects.get().uuid}/"
    removal, more = f"{viewer}remove/", f"/incidents/{incident.pk}/captures/"
    assert bar_faults_of_each(page, tab, viewer, removal, more) == []
