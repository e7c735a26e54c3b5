"""S2, S3, S4: how wide, how long, and how a trial ends; each limit from both of its sides."""

from datetime import timedelta

import pytest

from alerts.rules.guards.never import (
    SiteShare,
    reasons_against_reach,
    reasons_against_width,
)
from alerts.rules.lifetime import (
    default_end,
    reasons_against_acting_now,
    reasons_against_expiry,
    reasons_against_more_rules,
)
from alerts.rules.trial import (
    CREDIT_PERIOD,
    Trial,
    credit_start,
    credit_wanted,
    is_overdue,
    reasons_against_promotion,
)
from tests.alerts.suppression.samples import (
    DOWNLOADS,
    NOW,
    SITE,
    SOURCE,
    TYPE,
    but,
    clause,
    rule,
)

POLL = clause("alert_type", "is", "Unpermitted Usage of Modbus Function Code")
POLLING = rule(POLL, SITE, SOURCE)
SECOND = timedelta(seconds=1)


def codes(reasons):
    return [reason.code for reason in reasons]


@pytest.mark.parametrize(
    ("made", "found"),
    [
        (POLLING, []),
        (rule(POLL, clause("workspace", "is", "north"), SOURCE), []),
        (rule(POLL, SOURCE), ["wide.place"]),
        (rule(POLL, clause("zone", "is", "Packaging 2"), SOURCE), ["wide.place"]),
        (rule(SITE, SOURCE), ["wide.type"]),
        (rule(SITE, SOURCE, clause("user_defined_title", "is", "Nightly")), ["wide.type"]),
        (rule(POLL, SITE), ["wide.asset"]),
        (rule(POLL, SITE, clause("protocol", "is", "MODBUS")), ["wide.asset"]),
        (rule(POLL, SITE, clause("any_address", "within", "10.20.4.0/24")), ["wide.asset"]),
        (rule(POLL, SITE, clause("planned_work", "within", "backup")), ["wide.asset"]),
        (rule(POLL, SITE, except_any=[SOURCE]), ["wide.asset"]),
        (rule(SOURCE, except_any=[POLL, SITE]), ["wide.place", "wide.type"]),
        *(
            (rule(POLL, SITE, line), [])
            for line in (
                clause("sensor", "is", "sensor-a"),
                clause("source_address", "is", "10.20.4.15"),
                clause("destination_device", "is", "PLC-4"),
                clause("destination_address", "is_one_of", "10.20.4.15"),
                clause("any_device", "is", "PLC-4"),
                clause("any_address", "is", "10.20.4.15"),
            )
        ),
        (rule(), ["wide.place", "wide.type", "wide.asset"]),
    ],
)
def test_a_rule_pins_place_type_and_asset(made, found):
    assert codes(reasons_against_width(made)) == found


FINE = {
    "sites": (SiteShare("Gdańsk", 30, 100),),
    "days": 90,
    "history_days": 400,
    "true_positives": 0,
}


@pytest.mark.parametrize(
    ("reach", "found"),
    [
        ({}, []),
        ({"sites": (SiteShare("Gdańsk", 31, 100),)}, ["wide.share"]),
        ({"sites": (SiteShare("Ulm", 1, 100), SiteShare("Gdańsk", 301, 1000))}, ["wide.share"]),
        ({"sites": (SiteShare("Gdańsk", 0, 0),)}, []),
        ({"sites": (SiteShare("Gdańsk", 1, 0),)}, ["wide.share"]),
        ({"sites": ()}, ["wide.untested"]),
        ({"true_positives": 1}, ["wide.true_positive"]),
        ({"days": 89}, ["wide.period"]),
        ({"days": 20, "history_days": 20}, []),
        ({"days": 19, "history_days": 20}, ["wide.period"]),
        ({"days": 14, "history_days": 14}, []),
        ({"days": 13, "history_days": 13}, ["wide.history"]),
        ({"days": 90, "history_days": 90}, []),
    ],
)
def test_the_back_test_may_not_reach_too_far_nor_look_at_too_little(reach, found):
    assert codes(reasons_against_reach(**FINE | reach)) == found


def test_the_worst_site_is_named_first_with_its_share():
    sites = (SiteShare("Ulm", 40, 100), SiteShare("Gdańsk", 70, 100), SiteShare("Kiel", 1, 9))
    reasons = reasons_against_reach(**FINE | {"sites": sites})
    assert [reason.detail["site"] for reason in reasons] == ["Gdańsk", "Ulm"]
    assert reasons[0] == (
        "The rule matches 70.0 % of all incidents of Gdańsk. At most 30 % are allowed."
    )


@pytest.mark.parametrize(
    ("made", "lasts", "found"),
    [
        (POLLING, timedelta(days=180), []),
        (POLLING, timedelta(days=180) + SECOND, ["life.far"]),
        (POLLING, SECOND, []),
        (POLLING, timedelta(0), ["life.past"]),
        (POLLING, -SECOND, ["life.past"]),
        (DOWNLOADS, timedelta(days=90), []),
        (DOWNLOADS, timedelta(days=90) + SECOND, ["life.far"]),
    ],
)
def test_a_rule_ends_and_soon_enough(made, lasts, found):
    dated = but(made, expires_at=NOW + lasts)
    assert codes(reasons_against_expiry(dated, now=NOW)) == found
    assert codes(reasons_against_acting_now(dated, now=NOW)) == (
        ["life.lapsed"] if found == ["life.past"] else []
    )


def test_a_rule_without_an_end_is_refused():
    endless = but(POLLING, expires_at=None)
    assert codes(reasons_against_expiry(endless, now=NOW)) == ["life.none"]
    assert codes(reasons_against_acting_now(endless, now=NOW)) == ["life.none"]


def test_the_usual_end_is_shorter_for_what_needs_hours():
    assert default_end(POLLING, now=NOW) - NOW == timedelta(days=90)
    assert default_end(DOWNLOADS, now=NOW) - NOW == timedelta(days=30)
    assert default_end(rule(TYPE), now=NOW) - NOW == timedelta(days=30)


@pytest.mark.parametrize(("count", "refused"), [(0, False), (459, False), (460, True), (512, True)])
def test_a_workspace_is_never_filled_to_the_brim(count, refused):
    assert bool(reasons_against_more_rules(automation_rules=count)) is refused


WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("ran", "matches", "true_positives", "period", "found"),
    [
        (WEEK, 10, 0, None, []),
        (WEEK - SECOND, 10, 0, None, ["trial.days"]),
        (WEEK, 9, 0, None, ["trial.matches"]),
        (WEEK * 2, 2, 0, WEEK, []),
        (WEEK * 2 - SECOND, 2, 0, WEEK, ["trial.matches"]),
        (WEEK, 10, 0, WEEK, []),
        (WEEK, 10, 1, None, ["trial.true_positive"]),
        (timedelta(days=1), 0, 2, None, ["trial.days", "trial.matches", "trial.true_positive"]),
    ],
)
def test_a_trial_ends_after_days_and_matches_and_no_hit(
    ran, matches, true_positives, period, found
):
    trial = Trial(began_at=NOW - ran, matches=matches, true_positives=true_positives, period=period)
    assert codes(reasons_against_promotion(trial, now=NOW)) == found


@pytest.mark.parametrize(
    ("matches", "credit", "found"),
    [
        (2, 8, []),
        (2, 30, []),
        (1, 9, ["trial.matches"]),
        (1, 8, ["trial.matches"]),
        (9, 1, []),
        (2, 7, ["trial.matches"]),
        (10, 0, []),
    ],
)
def test_up_to_eight_matches_of_the_weeks_before_count(matches, credit, found):
    trial = Trial(began_at=NOW - WEEK, matches=matches, true_positives=0, credit=credit)
    assert codes(reasons_against_promotion(trial, now=NOW)) == found
    early = reasons_against_promotion(trial, now=NOW - SECOND)
    assert codes(early) == ["trial.days", *found]


@pytest.mark.parametrize(
    ("days_ago", "since"),
    [((), 28), ((10, 20), 28), ((40, 70), 70), ((40, 70, 100), 70), ((170, 200), 180)],
    ids=["no work", "recent", "two of them", "not three", "none of half a year ago"],
)
def test_a_trial_looks_back_28_days_or_to_the_last_two_occurrences_of_its_work(days_ago, since):
    begun = [NOW - timedelta(days=days) for days in days_ago]
    assert credit_start(begun, now=NOW) == NOW - timedelta(days=since)


def test_credit_takes_back_no_true_positive():
    trial = Trial(began_at=NOW - WEEK, matches=10, true_positives=1, credit=8)
    assert codes(reasons_against_promotion(trial, now=NOW)) == ["trial.true_positive"]


MONTH = timedelta(days=28)


@pytest.mark.parametrize(
    ("ran", "is_agreed", "true_positives", "found"),
    [
        (MONTH, True, 0, []),
        (MONTH, False, 0, ["trial.matches"]),
        (MONTH - SECOND, True, 0, ["trial.matches"]),
        (MONTH, True, 1, ["trial.true_positive"]),
        (timedelta(days=1), True, 0, ["trial.days", "trial.matches"]),
    ],
)
def test_after_28_days_both_owners_may_agree_on_fewer_matches(
    ran, is_agreed, true_positives, found
):
    trial = Trial(began_at=NOW - ran, matches=0, true_positives=true_positives)
    assert codes(reasons_against_promotion(trial, now=NOW, is_agreed=is_agreed)) == found


@pytest.mark.parametrize(
    ("ran", "matches", "true_positives", "is_asked"),
    [
        (MONTH, 9, 0, True),
        (MONTH - SECOND, 9, 0, False),
        (MONTH, 10, 0, False),
        (MONTH, 10, 1, True),
        (timedelta(0), 0, 0, False),
    ],
)
def test_owners_are_asked_once_a_trial_cannot_end_by_itself(ran, matches, true_positives, is_asked):
    trial = Trial(began_at=NOW - ran, matches=matches, true_positives=true_positives)
    assert is_overdue(trial, now=NOW) is is_asked


@pytest.mark.parametrize(
    ("a_day", "wanted"), [(0, 8), (0.2, 8), (0.3, 8), (0.5, 7), (1, 3), (1.4, 1), (2, 0)]
)
def test_the_fewer_come_the_more_of_the_weeks_before_let_a_trial_end(a_day, wanted):
    assert credit_wanted(a_day) == wanted


def test_the_weeks_whose_matches_count_are_four():
    assert timedelta(weeks=4) == CREDIT_PERIOD
