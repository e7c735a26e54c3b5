"""The queue by keyboard alone in a real browser: each key, and ten rows in a minute."""

import re
import time

import pytest
from playwright.sync_api import expect

from alerts.incidents.models import Group, Incident, IncidentRaw, IncidentStatus
from tests.bars import (
    axe_findings_in_both_themes,
    bar_faults_everywhere,
    calm_down,
    settle,
    sideways,
)
from tests.factories.incidents import make_incident, make_queue_row

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CURRENT = "#queue-rows tr.is-current"


def made(gdansk, plant, numbers):
    rows = [
        make_queue_row(gdansk, plant, n=2, title=f"Case {at:02d}", tactics=["Impact"] * (at < 5))
        for at in numbers
    ]
    for incident in Incident.objects.all():
        body = {
            "name": incident.name,
            "etag": incident.etag,
            "properties": {
                "title": incident.title,
                "severity": "Medium",
                "status": "New",
                "owner": {},
                "createdTimeUtc": "2026-11-24T12:00:00Z",
                "incidentNumber": incident.number,
                "lastModifiedTimeUtc": "2026-11-24T12:00:00Z",
                "labels": [],
            },
        }
        IncidentRaw.objects.create(incident=incident, body=body)
    return rows


@pytest.fixture
def rows(gdansk, plant, sam, noon):
    return made(gdansk, plant, range(12))


@pytest.fixture
def few(gdansk, plant, sam, noon):
    """One row of each sort: more are only slower to look at."""
    return made(gdansk, plant, (3, 4, 5, 6))


@pytest.fixture
def page(browse, rows, sam):
    opened = browse("/incidents/", as_=sam)
    expect(opened.locator("#panel .panel-title")).to_be_visible()
    return opened


def title(page):
    return page.locator(f"{CURRENT} .grid-title").inner_text().split("×")[0].strip()


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def toast(page):
    return page.locator(".toast span").last.inner_text()


def test_the_cursor_moves_the_panel_follows_rows_open_and_escape_lets_go(page):
    first = title(page)
    press(page, "j", "j")
    third = title(page)
    assert third != first
    expect(page.locator("#panel .panel-title")).to_contain_text(third)
    assert "sel=" in page.url
    press(page, "k", "k")
    assert title(page) == first
    expect(page.locator("#panel .panel-title")).to_contain_text(first)
    assert page.evaluate("document.activeElement.closest('#queue-rows') !== null")
    press(page, "/")
    page.keyboard.type("jjxae")
    assert title(page) == first
    assert page.locator("#queue-query").input_value() == "jjxae", "fields are left alone"
    assert page.locator("dialog[open]").count() == 0
    page.goto("/incidents/")
    expect(page.locator("#panel .panel-title")).to_be_visible()
    press(page, "x", "Escape")
    expect(page.locator("#queue-bulk")).to_be_hidden()
    press(page, "Escape")
    expect(page.locator("#panel")).to_be_hidden()
    press(page, "Space")
    expect(page.locator("#panel .panel-title")).to_be_visible()
    here = title(page)
    press(page, "o")
    expect(page.locator("h1")).to_have_text(here)
    page.go_back()
    expect(page.locator("#panel .panel-title")).to_be_visible()
    press(page, "j", "Enter")
    expect(page.locator("h1")).not_to_have_text("Triage queue")


def test_the_address_brings_a_colleague_to_the_same_row(page, browse, leo):
    press(page, "j", "j", "j")
    here = title(page)
    there = browse(page.url.replace("http://", "//").split("/", 3)[3].join(["/", ""]), as_=leo)
    expect(there.locator(f"{CURRENT} .grid-title")).to_contain_text(here)


def test_keys_can_be_switched_off(browse, rows, sam):
    sam.keys_on = False
    sam.save()
    page = browse("/incidents/", as_=sam)
    expect(page.locator("#panel .panel-title")).to_be_visible()
    first = title(page)
    press(page, "j", "e", "x")
    assert title(page) == first
    assert page.locator("dialog[open]").count() == 0


def test_select_with_x_and_shift_then_act_on_all(page):
    press(page, "x", "j", "j", "Shift+X")
    expect(page.locator("[data-bulk-count]")).to_have_text("6 incidents selected")
    press(page, "s")
    expect(page.locator("dialog[open]")).to_contain_text("This acts on all 6 incidents.")
    page.get_by_label("High").check()
    press(page, "Enter")
    expect(page.locator(".toast")).to_contain_text("Severity set to High: 6 incidents")
    expect(page.locator("#queue-bulk")).to_be_hidden()


def test_a_opens_the_dialog_a_again_assigns_to_me_and_z_takes_it_back(page):
    press(page, "a")
    expect(page.locator("dialog[open]")).to_contain_text("Assign to me")
    press(page, "a")
    expect(page.locator(".toast")).to_contain_text("Assigned to Sam Keller")
    expect(page.locator("dialog[open]")).to_have_count(0)
    press(page, "j")
    here = title(page)
    press(page, "a", "a")  # at once needs no dialog
    expect(page.locator(".toast").last).to_contain_text(f"Assigned to Sam Keller: {here} ×2")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator(f"{CURRENT} .avatar[title='Sam Keller']")).to_be_visible()
    press(page, "z")
    expect(page.locator(".toast").last).to_contain_text("Undone for 2 incidents")
    expect(page.locator("#queue-rows .avatar[title='Sam Keller']")).to_have_count(1)
    assert Incident.objects.exclude(owner_name="").count() == 2, "those of the first row"


def test_a_refused_form_stays_open_and_c_comments_until_the_field_is_empty_again(page):
    press(page, "e")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.evaluate("document.querySelector('#act-form').noValidate = true")
    page.locator("dialog[open] button[type=submit]").last.click()
    expect(page.locator("dialog[open] .problem")).to_contain_text("Choose how it ended.")
    press(page, "Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    press(page, "c")
    expect(page.locator("dialog[open] textarea")).to_be_focused()
    page.keyboard.type("Looked at it.")
    page.locator("dialog[open] button[type=submit]").click()
    expect(page.locator(".toast")).to_contain_text("Commented")
    press(page, "o")
    field, head = page.locator(".comment-form textarea"), page.locator(".incident .page-head")
    height = head.bounding_box()["height"]
    press(page, "c")
    page.keyboard.type("Seen here.")
    page.locator(".comment-form button").click()
    expect(page.locator(".timeline")).to_contain_text("Seen here.")
    expect(field).to_have_value("")
    expect(page.locator(".head-line .chip")).to_be_visible()
    assert head.bounding_box()["height"] == height, "what is on its way moves nothing"


def test_brackets_change_the_view_and_g_goes(page):
    press(page, "]")
    expect(page.locator("#queue-tabs [aria-current]")).to_contain_text("Waiting for OT")
    page.wait_for_load_state()  # keys work once the scripts of the new page are there
    press(page, "[")
    expect(page.locator("#queue-tabs [aria-current]")).to_contain_text("Needs triage")
    page.wait_for_load_state()
    press(page, "]")
    expect(page).to_have_url(re.compile("view=waiting"))
    page.wait_for_load_state()
    press(page, "g", "q")
    expect(page).to_have_url(re.compile("/incidents/$|/incidents/\\?sel"))


def test_new_rows_wait_for_the_dot(page, gdansk, plant):
    before = page.locator("#queue-rows tbody tr").count()
    make_queue_row(gdansk, plant, title="Brand new", severity=4)
    page.evaluate("document.querySelector('#queue-live').dispatchEvent(new CustomEvent('live'))")
    expect(page.locator(".pill")).to_contain_text("1 new")
    assert page.locator("#queue-rows tbody tr").count() == before
    here = title(page)
    press(page, ".")
    expect(page.locator("#queue-rows tbody tr")).to_have_count(before + 1)
    expect(page.locator("#queue-tabs [aria-current] .count")).to_have_text(str(before + 1))
    assert title(page) == here
    expect(page.locator(".pill")).to_have_count(0)


def test_ten_rows_are_triaged_by_keys_alone_within_a_minute(page):
    started = time.monotonic()
    for _ in range(10):
        here = title(page)
        press(page, "e")
        expect(page.locator("dialog[open] #act-form")).to_be_visible()
        press(page, "Space", "Enter")  # the first outcome: benign, expected
        expect(page.locator(".toast").last).to_contain_text(f"Closed: {here} ×2")
        expect(page.locator("#queue-rows")).not_to_contain_text(here)
    assert time.monotonic() - started < 60
    assert Incident.objects.filter(status=IncidentStatus.CLOSED).count() == 20
    assert Group.objects.count() == 2


def test_the_pages_hold_the_bars(browse, few, sam, gdansk):
    incident = Incident.objects.order_by("pk").first()
    closed = make_incident(gdansk, status=3)
    page = browse("/incidents/", as_=sam)
    here = f"/incidents/{incident.pk}/"
    close = f"/incidents/act/close/?incident={incident.pk}"
    for path in (
        "/incidents/",
        here,
        close,
        "/incidents/?view=late",
        "/incidents/?q=sev:low+x",
        "/incidents/?view=closed",
        f"{here}?tab=alerts",
        f"{here}?tab=similar",
        f"{here}?tab=raw",
        f"/incidents/{closed.pk}/",
        close.replace("close", "assign"),
    ):
        page.set_viewport_size({"width": 1440, "height": 900})
        page.emulate_media(color_scheme="light")
        page.goto(path)
        calm_down(page)
        if path in ("/incidents/", here, close):
            assert bar_faults_everywhere(page) == [], path
            continue
        assert axe_findings_in_both_themes(page) == [], path  # a phone shows the same elements
        page.set_viewport_size({"width": 320, "height": 844})
        settle(page)
        assert sideways(page) == 0, path


def test_without_scripts_reading_and_closing_work(browse, rows, sam):
    page = browse("/incidents/", as_=sam, java_script_enabled=False)
    page.get_by_role("link", name="Case 00").click()
    page.get_by_role("link", name="Close…").click()
    page.get_by_label("Benign positive").check()
    page.get_by_role("button", name="Close", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("Closed: #")
    expect(page.get_by_role("link", name="Reopen")).to_be_visible()


def test_r_asks_ot_the_row_moves_on_and_on_a_page_r_leads_to_the_question(page, oda):
    here = title(page)
    press(page, "r")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Was this you?").check()
    dialog.get_by_role("button", name="Ask OT").click()
    expect(page.locator(".toast")).to_contain_text("was asked")
    expect(page.locator("#queue-rows")).not_to_contain_text(here)
    expect(page.locator("#queue-tabs")).to_contain_text("Waiting for OT1")
    assert Incident.objects.filter(ot_state="waiting").count() == 2
    page.keyboard.press("o")
    question = page.locator("#ot-panel input[name=canned]").first
    expect(question).to_be_visible()
    page.locator("body").press("r")
    expect(question).to_be_focused()


def test_v_leads_ot_to_the_verdict(browse, rows, oda):
    page = browse("/incidents/", as_=oda)
    expect(page.locator("#panel .verdicts")).to_be_visible()
    press(page, "v")
    assert page.evaluate("document.activeElement.name") == "verdict"
