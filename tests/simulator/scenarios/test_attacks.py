"""Attacks imitate routine, and each differs from it in something that a rule could see."""

from collections import Counter
from zoneinfo import ZoneInfo

import pytest

from alerts.incidents.engine.catalogue import alert_type_for
from simulator.scenarios.scenario import SHAPES
from tests.simulator.scenarios.conftest import built

SEEDS = (1, 2, 3)


@pytest.fixture(params=[(shape, seed) for shape in SHAPES for seed in SEEDS], ids=str)
def company(request):
    return built(*request.param)


def test_about_ten_attack_incidents_of_at_least_five_kinds_lie_in_the_future(company):
    future = [
        incident
        for incident in company.incidents
        if incident.is_attack and incident.at >= company.split_at
    ]
    assert 7 <= len(future) <= 20
    assert len({incident.truth for incident in future}) >= 5


def test_a_few_attacks_lie_in_the_history(company):
    history = [
        incident
        for incident in company.incidents
        if incident.is_attack and incident.at < company.split_at
    ]
    assert 1 <= len(history) <= 6


def test_some_attacks_are_covered_by_a_guard_and_some_by_none(company):
    guarded = Counter(
        bool(incident.guard_class) for incident in company.incidents if incident.is_attack
    )
    assert guarded[True] >= 1 and guarded[False] >= 3
    assert not any(incident.guard_class for incident in company.incidents if not incident.is_attack)


def test_a_guard_class_says_what_the_incident_shows(company):
    for incident in company.incidents:
        alerts = incident.alerts
        criticality = {alert.source_criticality for alert in alerts}
        criticality |= {alert.destination_criticality for alert in alerts}
        types = [alert_type_for(alert.alert_type) for alert in alerts]
        match incident.guard_class:
            case "never":
                assert any(known_type and known_type.guard == "never" for known_type in types)
            case "second-product":
                assert len({alert.product_name for alert in alerts}) == 2
            case "protected":
                assert criticality & {"safety", "crown-jewel"}
            case "outside":
                assert any(
                    alert.zone and not (alert.source_zone and alert.destination_zone)
                    for alert in alerts
                )
            case "strict":
                assert any(
                    known_type
                    and (known_type.guard == "timeboxed" or known_type.severity == "High")
                    for known_type in types
                )
            case "" if incident.is_attack:
                assert not any(known_type and known_type.guard == "never" for known_type in types)
                assert not criticality & {"safety", "crown-jewel"}


def _deed(alert):
    return (
        *(alert.site, alert.alert_type, alert.zone, alert.function, alert.product_name),
        *(alert.source_device, alert.source_address, alert.destination_device),
    )


def test_no_attack_equals_routine_in_type_sides_function_and_hour(company):
    zones = {site.name: ZoneInfo(site.time_zone) for site in company.sites}
    harmless = {
        (*_deed(alert), alert.at.astimezone(zones[alert.site]).hour)
        for incident in company.incidents
        for alert, truth in zip(incident.alerts, incident.alert_truths, strict=True)
        if truth != incident.truth or not incident.is_attack
    }
    for incident in company.incidents:
        if incident.is_attack:
            assert any(
                (*_deed(alert), alert.at.astimezone(zones[alert.site]).hour) not in harmless
                for alert, truth in zip(incident.alerts, incident.alert_truths, strict=True)
                if truth == incident.truth
            ), incident


def _attacks(name):
    return [
        (company, incident)
        for company in (built(shape, seed) for shape in SHAPES for seed in SEEDS)
        for incident in company.incidents
        if incident.truth == name
    ]


def test_the_other_function_comes_from_a_routine_pair_and_type():
    attacks = _attacks("other-function")
    assert attacks
    for company, incident in attacks:
        attack = _own_alert(incident)
        pairs = {
            (alert.alert_type, alert.source_device)
            for other in company.incidents
            if not other.is_attack and other.site == incident.site
            for alert in other.alerts
        }
        functions = {
            alert.function
            for other in company.incidents
            if not other.is_attack
            for alert in other.alerts
            if alert.alert_type == attack.alert_type
        }
        assert (attack.alert_type, attack.source_device) in pairs
        assert attack.function not in functions


def test_the_same_addresses_stand_in_another_cell():
    attacks = _attacks("same-address")
    assert attacks
    for company, incident in attacks:
        attack = _own_alert(incident)
        twins = {
            (alert.source_address, alert.destination_address)
            for other in company.incidents
            if not other.is_attack and other.site == incident.site
            for alert in other.alerts
            if alert.alert_type == attack.alert_type and alert.zone != attack.zone
        }
        assert (attack.source_address, attack.destination_address) in twins


def test_a_device_that_joins_a_routine_later_is_unknown_and_poses_as_one_of_its_kind():
    attacks = _attacks("joins-later")
    assert attacks
    for company, incident in attacks:
        attack = _own_alert(incident)
        assert attack.at >= company.split_at
        assert attack.source_device not in {device.name for device in company.devices}
        kinds = {
            alert.source_kind
            for other in company.incidents
            if not other.is_attack
            for alert in other.alerts
            if alert.alert_type == attack.alert_type
        }
        assert attack.source_kind in kinds


def test_who_comes_from_outside_stands_in_no_zone():
    attacks = _attacks("from-outside")
    assert attacks
    for _, incident in attacks:
        assert incident.guard_class == "outside"
        assert not _own_alert(incident).source_zone


def test_an_attack_in_company_shares_its_incident_with_routine():
    attacks = _attacks("in-company")
    assert attacks
    assert all(len(set(incident.alert_truths)) > 1 for _, incident in attacks)


def _own_alert(incident):
    return next(
        alert
        for alert, truth in zip(incident.alerts, incident.alert_truths, strict=True)
        if truth == incident.truth
    )
