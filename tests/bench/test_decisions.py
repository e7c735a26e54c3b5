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
        scenario, incidents, closed={row.id for row in incidents[:4]}, answers=1
    )
    assert found == {"decisions_without_rules": 6, "decisions": 3, "decisions_fewer": 0.5}
