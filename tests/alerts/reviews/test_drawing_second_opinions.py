"""Chance and majority, without a database."""

from collections import Counter
from uuid import UUID, uuid5

import pytest

from alerts.reviews.engine.second_opinion import (
    asks_about_harmless_too,
    draw_number,
    is_same_side,
    is_sure,
    outcome_of,
)

SEED = b"a secret"
ANSWERS = [uuid5(UUID(int=1), str(n)) for n in range(20_000)]


def test_a_draw_can_be_repeated_and_depends_on_seed_and_subject():
    first = draw_number(SEED, "person", ANSWERS[0])
    assert draw_number(SEED, "person", ANSWERS[0]) == first
    others = {
        draw_number(b"another", "person", ANSWERS[0]),
        draw_number(SEED, "person", ANSWERS[1]),
        draw_number(SEED, "harmless", ANSWERS[0]),
    }
    assert len(others) == 3
    assert first not in others
    assert all(0 <= draw_number(SEED, answer_id) < 1 for answer_id in ANSWERS[:500])


def test_one_second_opinion_in_five_is_about_a_harmless_answer():
    suspicious = len(ANSWERS)
    harmless = sum(asks_about_harmless_too(answer_id, seed=SEED) for answer_id in ANSWERS)
    assert harmless / (suspicious + harmless) == pytest.approx(0.2, abs=0.005)


def test_the_draw_is_even():
    tenths = Counter(int(draw_number(SEED, answer_id) * 10) for answer_id in ANSWERS)
    assert all(abs(n / len(ANSWERS) - 0.1) < 0.01 for n in tenths.values())


@pytest.mark.parametrize(
    ("first", "others", "outcome"),
    [
        ("suspicious", [], None),
        ("suspicious", ["suspicious"], "confirmed"),
        ("suspicious", ["routine"], None),
        ("suspicious", ["not-sure"], None),
        ("suspicious", ["not-sure", "not-sure"], None),
        ("suspicious", ["routine", "maintenance"], "corrected"),
        ("suspicious", ["routine", "suspicious"], "confirmed"),
        ("suspicious", ["not-sure", "routine"], None),
        ("suspicious", ["not-sure", "routine", "maintenance"], "corrected"),
        ("routine", ["maintenance"], "confirmed"),
        ("routine", ["suspicious"], None),
        ("maintenance", ["suspicious", "suspicious"], "corrected"),
    ],
)
def test_two_of_three_decide(first, others, outcome):
    assert outcome_of(first, others) == outcome


def test_harmless_is_routine_and_maintenance():
    assert is_same_side("routine", "maintenance")
    assert is_same_side("suspicious", "suspicious")
    assert not is_same_side("suspicious", "maintenance")
    assert [
        is_sure(verdict) for verdict in ("routine", "maintenance", "suspicious", "not-sure")
    ] == [
        True,
        True,
        True,
        False,
    ]
