"""Nothing on the page of an incident jumps when the part about OT's answer arrives."""

import pytest
from playwright.sync_api import expect

from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import add_person
from tests.factories.incidents import make_alert, make_device, make_incident
from tests.factories.rules import judge

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

MAX_SHIFT = 0.01  # half of what a page may have: real ones have more below it
SHIFTS = """() => new Promise((resolve) => {
  const found = new PerformanceObserver((list) =>
    resolve(list.getEntries().reduce((sum, each) => sum + each.value, 0)));
  found.observe({type: 'layout-shift', buffered: true});
  setTimeout(() => resolve(0), 300);
})"""


@pytest.mark.parametrize(
    ("role", "state"),
    [
        (Role.SOC_ANALYST, ""),
        (Role.OT_ENGINEER, ""),
        (Role.OT_ENGINEER, "routine"),
        (Role.MANAGER, ""),
    ],
)
def test_nothing_jumps_when_the_part_about_ot_arrives(browse, gdansk, plant, noon, role, state):
    incident = make_incident(gdansk, title="PLC Stop", site_ids=[plant.pk], ot_state=state)
    make_alert(incident, site=plant)
    scope = (GrantScope.SITE, plant.uuid) if role == Role.OT_ENGINEER else (GrantScope.ALL, None)
    reader = add_person(cast.SAM, (role, *scope))
    if state:
        judge([incident], by=reader, verdict=state)
    page = browse("/inbox/", as_=reader)
    routes = []

    def hold(route):  # Playwright takes no built-in
        routes.append(route)

    page.route("**/incidents/*/verdict/panel/**", hold)
    page.goto(f"/incidents/{incident.pk}/", wait_until="commit")
    expect(page.locator("#ot-panel .skeleton").first).to_be_visible()
    page.wait_for_timeout(300)  # the page has been painted
    for route in routes:
        route.continue_()
    expect(page.locator("#ot-panel .skeleton")).to_have_count(0)
    assert page.evaluate(SHIFTS) <= MAX_SHIFT


def test_devices_fill_the_first_column_and_come_after_ot_on_a_phone(
    browse, gdansk, plant, noon, sam
):
    incident = make_incident(gdansk, title="PLC Stop", site_ids=[plant.pk])
    make_device(plant, "PLC-4", "10.0.0.4")
    zone = plant.zones.get()
    make_alert(incident, site=plant, zone=zone, any_address=["10.0.0.4"])
    page = browse(f"/incidents/{incident.pk}/", as_=sam, width=1440)
    devices, ot = page.locator(".columns-below"), page.locator("#ot-place")
    expect(devices.locator(".card")).not_to_have_count(0)
    assert devices.bounding_box()["x"] < ot.bounding_box()["x"]
    page.set_viewport_size({"width": 390, "height": 844})
    assert devices.bounding_box()["y"] > ot.bounding_box()["y"]
