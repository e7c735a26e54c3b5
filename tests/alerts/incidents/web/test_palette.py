"""What the palette finds of incidents and devices, for whom, and what it lets them do."""

import re

import pytest
from playwright.sync_api import expect

from alerts.incidents.models import Group, Incident, IncidentStatus, OtState
from alerts.sites.models import Device
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.factories.incidents import (
    make_alert,
    make_device,
    make_incident,
    make_queue_row,
    make_site,
    make_workspace,
)


@pytest.fixture
def find(client, noon):
    """`find(user, "text", on="group=…")` gives the labels by their headings."""

    def found(user, text="", on=""):
        client.force_login(user)
        answer = client.get("/search/", {"q": text, "on": on}, headers={"HX-Request": "true"})
        body = answer.content.decode()
        groups = {}
        for part in body.split('class="found-group"')[1:]:
            heading = re.search(r'class="menu-title"[^>]*>([^<]*)<', part)[1]
            groups[heading] = re.findall(r'class="found-label">([^<]*)<', part)
        return groups

    return found


@pytest.fixture
def row(gdansk, plant):
    made = make_queue_row(
        gdansk, plant, n=2, title="Stop was sent", source="ENG-1", destination="PLC-7"
    )
    Incident.objects.filter(pk=made.lead_id).update(number=2178)
    Group.objects.filter(pk=made.pk).update(number=2178)
    make_device(plant, "PLC-7", "10.20.21.16", kind="PLC")
    make_alert(
        Incident.objects.get(pk=made.lead_id),
        zone=plant.zones.get(),
        site=plant,
        any_address=["10.20.21.16"],
        any_device=["PLC-7"],
    )
    return made


@pytest.mark.usefixtures("row")
def test_incidents_are_found_as_the_queue_finds_them(find, sam, gdansk):
    make_incident(gdansk, number=3, title="Stop of old", status=IncidentStatus.CLOSED)
    assert find(sam, "stop")["Incidents"] == [
        "#2178 Stop was sent ×2",
        "#3 Stop of old",
        "All incidents that match “stop”",
    ]
    assert find(sam, "10.20.21.16")["Incidents"][0] == "#2178 Stop was sent ×2"
    assert find(sam, "#3")["Incidents"] == ["#3 Stop of old"]
    assert find(sam, "T0843")["Incidents by technique"] == ["T0843 Program Download"]


@pytest.mark.usefixtures("row")
def test_a_device_leads_to_its_incidents(find, sam, client):
    assert find(sam, "plc-7")["Devices"] == ["PLC-7"]
    assert find(sam, "10.20.21")["Devices"] == ["PLC-7"]
    body = client.get("/search/", {"q": "plc-7"}).content.decode()
    assert f"/devices/{Device.objects.get(name='PLC-7').pk}/" in body


def test_an_exact_number_leads_to_the_incident(client, sam, row, noon):
    client.force_login(sam)
    for text in ("2178", "#2178"):
        answer = client.get("/search/", {"q": text})
        assert (answer.status_code, answer["Location"]) == (302, f"/incidents/{row.lead_id}/")


@pytest.mark.usefixtures("row")
@pytest.mark.parametrize(
    "text", ["stop", "2178", "#2178", "plc-7", "10.20.21.16", "10.20.21.", "eng-1", "site:gdansk"]
)
def test_nobody_finds_what_is_out_of_reach(find, make_person, text):
    porto, elsewhere = make_site("Porto"), make_workspace("porto")
    pia = make_person(cast.PIA, (Role.OT_ENGINEER, GrantScope.SITE, porto.uuid))
    other = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, elsewhere.uuid))
    ada = make_person(cast.ADA, (Role.ADMINISTRATOR, GrantScope.ALL, None))
    for person in (pia, other, ada):
        assert not find(person, text).keys() & {"Incidents", "Devices"}


@pytest.mark.usefixtures("row")
def test_a_workspace_knows_the_devices_that_its_alerts_name_and_no_others(find, sam, plant):
    make_device(plant, "PLC-8", "10.20.21.17")
    assert find(sam, "plc-")["Devices"] == ["PLC-7"]
    assert find(sam, "10.20.21.17").get("Devices") is None


@pytest.mark.usefixtures("row")
def test_ot_knows_the_devices_of_its_site(find, oda, plant):
    make_device(plant, "PLC-8", "10.20.21.17")
    assert find(oda, "plc-")["Devices"] == ["PLC-7", "PLC-8"]


ACTS = ["Ask OT…", "Assign to me", "Assign…", "Severity…", "Comment…", "Put aside…", "Close…"]


def test_acts_on_what_is_selected_are_those_that_may_be_done_now(find, sam, row):
    on = f"group={row.pk}"
    selected = "Selected: Stop was sent ×2"
    assert find(sam, on=on)[selected] == ACTS
    assert find(sam, "clo", on=on)[selected] == ["Close…"]
    Incident.objects.filter(group_key=row.pk).update(ot_state=OtState.WAITING)
    assert find(sam, on=on)[selected] == ACTS[1:]
    Incident.objects.filter(group_key=row.pk).update(ot_state=OtState.SUSPICIOUS)
    assert find(sam, on=on)[selected] == ["Escalate…", *ACTS[1:]]
    Incident.objects.filter(group_key=row.pk).update(status=IncidentStatus.CLOSED)
    assert find(sam, on=on)[selected] == ["Assign to me", "Assign…", "Reopen…"]


def test_who_may_not_act_is_offered_no_act_and_told_no_title(find, row, oda, make_person, gdansk):
    porto = make_workspace("porto")
    mia = make_person(cast.MIA, (Role.MANAGER, GrantScope.ALL, None))
    leo = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, porto.uuid))
    for person in (oda, mia, leo):
        assert not any(
            heading.startswith("Selected") for heading in find(person, on=f"group={row.pk}")
        )


@pytest.mark.parametrize("on", ["group=x", "incident=0", "nonsense", "all=1&until=x", "group="])
def test_a_selection_that_is_none_offers_no_act(find, sam, on):
    assert not any(heading.startswith("Selected") for heading in find(sam, on=on))


def open_palette(page, text=""):
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-query")).to_be_focused()
    page.keyboard.type(text)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_ctrl_k_finds_opens_and_acts_on_the_row_under_the_cursor(browse, make_row, sam):
    for title in ("Case A", "Case B"):
        make_row(1, title=title)
    page = browse("/incidents/", as_=sam)
    expect(page.locator("#panel .panel-title")).to_be_visible()
    page.keyboard.press("j")
    there = page.locator("#queue-rows tr.is-current .grid-title").inner_text()
    open_palette(page, "me")
    expect(page.locator("#palette").get_by_role("option").first).to_contain_text("Assign to me")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("Assigned to Sam Keller")
    assert Incident.objects.get(owner_name="Sam Keller").title == there
    open_palette(page, "close")
    page.keyboard.press("Enter")
    expect(page.locator("#act-dialog")).to_contain_text(there)
    page.keyboard.press("Escape")
    open_palette(page, f"#{Incident.objects.get(title='Case A').number}")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Case A")
    page.wait_for_load_state()
    open_palette(page, "sev")
    expect(page.locator("#palette").get_by_role("option").first).to_contain_text("Severity…")
    page.keyboard.press("Enter")
    expect(page.locator("#act-dialog")).to_contain_text("Case A")
