"""One act on a row of the queue is one decision, however many incidents it holds."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

from bench.suppression.decisions import count_decisions, decision_figures
from simulator.scenarios.scenario import build_scenario


def company(n, *, minutes, closed_after):
    """So many alike incidents; the SOC closes each so many minutes after it came."""
    (first, *_) = build_scenario("building", 1).incidents
    incidents = [
        replace(first, id=f"i-{at}", at=first.at + timedelta(minutes=at * minutes))
        for at in range(n)
    ]

    def triage(incident_id, at):
        return SimpleNamespace(at=at + timedelta(minutes=closed_after))

    return SimpleNamespace(triage=triage), incidents


def test_what_is_in_the_row_when_somebody_acts_is_one_decision():
    scenario, incidents = company(6, minutes=10, closed_after=25)
    assert count_decisions(scenario, incidents) == 2  # at 25 what came at 0, 10, 20; then the rest
    scenario, incidents = company(6, minutes=10, closed_after=5)
    assert count_decisions(scenario, incidents) == 6


def test_answers_of_ot_are_decisions_and_rules_take_off_what_they_close():
    scenario, incidents = company(6, minutes=10, closed_after=5)
    found = decision_figures(
        scenario, incidents, closed={row.id for row in incidents[:4]}, in_tagout=1
    )
    assert found == {
        "decisions_without_rules": 6,
        "decisions": 3,
        "decisions_fewer": 0.5,
        "decisions_in_tagout": 1,
        "decisions_per_thousand": 500.0,
        "decisions_fewer_than_incidents": 0.5,
    }


def test_against_one_decision_an_incident_rows_count_too():
    scenario, incidents = company(6, minutes=10, closed_after=25)
    found = decision_figures(scenario, incidents, closed=set(), in_tagout=0)
    assert found["decisions_fewer"] == 0.0
    assert round(found["decisions_fewer_than_incidents"], 2) == 0.67  # 2 acts, not 6


def test_what_ot_answers_of_itself_is_decided_with_and_without_rules():
    scenario, incidents = company(6, minutes=10, closed_after=5)
    found = decision_figures(scenario, incidents, closed=set(), in_tagout=2, unasked=2)
    assert (found["decisions_without_rules"], found["decisions_fewer"]) == (8, 0.0)
