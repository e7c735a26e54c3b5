"""The facts beside a question are computed, or left out."""

from datetime import timedelta

from alerts.incidents.engine.hidden_verdicts import NOTHING_HIDDEN
from alerts.incidents.engine.rhythm import HourWindow
from alerts.incidents.page.pattern_history import pattern_verdicts
from alerts.reviews.queries.facts import question_facts
from tests.alerts.reviews.conftest import PATTERN
from tests.conftest import NOON

TUESDAY_SIX = NOON.replace(hour=5)  # 06:00 in Gdańsk


def weeks(make, n, **columns):
    for week in range(1, n + 1):
        make(at=TUESDAY_SIX - timedelta(weeks=week), **columns)


def test_how_often_the_same_pair_was_seen_and_when_it_usually_is(make):
    weeks(make, 6, classification="BenignPositive")
    facts = question_facts(make(at=NOON)[0])
    assert (facts.sightings, facts.days) == (6, 42)
    assert facts.usual.window == HourWindow((1,), 6, 7)
    assert facts.usual.is_inside is False
    assert question_facts(make(at=TUESDAY_SIX)[0]).usual.is_inside is True


def test_only_ninety_days_count(make):
    weeks(make, 20)
    facts = question_facts(make(at=NOON)[0])
    assert (facts.sightings, facts.days) == (12, 90)


def test_a_few_occurrences_are_no_habit(make):
    weeks(make, 4)
    facts = question_facts(make(at=NOON)[0])
    assert facts.usual is None


def test_nothing_is_said_while_details_are_pending(make):
    assert question_facts(make(pattern=None)[0]) is None


def test_what_ot_said_before(make, ask, answer):
    answer(ask(make(2)), note="Recipe fix")
    answer(ask(make()), verdict="routine", cause="runs-by-itself")
    verdicts = pattern_verdicts(PATTERN, hidden=NOTHING_HIDDEN)
    assert verdicts.counts == {"routine": 1, "maintenance": 1, "suspicious": 0, "not-sure": 0}
    assert (verdicts.latest_verdict, verdicts.latest_by) == ("routine", "Oda Nowak")


def test_the_answer_beside_it_was_not_said_before(make, ask, answer):
    answer(ask(make()), verdict="routine", cause="runs-by-itself")
    incident = make()[0]
    verdict = answer(ask([incident]))
    assert question_facts(incident, besides=verdict).verdicts.counts["routine"] == 1
    assert question_facts(incident).verdicts.judged == 2


def test_a_pattern_that_nobody_judged_has_no_history(make):
    make()
    assert pattern_verdicts(PATTERN, hidden=NOTHING_HIDDEN) is None
