"""Which remedy is the better one for a pattern, as a table."""

import pytest

from alerts.patterns.engine.purpose import DevicePurpose
from alerts.patterns.engine.remedies import (
    Flag,
    PatternRemedy,
    Situation,
    feeds_the_loop,
    options_for,
)

LEARNABLE = "Beckhoff Software Changed"
NOT_LEARNABLE = "Excessive Number of Sessions"


def situation(**changes):
    values = {
        "titles": (LEARNABLE,),
        "purpose": DevicePurpose.POLL,
        "is_strict": False,
        "is_any_time": True,
        "has_obstacles": False,
        "cause": "",
        "closes_at_source": None,
        "closed": 0,
        "came_again": 0,
    }
    return Situation(**(values | changes))


def recommended(**changes):
    return [o for o in options_for(situation(**changes)) if o.is_recommended]


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({}, PatternRemedy.LEARN),
        ({"titles": (LEARNABLE, NOT_LEARNABLE)}, PatternRemedy.OUR_RULE),
        ({"titles": ("Unheard of",)}, PatternRemedy.OUR_RULE),
        ({"is_any_time": False}, PatternRemedy.OUR_RULE),
        ({"is_strict": True, "is_any_time": False}, PatternRemedy.OUR_RULE),
        ({"purpose": DevicePurpose.SCAN}, PatternRemedy.INVENTORY),
        ({"purpose": DevicePurpose.APPEAR}, PatternRemedy.INVENTORY),
        ({"cause": "nms-polling"}, PatternRemedy.INVENTORY),
        # Programming at set hours keeps its trace, unless OT itself says that the flag is missing.
        (
            {"purpose": DevicePurpose.PROGRAM, "is_strict": True, "is_any_time": False},
            PatternRemedy.OUR_RULE,
        ),
        (
            {"purpose": DevicePurpose.PROGRAM, "is_strict": True, "cause": "ews-not-flagged"},
            PatternRemedy.INVENTORY,
        ),
        ({"titles": (NOT_LEARNABLE,), "has_obstacles": True}, PatternRemedy.MUTE),
        ({"is_strict": True, "has_obstacles": True}, None),
    ],
    ids=str,
)
def test_the_better_remedy(changes, remedy):
    assert [option.remedy for option in recommended(**changes)] == ([remedy] if remedy else [])


def test_the_better_one_stands_first_and_every_one_says_why():
    options = options_for(situation(titles=(LEARNABLE, NOT_LEARNABLE)))
    assert options[0].is_recommended
    assert all(option.why for option in options)
    assert {option.remedy for option in options} == set(PatternRemedy) - {PatternRemedy.INVENTORY}
    possible = [option.is_possible for option in options]
    assert possible == sorted(possible, reverse=True)


def test_nothing_recommended_is_impossible():
    for strict in (True, False):
        for any_time in (True, False):
            for obstacles in (True, False):
                for purpose in DevicePurpose:
                    for option in recommended(
                        is_strict=strict,
                        is_any_time=any_time,
                        has_obstacles=obstacles,
                        purpose=purpose,
                    ):
                        assert option.is_possible


@pytest.mark.parametrize(
    ("changes", "feeds"),
    [
        ({}, False),
        ({"closes_at_source": True}, True),
        ({"closes_at_source": False}, False),
        ({"closed": 10, "came_again": 5}, True),
        ({"closed": 10, "came_again": 4}, False),
        ({"closed": 4, "came_again": 4}, False),  # too few to say so
    ],
)
def test_a_rule_that_closes_feeds_the_loop(changes, feeds):
    made = situation(is_any_time=False, **changes)
    assert feeds_the_loop(made) is feeds
    (rule,) = [option for option in options_for(made) if option.remedy == PatternRemedy.OUR_RULE]
    assert rule.why == ("loop" if feeds else "trace")


def test_the_flag_is_the_one_that_the_purpose_needs():
    for purpose, flag in (
        (DevicePurpose.SCAN, Flag.SCANNER),
        (DevicePurpose.COPY_PROGRAM, Flag.PROGRAMMING),
        (DevicePurpose.APPEAR, Flag.AUTHORISED),
    ):
        assert options_for(situation(purpose=purpose))[0].flag == flag
