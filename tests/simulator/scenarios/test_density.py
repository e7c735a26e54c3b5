"""Attacks come rarely or often; the plant lives the same life beside them."""

from collections import Counter

import pytest

from simulator.scenarios.scenario import build_scenario

MONTHS = 4


@pytest.fixture(scope="module")
def dense():
    return build_scenario("building", 5, density="many")


def test_about_twelve_incidents_of_attacks_come_to_a_site_each_month(dense):
    counts = Counter(incident.site for incident in dense.incidents if incident.is_attack)
    for site in dense.sites:
        assert 9 * MONTHS <= counts[site.name] <= 14 * MONTHS


def test_the_soc_recognises_most_attacks_where_they_are_many(dense):
    attacks = [incident for incident in dense.incidents if incident.is_attack]
    closings = [dense.triage(incident.id, incident.at) for incident in attacks]
    found = [
        closing for closing in closings if closing and closing.classification == "TruePositive"
    ]
    assert len(found) > 0.75 * len(attacks)


def test_routine_is_the_same_at_both_densities(dense):
    few = build_scenario("building", 5)
    harmless = [
        {alert.at for i in scenario.incidents if not i.is_attack for alert in i.alerts}
        for scenario in (few, dense)
    ]
    assert len(harmless[0] & harmless[1]) > 0.95 * len(harmless[0])
