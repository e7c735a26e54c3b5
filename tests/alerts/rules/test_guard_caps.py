"""How much rules may close before they stop (S6)."""

from datetime import timedelta

from alerts.rules.guards.caps import (
    Busiest,
    busiest_in,
    busiest_of,
    cap_of_rule,
    caps_of_workspace,
)
from tests.conftest import NOON


def at(*minutes):
    return [NOON + timedelta(minutes=minute) for minute in minutes]


def test_the_busiest_hour_and_day_begin_whenever_they_like():
    came = at(0, 50, 70, 100, 24 * 60 + 40, 24 * 60 + 45)
    assert busiest_of(reversed(came)) == Busiest(hour=3, day=5)
    assert busiest_of(at(0, 60)) == Busiest(hour=1, day=2)
    assert busiest_of([]) == Busiest(0, 0)


def test_a_rule_may_close_three_times_its_busiest_day_and_five_at_least():
    limits = [cap_of_rule(Busiest(hour=1, day=day)).limit for day in (0, 1, 2, 9)]
    assert limits == [5, 5, 6, 27]


def test_a_workspace_may_close_half_as_much_again_as_its_rules_had_and_twenty_at_least():
    hour, day = caps_of_workspace([Busiest(2, 10), Busiest(3, 11)])
    assert (hour.span, hour.limit) == (timedelta(hours=1), 20)
    assert (day.span, day.most, day.limit) == (timedelta(days=1), 21, 31)


def test_of_an_older_back_test_the_busiest_day_may_have_been_one_hour():
    assert busiest_in({"busiest": {"hour": 2, "day": 7}}) == Busiest(2, 7)
    older = {"busiest": None, "closed_per_day": [["2026-11-02", 4], ["2026-11-03", 6]]}
    assert busiest_in(older) == Busiest(6, 6)
    assert busiest_in({"busiest": None, "closed_per_day": None}) == Busiest(0, 0)
