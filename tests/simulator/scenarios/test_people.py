"""What people said of the history, and what they say when asked."""

from collections import Counter
from datetime import timedelta
from statistics import mean
from zoneinfo import ZoneInfo

import pytest

from simulator.scenarios.scenario import SHAPES
from tests.simulator.scenarios.conftest import built


def test_a_tenth_of_the_history_was_answered_by_several_people_of_each_site(scenario):
    history = [incident for incident in scenario.incidents if incident.at < scenario.split_at]
    assert 0.085 < len(scenario.answers) / len(history) < 0.11
    site_of = {person.name: person.site for person in scenario.people}
    answerers = Counter(site_of[answer.person] for answer in scenario.answers)
    assert set(answerers) == {site.name for site in scenario.sites}
    for site in scenario.sites:
        people = {
            answer.person for answer in scenario.answers if site_of[answer.person] == site.name
        }
        assert len(people) >= 3
        roles = [person.role for person in scenario.people if person.site == site.name]
        assert roles.count("lead") == 1


def test_answers_follow_their_incident_in_working_hours_before_the_split(scenario):
    zones = {site.name: ZoneInfo(site.time_zone) for site in scenario.sites}
    for answer in scenario.answers:
        incident = scenario.by_id[answer.incident_id]
        assert incident.at <= answer.at < scenario.split_at
        local = answer.at.astimezone(zones[incident.site])
        assert local.weekday() < 5 and 6 <= local.hour <= 16


def test_about_three_in_a_hundred_answers_are_wrong():
    answers = wrong = 0
    for shape in SHAPES:
        company = built(shape, 1)
        for incident in company.incidents[::3]:
            for person in company.people:
                if person.site == incident.site:
                    verdict = company.ask(incident.id, incident.at, person.name).verdict
                    answers += 1
                    wrong += verdict not in {incident.right_verdict, "not-sure"}
    assert 0.025 < wrong / answers < 0.035


def test_a_harmless_verdict_comes_with_a_cause(scenario):
    for answer in scenario.answers:
        incident = scenario.by_id[answer.incident_id]
        if not incident.is_attack:
            assert bool(answer.cause) == (answer.verdict in {"routine", "maintenance"})


def test_what_is_frequent_was_rather_judged_than_what_is_rare(scenario):
    history = [incident for incident in scenario.incidents if incident.at < scenario.split_at]
    counts = Counter((incident.site, incident.truth) for incident in history)
    answered = {answer.incident_id for answer in scenario.answers}

    def share(limits):
        members = [
            incident.id in answered
            for incident in history
            if counts[incident.site, incident.truth] in limits and not incident.is_attack
        ]
        return mean(members)

    assert share(range(100, 9999)) > 1.3 * share(range(1, 25))


def test_the_same_person_says_the_same_again_and_another_may_not(scenario):
    at = scenario.ends_at
    for incident in scenario.incidents[:200]:
        team = [person.name for person in scenario.people if person.site == incident.site]
        assert scenario.ask(incident.id, at, team[0]) == scenario.ask(incident.id, at, team[0])
    differ = [
        len({scenario.ask(incident.id, at, name).verdict for name in team}) > 1
        for incident in scenario.incidents[:2000]
        for team in [[person.name for person in scenario.people if person.site == incident.site]]
    ]
    assert 0.05 < mean(differ) < 0.5


def test_two_people_err_alike_more_often_than_chance_would_have_it():
    company = built("process", 1)
    first_wrong = both_wrong = 0
    for incident in company.incidents:
        team = [person.name for person in company.people if person.site == incident.site][:2]
        wrong = [
            company.ask(incident.id, incident.at, name).verdict
            not in {incident.right_verdict, "not-sure"}
            for name in team
        ]
        first_wrong += wrong[0]
        both_wrong += all(wrong)
    assert 0.2 < both_wrong / first_wrong < 0.5


def test_nobody_is_asked_about_the_future_or_about_another_site(scenario):
    incident = scenario.incidents[-1]
    person = next(candidate for candidate in scenario.people if candidate.site == incident.site)
    with pytest.raises(ValueError, match="is created at"):
        scenario.ask(incident.id, incident.at - timedelta(minutes=1), person.name)
    with pytest.raises(ValueError, match="does not work at"):
        scenario.ask(incident.id, incident.at, "Nobody")


def test_the_soc_closed_a_share_of_the_history_as_benign_with_a_reason(scenario):
    history = [incident for incident in scenario.incidents if incident.at < scenario.split_at]
    benign = [
        closing for closing in scenario.closings if closing.classification == "BenignPositive"
    ]
    assert 0.28 < len(benign) / len(history) < 0.42
    assert all(closing.reason and closing.comment for closing in benign)
    for closing in scenario.closings:
        assert scenario.by_id[closing.incident_id].at < closing.at < scenario.split_at


def test_the_soc_says_of_the_history_what_it_says_when_an_incident_reaches_it(scenario):
    for closing in scenario.closings[:200]:
        incident = scenario.by_id[closing.incident_id]
        assert scenario.triage(incident.id, incident.at) == closing


def test_what_the_soc_investigates_it_closes_and_mostly_finds_out(scenario):
    names = {True: "TruePositive", False: "BenignPositive"}
    incidents = scenario.incidents[:400]
    closings = [scenario.investigate(incident.id, incident.at) for incident in incidents]
    right = [
        closing.classification == names[incident.is_attack]
        for incident, closing in zip(incidents, closings, strict=True)
    ]
    assert 0.9 * len(right) < sum(right) < len(right)
    assert all(
        closing.at > incident.at for incident, closing in zip(incidents, closings, strict=True)
    )
