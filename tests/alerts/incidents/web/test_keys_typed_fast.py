"""Keys typed faster than answers come mean what they meant when they were pressed."""

import re
import time
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from alerts.incidents.models import Incident, IncidentRaw
from alerts.reviews.models import Verdict
from tests.contexts import PATIENCE
from tests.factories.incidents import make_queue_row

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CURRENT = "#queue-rows tr.is-current"


@pytest.fixture
def rows(gdansk, plant, sam, noon):
    made = [  # each of its own minute: an act on one leaves the order as it is
        make_queue_row(
            gdansk, plant, title=f"Case {at:02d}", created_at=noon - timedelta(minutes=at)
        )
        for at in range(4)
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
    return made


@pytest.fixture
def queue(browse, rows, sam):
    page = browse("/incidents/", as_=sam)
    expect(page.locator("#panel .panel-title")).to_be_visible()
    return page


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def title(page):
    return page.locator(f"{CURRENT} .grid-title").inner_text().split(" ×")[0]


class Held:
    """Requests whose answers wait until they are let go; later ones pass."""

    def __init__(self, page, part):
        self.page, self.part, self.routes, self.is_open = page, part, [], False
        page.route(part, self.keep)

    def keep(self, route):
        if self.is_open:
            route.continue_()
        else:
            self.routes.append(route)

    def is_asked_for(self):
        """Wait for the request as long as for anything else of a page."""
        until = time.monotonic() + PATIENCE / 1000
        while not self.routes and time.monotonic() < until:
            self.page.wait_for_timeout(10)
        assert self.routes, f"{self.part} was never asked for"

    def let_go(self):
        self.is_asked_for()
        self.is_open = True
        for route in self.routes:
            route.continue_()


def toast(page):
    return page.locator(".toast").last


def owners():
    return set(Incident.objects.values_list("owner_name", flat=True))


def test_go_keys_open_one_page_after_another(browse, rows, leo):
    page = browse("/incidents/", as_=leo)
    for motion in ("no-preference", "reduce"):
        page.emulate_media(reduced_motion=motion)
        for letter in "qrpuahqrpua":
            press(page, "g", letter)
        press(page, "g", "r", "g", "u")
        expect(page).to_have_url(re.compile("/rules/"))
        press(page, "g", "q")
        expect(page).to_have_url(re.compile("/incidents/"))


def test_a_sequence_ends_on_the_page_that_comes(queue):
    press(queue, "g")
    queue.goto("/incidents/?view=open")
    press(queue, "h")
    expect(queue).to_have_url(re.compile(r"/$"))


def test_what_is_typed_while_a_page_loads_is_done_once_it_is_there(queue):
    scripts = Held(queue, re.compile(r"/queue\.[0-9a-f]*\.?js"))
    queue.goto("/incidents/?view=open", wait_until="commit")
    queue.locator("#queue-rows").wait_for()
    first = queue.locator("#queue-rows tr[data-row] .grid-title").nth(1).inner_text()
    press(queue, "j", "a", "a")
    scripts.let_go()
    expect(toast(queue)).to_contain_text("Assigned to Sam Keller")
    assert Incident.objects.get(owner_name="Sam Keller").title in first


def test_brackets_go_as_many_views_on_and_a_after_g_is_no_key_of_its_own(queue):
    queue.evaluate("document.querySelectorAll('[data-key=\"g a\"]').forEach(e => e.remove())")
    press(queue, "g", "a")  # leads nowhere
    queue.wait_for_timeout(300)
    expect(queue.locator("dialog[open]")).to_have_count(0)
    press(queue, "]", "]")
    expect(queue.locator("#queue-tabs [aria-current]")).to_contain_text("OT answered")


@pytest.mark.parametrize("where", ["queue", "incident"])
def test_a_a_assigns_to_me_whenever_the_dialog_comes(queue, where):
    if where == "incident":
        press(queue, "o")
        expect(queue.locator(".incident-title")).to_be_visible()
        queue.wait_for_load_state()
    dialog = Held(queue, "**/act/assign/?*")
    press(queue, "a")
    dialog.is_asked_for()  # two keys in one breath call it off before it leaves the browser
    press(queue, "a")
    expect(toast(queue)).to_contain_text("Assigned to Sam Keller")
    dialog.let_go()
    queue.wait_for_timeout(900)
    expect(queue.locator("dialog[open]")).to_have_count(0)
    expect(queue.locator(".toast", has_text="changed in the meantime")).to_have_count(0)
    assert owners() == {"", "Sam Keller"}


def test_a_a_after_another_key_assigns_the_row_that_it_led_to(queue):
    press(queue, "j", "a", "a")
    there = title(queue)
    expect(toast(queue)).to_contain_text("Assigned to Sam Keller")
    expect(queue.locator("dialog[open]")).to_have_count(0)
    assert Incident.objects.get(owner_name="Sam Keller").title == there


def test_a_key_held_down_is_pressed_once_and_j_goes_on(queue):
    first = title(queue)
    queue.keyboard.down("j")
    queue.keyboard.down("j")
    queue.keyboard.up("j")
    assert title(queue) != first
    expect(queue.locator("#queue-rows tr").nth(3)).to_have_class(re.compile("is-current"))
    queue.keyboard.down("a")
    queue.keyboard.down("a")  # what the keyboard repeats
    expect(queue.locator("dialog[open]")).to_be_visible()
    queue.keyboard.down("a")
    queue.wait_for_timeout(200)
    expect(queue.locator("dialog[open]")).to_be_visible()
    assert owners() == {""}
    queue.keyboard.up("a")
    press(queue, "Escape")
    expect(queue.locator("dialog[open]")).to_have_count(0)
    press(queue, "a")  # after the dialog was left it is another one
    expect(queue.locator("dialog[open]")).to_be_visible()
    assert owners() == {""}


def test_while_a_dialog_is_on_its_way_escape_calls_it_off_and_other_keys_do_nothing(queue):
    dialog = Held(queue, "**/act/close/?*")
    press(queue, "e")
    dialog.is_asked_for()
    press(queue, "Escape")
    dialog.let_go()
    queue.wait_for_timeout(300)
    expect(queue.locator("dialog[open]")).to_have_count(0)
    here = title(queue)
    press(queue, "j")
    assert title(queue) != here
    here = title(queue)
    dialog = Held(queue, "**/act/close/?*")
    press(queue, "e", "j", "x", "Enter")
    dialog.let_go()
    expect(queue.locator("dialog[open]")).to_contain_text(here)
    assert title(queue) == here
    expect(queue.locator("#queue-bulk")).to_be_hidden()
    expect(queue).to_have_url(re.compile("/incidents/(\\?|$)"))


def test_of_two_acts_asked_for_the_dialog_of_the_latest_comes(queue):
    press(queue, "o")
    expect(queue.locator(".incident-title")).to_be_visible()
    queue.wait_for_load_state()
    first = Held(queue, "**/act/severity/?*")
    queue.get_by_role("link", name="Severity").click()
    first.is_asked_for()
    queue.get_by_role("link", name="Close…").click()
    expect(queue.locator("dialog[open] h2")).to_have_text("Close")
    first.let_go()
    queue.wait_for_timeout(300)
    expect(queue.locator("dialog[open] h2")).to_have_text("Close")


def test_z_before_the_toast_means_the_act_that_is_under_way(queue):
    press(queue, "a", "a")
    expect(toast(queue)).to_contain_text("Case")
    first = toast(queue).inner_text()
    press(queue, "j")
    act = Held(queue, "**/act/assign/")
    press(queue, "a", "a")
    act.is_asked_for()
    press(queue, "z")
    act.let_go()
    expect(toast(queue)).to_contain_text("Undone for 1 incident")
    assert Incident.objects.exclude(owner_name="").count() == 1
    assert Incident.objects.exclude(owner_name="").get().title in first


def test_v_waits_for_the_panel_of_the_row(browse, rows, oda):
    page = browse("/incidents/", as_=oda)
    expect(page.locator("#panel .verdicts")).to_be_visible()
    panel = Held(page, "**/panel")
    press(page, "j", "v")
    there = title(page)
    page.wait_for_timeout(100)
    assert page.evaluate("document.activeElement.name") != "verdict", "this is the row before"
    panel.let_go()
    expect(page.locator("#panel .panel-title")).to_contain_text(there)
    expect(page.locator("#panel input[name=verdict]").first).to_be_focused()
    assert not Verdict.objects.exists()
