"""What could end a pattern, as a table."""

import pytest

from alerts.patterns.engine.purpose import DevicePurpose
from alerts.patterns.engine.remedies import (
    Flag,
    PatternRemedy,
    Situation,
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
    }
    return Situation(**(values | changes))


def possible(**changes):
    return [o.remedy for o in options_for(situation(**changes)) if o.is_possible]


LEARN, MUTE, OURS = PatternRemedy.LEARN, PatternRemedy.MUTE, PatternRemedy.OUR_RULE
AT_SOURCE, FLAG = PatternRemedy.SOURCE_RULE, PatternRemedy.INVENTORY


@pytest.mark.parametrize(
    ("changes", "remedies"),
    [
        ({}, [LEARN, OURS, AT_SOURCE, MUTE]),
        ({"titles": (LEARNABLE, NOT_LEARNABLE)}, [OURS, AT_SOURCE, MUTE]),
        ({"titles": ("Unheard of",)}, [OURS, AT_SOURCE, MUTE]),
        ({"is_any_time": False}, [LEARN, OURS, MUTE]),
        ({"is_strict": True, "is_any_time": False}, [LEARN, OURS]),
        ({"purpose": DevicePurpose.SCAN}, [FLAG, LEARN, OURS, AT_SOURCE, MUTE]),
        ({"cause": "nms-polling"}, [FLAG, LEARN, OURS, AT_SOURCE, MUTE]),
        ({"titles": (NOT_LEARNABLE,), "has_obstacles": True}, [AT_SOURCE, MUTE]),
    ],
    ids=str,
)
def test_what_can_be_had(changes, remedies):
    assert possible(**changes) == remedies


def test_what_can_be_had_comes_first_and_every_one_says_why():
    options = options_for(situation(titles=(LEARNABLE, NOT_LEARNABLE)))
    assert all(option.why for option in options)
    assert {option.remedy for option in options} == set(PatternRemedy) - {FLAG}
    assert [option.is_possible for option in options] == [True, True, True, False]


@pytest.mark.parametrize(
    ("closes_at_source", "feeds"), [(None, False), (True, True), (False, False)]
)
def test_where_a_close_reaches_the_sensor_the_same_traffic_comes_again(closes_at_source, feeds):
    options = options_for(situation(closes_at_source=closes_at_source))
    (rule,) = [option for option in options if option.remedy == OURS]
    assert rule.why == ("loop" if feeds else "trace")


def test_the_flag_is_the_one_that_the_purpose_needs():
    for purpose, flag in (
        (DevicePurpose.SCAN, Flag.SCANNER),
        (DevicePurpose.COPY_PROGRAM, Flag.PROGRAMMING),
        (DevicePurpose.APPEAR, Flag.AUTHORISED),
    ):
        assert options_for(situation(purpose=purpose))[0].flag == flag
