"""What enforcement leaves to people because of a critical device, no count of history promises."""

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.incidents.models import Alert, Entity, Incident, IncidentAlert
from alerts.sites.engine.devices import CRITICAL
from alerts.suppression.backtesting.backtest import run_backtest
from alerts.suppression.backtesting.critical_devices import critical_devices_of
from alerts.suppression.backtesting.guards_of_history import incidents_for_people
from alerts.suppression.enforcing.judging import read_surroundings
from alerts.suppression.queries import facts_by_incident
from alerts.suppression.web.backtest import incident_sums
from tests.alerts.suppression.past import routine, rule_for
from tests.conftest import NOON
from tests.factories.incidents import make_device, make_incident, make_site, new_alert, new_incident

pytestmark = pytest.mark.django_db
NAMES = ("PLC-1", "PLC-2", "HMI-1", "10.0.0.7", "10.0.0.8")


def critical_devices_for_enforcement(incidents):
    """The critical devices of each incident, as the guards of a close are asked."""
    alerts = facts_by_incident([incident.pk for incident in incidents])
    around = read_surroundings(incidents, alerts=alerts, now=NOON).criticality
    found = {
        pk: {name: level for name, level in devices.items() if level in CRITICAL}
        for pk, devices in around.items()
    }
    return {pk: devices for pk, devices in found.items() if devices}


def test_history_and_enforcement_find_the_same_critical_devices(workspace, site):
    """200 incidents at two sites or none, of one to three alerts, some with an entity; the same
    names at both sites, critical here, there, or nowhere.
    """
    pick = random.Random(25)
    sites = (site, make_site("Porto"))
    levels = (*CRITICAL, "normal", "important")
    devices = [
        make_device(at, name, f"10.{place}.0.{number + 1}", criticality=pick.choice(levels))
        for place, at in enumerate(sites)
        for number, name in enumerate(NAMES[:3])
    ]
    devices += [make_device(at, "", NAMES[3], criticality=pick.choice(levels)) for at in sites]
    rows = [new_incident(workspace) for _ in range(200)]
    Incident.objects.bulk_create(rows)
    links = []
    for row in rows:
        for _ in range(pick.randint(1, 3)):
            ends = {"source_device": pick.choice(NAMES), "destination_device": pick.choice(NAMES)}
            ends["any_device"] = [*ends.values(), *pick.sample(NAMES, pick.randint(0, 1))]
            at = pick.choice((*sites, None))
            alert = new_alert(row, site=at, zone=at and at.zones.first(), **ends)
            links.append(IncidentAlert(incident=row, alert=alert))
    Alert.objects.bulk_create([link.alert for link in links])
    IncidentAlert.objects.bulk_create(links)
    Entity.objects.bulk_create(
        Entity(incident=row, name="e", kind="IoTDevice", device=pick.choice(devices), body={})
        for row in rows[::7]
    )
    found = critical_devices_of([row.pk for row in rows])
    assert found == critical_devices_for_enforcement(rows)
    assert 20 < len(found) < 190


def test_a_rule_over_a_crown_jewel_promises_only_what_it_closes(workspace, site):
    """PLC-1 is a crown jewel: of 30 matches its 10 stay open, and none is offered for a look."""
    routine(workspace, site, days=20, destination="PLC-4")
    routine(workspace, site, days=10, destination="PLC-1")
    rule = rule_for(site)
    assert run_backtest(rule=rule, now=NOON).body["incident_totals"]["closed"] == 30
    make_device(site, "PLC-1", "10.0.0.1", criticality="crown-jewel")
    run = run_backtest(rule=rule, now=NOON)
    totals = run.body["incident_totals"]
    assert (totals["matched"], totals["guarded"], totals["closed"]) == (30, 10, 20)
    crown_jewel = ["never.asset", {"name": "PLC-1", "criticality": "crown jewel"}]
    assert run.body["guard_reasons"] == [{"reason": crown_jewel, "incidents": 10}]
    guarded = set(Incident.objects.filter(destination="PLC-1").values_list("pk", flat=True))
    looks = run.body["check_these"]
    assert looks and guarded.isdisjoint(pk for look in looks for pk in look["incidents"])
    sums = incident_sums(run.body)
    assert sums.matched - sums.touched - sums.guarded - sums.shared == sums.closed == 20
    (line,) = sums.guard_reasons
    assert line.incidents == 10 and "PLC-1 is a crown jewel" in line.why
    assert incidents_for_people({*guarded}) == guarded


def test_alerts_of_many_incidents_are_looked_up_by_their_ids(workspace):
    incidents = [make_incident(workspace), make_incident(workspace)]
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as asked:
        incidents_for_people([incident.pk for incident in incidents])
        (about_alerts,) = (q["sql"] for q in asked.captured_queries if "a.alert_type" in q["sql"])
        cursor.execute("SET LOCAL enable_seqscan = off")  # the table of a test is small
        cursor.execute(f"EXPLAIN {about_alerts}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Cond: (id = ANY (" in plan  # not all alerts there are, beside those of incidents
