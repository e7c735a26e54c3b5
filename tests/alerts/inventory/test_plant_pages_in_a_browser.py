"""The pages about devices and sites, large and small: bars of the design."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.incidents.models import OtState
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.bars import bar_faults_everywhere, calm_down
from tests.browser import WIDE
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_device, make_incident

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PICTURES = os.environ.get("PLANT_PICTURES", "")


def show(page, name):
    """Keep a picture of the page, for who looks at it while building."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


@pytest.fixture
def olaf(make_person, plant):
    return make_person(cast.OLAF, (Role.OT_SITE_LEAD, GrantScope.SITE, plant.uuid))


@pytest.fixture
def paths(gdansk, plant, oda, noon):
    """A plant with devices of all sorts, and its pages."""
    device = make_device(
        plant,
        "PLC-PL2-07",
        "10.20.1.7",
        kind="PLC",
        role="Mixer 1",
        criticality="safety",
        vendor="Siemens",
        model="S7-1515",
    )
    make_device(plant, "", "10.20.1.8")
    make_device(plant, "ENGINEERING-STATION-WITH-A-LONG-NAME-04", "10.20.1.9", kind="Workstation")
    for days in (1, 9, 30):
        row = make_incident(
            gdansk,
            site_ids=[plant.pk],
            ot_state=OtState.ROUTINE,
            created_at=NOON - timedelta(days=days),
        )
        make_alert(
            row, site=plant, zone=plant.zones.get(), any_address=["10.20.1.7"], at=row.created_at
        )
    return {
        "devices": "/devices/",
        "device": f"/devices/{device.pk}/",
        "import": "/devices/import/",
        "sites": "/sites/",
        "site": f"/sites/{plant.uuid}/",
    }


def test_everybody_can_read_them_at_a_desk_and_on_a_phone(browse, paths, olaf):
    page = browse("/login/", as_=olaf)
    for name, path in paths.items():
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        page.emulate_media(color_scheme="light")
        page.goto(path)
        calm_down(page)
        show(page, name)
        assert bar_faults_everywhere(page) == [], name
        page.evaluate("document.documentElement.style.fontSize = ''")
        show(page, f"{name}-phone")


def test_a_file_is_imported_with_the_mouse(browse, paths, olaf, tmp_path):
    file = tmp_path / "plant.csv"
    file.write_text("site,zone,address,name,kind\nGdańsk,Packaging 2,10.20.1.8,HMI-8,HMI\n")
    page = browse(paths["import"], as_=olaf)
    page.set_input_files("input[type=file]", str(file))
    page.get_by_role("button", name="Look at it").click()
    page.get_by_text("0 new, 1 changed, 0 unchanged").wait_for()
    page.get_by_role("button", name="Import all of this").click()
    page.get_by_role("link", name="HMI-8").wait_for()
