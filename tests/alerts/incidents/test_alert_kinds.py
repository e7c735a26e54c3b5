import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from alerts.incidents.ingest.alert_kinds import KIND, process_alert_kinds
from alerts.incidents.models import Alert, IncidentStatus
from alerts.sites.services.import_devices import import_devices
from portal.jobs.models import Job
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_device, make_incident, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def raised(workspace, site):
    """`raised(status)` makes an alert from 10.0.0.7 to 10.0.0.1, stored when no kind was known."""

    def raised(status=IncidentStatus.CLOSED, **columns):
        row = make_incident(workspace, status=status, site_ids=[site.pk])
        values = {
            "site": site,
            "zone": site.zones.get(),
            "source_address": "10.0.0.7",
            "destination_address": "10.0.0.1",
            "any_address": ["10.0.0.1", "10.0.0.7"],
            "destination_zone": "Packaging 2",
            "at": NOON - timedelta(days=2),
        } | columns
        return make_alert(row, **values)

    return raised


def learn(*lines, at=NOON):
    data = "\n".join(["site,zone,address,kind", *lines]).encode()
    import_devices(data=data, source="x", by="tests", now=at, unshifted=at)
    while process_alert_kinds(unshifted=at, now=at):
        pass


def kinds_of(alert):
    found = Alert.objects.get(pk=alert.pk)
    return found.source_kind, found.destination_kind


PLC = "Gdańsk,Packaging 2,10.0.0.1,PLC"
STATION = "Gdańsk,Packaging 2,10.0.0.7,Engineering station"


def test_alerts_of_closed_incidents_learn_the_kinds_they_lacked(raised):
    alert = raised()
    learn(PLC, STATION)
    assert kinds_of(alert) == ("Engineering station", "PLC")
    found = Alert.objects.get(pk=alert.pk)
    assert (found.source_zone, found.source_subnet) == ("Packaging 2", "10.0.0.0/24")
    assert Job.objects.get(kind=KIND).state == "done"


def test_what_waits_for_a_person_comes_to_match_no_rule_by_that(raised, workspace):
    """Two people signed a rule when it did not cover this alert."""
    alert = raised(IncidentStatus.NEW)
    shared = raised()
    other = make_incident(workspace, status=IncidentStatus.ACTIVE)
    other.alerts.add(shared)
    learn(PLC, STATION)
    assert kinds_of(alert) == kinds_of(shared) == ("", "")


def test_a_kind_that_was_recorded_stays_as_of_the_alert(raised):
    alert = raised(destination_kind="HMI")
    learn(PLC, STATION)
    assert kinds_of(alert) == ("Engineering station", "HMI")


def test_a_device_that_stood_in_another_zone_then_tells_nothing(raised):
    alert = raised(destination_zone="Office")
    learn(PLC, STATION)
    assert kinds_of(alert) == ("Engineering station", "")


def test_what_is_told_while_it_works_is_not_forgotten(raised, site):
    alert = raised()
    for line in (PLC, STATION):
        data = f"site,zone,address,kind\n{line}".encode()
        import_devices(data=data, source="x", by="tests", now=NOON, unshifted=NOON)
    assert len(Job.objects.get(kind=KIND).payload["devices"]) == 2
    process_alert_kinds(unshifted=NOON, now=NOON)
    assert kinds_of(alert) == ("Engineering station", "PLC")


def test_the_command_takes_it_over_at_once_and_says_so(raised, site, tmp_path, capsys):
    alert = raised()
    make_device(site, "", "10.0.0.7")
    file = tmp_path / "plant.csv"
    file.write_text(f"site,zone,address,kind\n{PLC}\n{STATION}\n")
    call_command("devices", "import", str(file), "--dry-run", "--json")
    counts = json.loads(capsys.readouterr().out)
    assert (counts["new"], counts["changed"], counts["dry_run"]) == (1, 1, True)
    assert kinds_of(alert) == ("", "")
    call_command("devices", "import", str(file))
    assert kinds_of(alert) == ("Engineering station", "PLC")


def test_the_command_lists_every_fault(site, tmp_path):
    file = tmp_path / "plant.csv"
    file.write_text(f"site,zone,address,kind\n{PLC}\n{PLC}\nAtlantis,Z,10.0.0.9,PLC\n")
    with pytest.raises(CommandError) as refused:
        call_command("devices", "import", str(file))
    messages = str(refused.value).splitlines()
    assert messages[0].startswith("Line 3, column address:")
    assert messages[1].startswith("Line 4, column site:")
