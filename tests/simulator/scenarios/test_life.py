"""What happens: volumes, groups, rhythms and drift of the processes."""

from collections import Counter
from datetime import timedelta
from statistics import mean
from zoneinfo import ZoneInfo

import pytest

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.rules.fields import FieldValues
from simulator.scenarios.scenario import SHAPES
from simulator.scenarios.tables import tables_of
from tests.simulator.scenarios.conftest import built


def test_a_site_has_roughly_three_thousand_incidents_in_ninety_days(scenario):
    until = scenario.starts_at + timedelta(days=90)
    counts = Counter(incident.site for incident in scenario.incidents if incident.at < until)
    assert set(counts) == {site.name for site in scenario.sites}
    assert all(2300 <= count <= 3700 for count in counts.values())


def test_most_incidents_hold_one_alert_and_some_mix_two_processes(scenario):
    sizes = [len(incident.alerts) for incident in scenario.incidents]
    assert 0.85 < mean(size == 1 for size in sizes) < 0.96
    assert max(sizes) <= 10
    mixed = mean(len(set(incident.alert_truths)) > 1 for incident in scenario.incidents)
    assert 0.003 < mixed < 0.04


def test_incidents_come_in_order_after_their_alerts_and_inside_the_120_days(scenario):
    times = [incident.at for incident in scenario.incidents]
    assert times == sorted(times)
    assert scenario.split_at - scenario.starts_at == timedelta(days=60)
    assert scenario.ends_at - scenario.starts_at == timedelta(days=120)
    for incident in scenario.incidents:
        at = [alert.at for alert in incident.alerts]
        assert scenario.starts_at <= min(at) and max(at) < incident.at
        assert incident.at < scenario.ends_at + timedelta(hours=2)
    ids = {alert.id for incident in scenario.incidents for alert in incident.alerts}
    assert len(ids) == sum(len(incident.alerts) for incident in scenario.incidents)


def test_an_alert_fills_the_record_that_rules_see(scenario):
    for incident in scenario.incidents[:300]:
        for alert in incident.alerts:
            facts = FieldValues(**alert.facts())
            assert facts.alerts_in_incident == len(incident.alerts)
            assert facts.entities_in_incident
            assert set(facts.any_device) == {facts.source_device, facts.destination_device} - {""}
            assert facts.severity in {2, 3, 4}


def test_an_alert_of_a_device_says_where_that_device_stands_at_that_moment(scenario):
    places = {}
    for device in scenario.devices:
        places.setdefault((device.site, device.zone, device.name), device)
    met = 0
    for incident in scenario.incidents:
        for alert in incident.alerts:
            device = places.get((alert.site, alert.source_zone, alert.source_device))
            if device:
                met += 1
                assert device.is_there(alert.at)
                assert device.place_at(alert.at) == (alert.source_address, alert.source_subnet)
                assert device.kind == alert.source_kind
                assert device.criticality == alert.source_criticality
    assert met > 0.8 * len(scenario.incidents)


@pytest.mark.parametrize("shape", SHAPES)
def test_alert_types_of_the_tables_are_in_the_catalogue_but_for_three(shape):
    tables = tables_of(shape)
    specs = [spec for row in tables.processes for stream in row.stream for spec in stream.types]
    specs += [spec for row in tables.attacks for step in row.step for spec in step.types]
    titles = {spec.partition("@")[0].partition("#")[0] for spec in specs}
    strangers = {title for title in titles if alert_type_for(title) is None}
    assert strangers <= {
        "Suspicious process ran on a host",
        "Suspected credential theft activity",
        "Unusual Engineering Tool Session",
    }


def test_every_process_of_the_tables_happens(scenario):
    for process in scenario.processes:
        if process.name not in {"endpoint-noise", "mirror-port-work", "odd-names"}:
            assert process.incident_ids, f"{process.name} never happens at {process.site}"


def test_the_perfect_clustering_holds_every_harmless_incident_of_one_process_once(scenario):
    clustered = [
        incident_id for process in scenario.processes for incident_id in process.incident_ids
    ]
    pure = {
        incident.id
        for incident in scenario.incidents
        if not incident.is_attack and len(set(incident.alert_truths)) == 1
    }
    assert sorted(clustered) == sorted(pure)


def test_most_of_the_future_is_more_of_what_the_history_showed(scenario):
    recurring = {(process.site, process.name) for process in scenario.processes if process.recurs}
    past = Counter(
        (incident.site, incident.truth)
        for incident in scenario.incidents
        if incident.at < scenario.split_at
    )
    future = [
        (incident.site, incident.truth)
        for incident in scenario.incidents
        if incident.at >= scenario.split_at and not incident.is_attack
    ]
    assert 0.8 < mean(pair in recurring and past[pair] >= 5 for pair in future) < 0.95


def _hours(scenario, name, site, *, since, until, zone="UTC"):
    return [
        alert.at.astimezone(ZoneInfo(zone)).hour
        for incident in scenario.incidents
        if incident.site == site.name
        for alert, truth in zip(incident.alerts, incident.alert_truths, strict=True)
        if truth == name and since <= alert.at < until
    ]


def test_a_backup_by_utc_stays_at_its_utc_hour_and_one_by_plant_time_at_its_local_hour():
    scenario = built("process", 3)  # the clocks change in its first month
    site = scenario.sites[0]
    whole = {"since": scenario.starts_at, "until": scenario.split_at}
    assert set(_hours(scenario, "server-backup", site, **whole)) <= {0, 1}
    local = _hours(scenario, "controller-backup", site, **whole, zone=site.time_zone)
    assert set(local) <= {1, 2}
    assert len(set(_hours(scenario, "controller-backup", site, **whole))) >= 3


def test_the_backup_moves_to_another_hour_in_the_future():
    scenario = built("process", 3)
    site = scenario.sites[0]
    last = {"since": scenario.ends_at - timedelta(days=25), "until": scenario.ends_at}
    assert set(_hours(scenario, "controller-backup", site, **last, zone=site.time_zone)) <= {
        4,
        5,
        6,
    }


def test_in_the_future_one_process_ends_and_another_begins(scenario):
    tables = tables_of(scenario.shape)
    ending = {row.name for row in tables.processes if row.ends[0] < 120}
    beginning = {row.name for row in tables.processes if row.begins[0] > 0}
    for incident in scenario.incidents:
        if incident.truth in ending:
            assert incident.at < scenario.starts_at + timedelta(days=97)
        if incident.truth in beginning:
            assert incident.at >= scenario.split_at
    assert beginning & {incident.truth for incident in scenario.incidents}


def test_a_storm_is_one_device_on_one_day(scenario):
    days = Counter(
        (alert.site, alert.source_device, alert.at.date())
        for incident in scenario.incidents
        if incident.truth == "faulty-device"
        for alert in incident.alerts
    )
    assert max(days.values()) >= 30


def test_most_visits_of_vendors_are_in_the_calendar_but_not_all():
    covered = [
        any(
            work.site == incident.site
            and work.starts_at <= incident.alerts[0].at <= work.ends_at + timedelta(hours=1)
            and incident.alerts[0].destination_device in work.devices
            for work in company.works
        )
        for company in (built(shape, seed) for shape in SHAPES for seed in (1, 2, 3))
        for incident in company.incidents
        if incident.truth in {"skid-vendor", "lift-service", "dosing-vendor", "relay-vendor"}
    ]
    assert len(covered) > 200
    assert 0.75 < mean(covered) < 0.99
