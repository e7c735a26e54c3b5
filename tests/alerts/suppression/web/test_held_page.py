"""What true positives hold, on its page, on the rule's page and on the incident that stays open."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from alerts.incidents.models import Incident, IncidentStatus
from alerts.rules.guards import holds
from alerts.rules.guards.holds import is_same_device
from alerts.suppression.enforcing import held_incidents
from alerts.suppression.models import HeldIncident, HoldEnd, LedgerEntry, RuleVersion
from alerts.suppression.watching.lifecycle import stop_by_itself
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.alerts.suppression.deploying.plant import TYPE, polls, signed
from tests.conftest import NOON
from tests.factories.incidents import (
    make_alert,
    make_device,
    make_incident,
    make_site,
    make_workspace,
)
from tests.factories.rewriting import rewrite

HOUR = timedelta(hours=1)
PASSWORD = "correct horse battery"


@pytest.fixture
def plant(db, noon, make_person):
    """A site, its workspace, a rule that lives there, and both leads."""
    workspace, site = make_workspace(), make_site()
    oda = make_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.SITE, site.uuid))
    olaf = make_person(cast.OLAF, (Role.OT_SITE_LEAD, GrantScope.SITE, site.uuid))
    leo = make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, workspace.uuid))
    plc = make_device(site, "PLC-21", "10.20.2.21")
    version = signed(
        polls("PLC-21", enforcement="tagout"), by=(oda, leo), workspaces=[workspace], sites=[site]
    )
    return workspace, site, plc, version, olaf, leo


def incident_on(workspace, site, plc, **columns):
    row = make_incident(workspace, site_ids=[site.pk], **columns)
    make_alert(
        row,
        site=site,
        alert_type=TYPE,
        any_device=[plc.name],
        source_device="EWS-07",
        source_address="10.20.1.7",
        destination_device=plc.name,
        destination_address=plc.address,
        destination_zone=plc.zone.name,
    )
    row.entities.create(kind="IoTDevice", name=f"iot-{row.pk}", label=plc.name, device=plc, body={})
    return row


@pytest.fixture
def case(plant):
    workspace, site, plc, version, *_ = plant
    closed = incident_on(
        workspace, site, plc, status=IncidentStatus.CLOSED, closed_by="R-12", closed_at=NOON - HOUR
    )
    LedgerEntry.objects.create(
        incident=closed,
        rule=version.rule,
        version=version,
        rule_hash=version.rule_hash,
        act="closed",
        where="tagout",
        at=NOON - HOUR,
        landed_at=NOON - HOUR,
        reason="It polls.",
        signed_ot="Oda Nowak",
        signed_soc="Leo Hartmann",
        ending="linked",
        ended_at=NOON,
    )
    return incident_on(
        workspace,
        site,
        plc,
        classification="TruePositive",
        status=IncidentStatus.CLOSED,
        closed_at=NOON - HOUR,
        modified_at=NOON - HOUR,
    )


def read(client, user, path="/rules/held/"):
    client.force_login(user)
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def end(client, user, case, **values):
    client.force_login(user)
    values = {"reason": "Cleaned.", "days": "0", "password": PASSWORD} | values
    return client.post(reverse("suppression:set_end", args=[case.pk]), values)


def test_it_lists_what_is_held_since_when_until_when_and_who_may_end_it(plant, case, client):
    *_, version, _olaf, leo = plant
    page = read(client, leo)
    for words in ("PLC-21", f"#{case.number}", "Olaf Lindqvist", "Leo Hartmann", version.title):
        assert words in page
    assert "Pause R-" in page, "either lead stops the rule whole from here"
    assert reverse("suppression:act", args=[version.uuid, "pause"]) in page
    assert "Set this end" in page


def test_both_leads_end_it_and_it_moves_to_what_has_ended(plant, case, client):
    *_, olaf, leo = plant
    assert end(client, olaf, case).status_code == 302
    page = read(client, leo)
    assert "Olaf Lindqvist wants it to end" in page and "Agree with Olaf Lindqvist" in page
    row = HoldEnd.objects.get()
    assert end(client, leo, case, agree=str(row.pk), days="14").status_code == 302
    page = read(client, leo)
    assert "No device is held open by a true positive." in page
    assert "Ended in the last 30 days" in page


def test_devices_are_compared_once_however_many_incidents_touch_them(plant, case, monkeypatch):
    workspace, site, plc, *_ = plant
    compared = []

    def compare(device, other):
        compared.append((device, other))
        return is_same_device(device, other)

    for module in (holds, held_incidents):
        monkeypatch.setattr(module, "is_same_device", compare, raising=False)
    for _ in range(3):
        row = incident_on(workspace, site, plc)
        assert row in held_incidents.incidents_touching([case.pk], Incident.objects.all())[case.pk]
        assert len(compared) == len(set(compared))
        compared.clear()


def test_what_came_meanwhile_stands_at_the_hold_that_has_ended(plant, case, client, make_person):
    workspace, site, plc, *_, leo = plant
    rows = [incident_on(workspace, site, plc) for _ in range(7)]
    for hours, row in enumerate(rows):
        rewrite(Incident.objects.filter(pk=row.pk), created_at=NOON - (70 + hours) * HOUR)
    long_before = Incident.objects.filter(pk=rows[-1].pk)
    rewrite(long_before, created_at=NOON - 40 * 24 * HOUR)  # was open all the same
    others = [incident_on(workspace, site, plc), incident_on(workspace, site, plc, status=3)]
    rewrite(Incident.objects.filter(pk=others[0].pk), created_at=NOON)  # after the hold
    rewrite(Incident.objects.filter(pk=others[1].pk), created_at=NOON - 70 * HOUR)  # closed
    old = {"created_at": NOON - 80 * HOUR, "closed_at": NOON - 80 * HOUR}
    rewrite(Incident.objects.filter(pk=case.pk), modified_at=NOON - 73 * HOUR, **old)
    page = read(client, leo)
    assert "Came meanwhile and wait for a person" in page and "and 2 more" in page
    links = [f'href="/incidents/{row.pk}/"' in page for row in [*rows, *others]]
    assert links == [True] * 5 + [False] * 4


def test_a_hold_of_long_ago_is_listed_while_something_stays_open_by_it(plant, case, client):
    workspace, site, plc, *_, leo = plant
    row = make_incident(workspace, site_ids=[site.pk], source="", destination="")
    make_alert(row, site=site, any_device=[plc.name.lower()])  # by its name alone
    rewrite(Incident.objects.filter(pk=row.pk), created_at=NOON - 60 * 24 * HOUR)
    old = dict.fromkeys(("created_at", "closed_at", "modified_at"), NOON - 60 * 24 * HOUR)
    rewrite(Incident.objects.filter(pk=case.pk), **old)
    assert f'href="/incidents/{row.pk}/"' in read(client, leo)
    Incident.objects.filter(pk=row.pk).update(status=IncidentStatus.CLOSED)
    assert "Ended in the last 30 days" not in read(client, leo)


def test_what_waits_for_it_by_name_alone_is_counted(plant, case, client):
    workspace, site, plc, *_, leo = plant
    row = make_incident(workspace, site_ids=[site.pk], source="", destination="")
    make_alert(row, site=site, any_device=[plc.name])
    HeldIncident.objects.create(incident=row, held_at=NOON, looked_at=NOON)
    assert "Incidents that wait</dt> <dd>1</dd>" in read(client, leo)


def test_a_lead_of_the_same_side_is_offered_nothing_to_agree_with(plant, case, client, make_person):
    _workspace, site, *_, olaf, _leo = plant
    pia = make_person(cast.PIA, (Role.OT_SITE_LEAD, GrantScope.SITE, site.uuid))
    assert end(client, olaf, case).status_code == 302
    page = read(client, pia)
    assert "Olaf Lindqvist wants it to end" in page and "Agree with" not in page


def test_a_network_card_is_no_device_beside_the_one_that_it_is_in(plant, case, client):
    *_, leo = plant
    case.entities.create(kind="Nic", name="nic-1", label="00:0e:8c:21:b0:48", body={})
    assert "00:0e:8c:21:b0:48" not in read(client, leo)
    case.entities.create(kind="IoTDevice", name="iot-x", label="00:0e:8c:21:b0:48", body={})
    assert "00:0e:8c:21:b0:48" in read(client, leo), "known by nothing else"


def test_what_was_over_when_tagout_read_of_it_is_not_shown_as_ended(plant, case, client):
    *_, leo = plant
    old = Incident.objects.filter(pk=case.pk)
    rewrite(old, created_at=NOON - 30 * 24 * HOUR, closed_at=NOON, modified_at=NOON)
    page = read(client, leo)
    assert "No device is held open by a true positive." in page
    assert "Ended in the last 30 days" not in page


def test_a_side_without_a_lead_of_all_its_sites_is_named_as_such(plant, case, client):
    *_, leo = plant
    page = read(client, leo)
    assert "OT: Olaf Lindqvist · SOC: Leo Hartmann" in page and "Set another end" in page
    sites = [*case.site_ids, make_site("Porto").pk]
    Incident.objects.filter(pk=case.pk).update(site_ids=sites)
    page = read(client, leo)
    assert "OT: nobody · SOC: Leo Hartmann" in page and "one side has none" in page
    assert "Set another end" not in page, "it would never count"


def test_many_cases_come_in_pages_and_what_was_refused_comes_first(plant, case, client):
    workspace, site, plc, _version, olaf, leo = plant
    columns = {"classification": "TruePositive", "status": IncidentStatus.CLOSED}
    for minutes in range(25):
        at = NOON - timedelta(minutes=minutes)
        incident_on(workspace, site, plc, closed_at=at, modified_at=at, **columns)
    page = read(client, leo)
    assert page.count('id="case-') == 20 and "20 of 26 true positives" in page
    assert f'id="case-{case.pk}"' not in page, "the oldest"
    (mark,) = set(re.findall(r"\?after=(\d+)", page))
    rest = read(client, leo, f"/rules/held/?after={mark}")
    assert rest.count('id="case-') == 6 and f'id="case-{case.pk}"' in rest
    refused = end(client, olaf, case, days="91").content.decode()
    assert refused.count('id="case-') == 20 and f'id="case-{case.pk}"' in refused


def test_who_refused_reads_why_and_keeps_what_they_wrote(plant, case, client):
    *_, olaf, _leo = plant
    assert end(client, olaf, case, password="wrong").status_code == 422
    answer = end(client, olaf, case, days="91", reason="Not yet over.")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Choose an end within 90 days." in page and 'value="Not yet over."' in page
    assert 'value="91"' in page and 'value="0"' not in page, "0 would end it at once"
    assert not HoldEnd.objects.exists()


def test_who_is_no_lead_sees_it_and_sets_nothing(plant, case, client, make_person):
    workspace, *_ = plant
    sam = make_person(cast.SAM, (Role.SOC_ANALYST, GrantScope.WORKSPACE, workspace.uuid))
    page = read(client, sam)
    assert "PLC-21" in page and "Set this end" not in page
    assert end(client, sam, case).status_code == 422
    assert not HoldEnd.objects.exists()


@pytest.mark.abuse("A12")
def test_people_of_another_site_see_nothing_of_it(plant, case, client, make_person):
    porto = make_site("Porto")
    pia = make_person(cast.PIA, (Role.OT_SITE_LEAD, GrantScope.SITE, porto.uuid))
    assert "PLC-21" not in read(client, pia)
    assert end(client, pia, case).status_code == 404


@pytest.mark.abuse("A12")
def test_the_row_of_another_case_is_no_end_of_this_one(plant, case, client):
    workspace, site, plc, _version, olaf, leo = plant
    other = incident_on(
        workspace,
        site,
        plc,
        classification="TruePositive",
        status=IncidentStatus.CLOSED,
        closed_at=NOON,
    )
    end(client, olaf, other)
    assert end(client, leo, case, agree=str(HoldEnd.objects.get().pk)).status_code == 404


def test_rules_that_stopped_stand_there_with_their_reason(plant, client):
    *_, version, _olaf, leo = plant
    stop_by_itself(version_id=version.pk, reasons=["Incident #7 was reopened."], now=NOON)
    page = read(client, leo)
    assert "Rules that stopped" in page and "Incident #7 was reopened." in page


def test_the_page_of_a_rule_that_covers_the_device_says_what_is_held(plant, case, client):
    *_, version, _olaf, leo = plant
    page = read(client, leo, f"/rules/{version.uuid}/")
    assert "What touches these devices stays open although this rule covers it" in page
    assert f"true positive #{case.number}" in page
    RuleVersion.objects.filter(pk=version.pk).update(state="paused")
    assert "What touches these devices" not in read(client, leo, f"/rules/{version.uuid}/")


def test_the_incident_that_stays_open_says_why(plant, case, client):
    workspace, site, plc, *_, leo = plant
    row = incident_on(workspace, site, plc, created_at=NOON)
    assert Incident.objects.get(pk=row.pk).is_open
    rewrite(Incident.objects.filter(pk=row.pk), created_at=NOON + HOUR)
    page = read(client, leo, f"/incidents/{row.pk}/why-open/")
    assert "PLC-21 is held open after a true positive on it." in page
