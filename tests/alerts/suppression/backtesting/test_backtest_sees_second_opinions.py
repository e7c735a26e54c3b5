"""A suspicious answer stops a rule until people of OT, or the SOC with its reason, correct it."""

from datetime import timedelta

import pytest

from alerts.reviews.models import Opinion, SecondOpinion
from alerts.reviews.services.opinions import decide_suspicion, give_opinion
from alerts.reviews.services.second_opinions import run_second_opinions
from alerts.suppression.backtesting.backtest import run_backtest
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.alerts.suppression.past import judge, routine, rule_for
from tests.conftest import NOON

SEED = b"a secret"
GIVEN = NOON - timedelta(days=4)
KASIA = cast.Person("kasia@demo.example", "Kasia Nowicka")


@pytest.fixture
def suspicious(workspace, site, people, make_person):
    """Routine of a month, of which Oda called one day suspicious; Kasia is asked."""
    make_person(KASIA, (Role.OT_ENGINEER, GrantScope.SITE, site.uuid))
    rows = routine(workspace, site)
    routine(workspace, site, source="HMI-1", days=60)
    verdict = judge(rows[:1], people.oda, "suspicious", at=GIVEN)
    run_second_opinions(seed=SEED, now=GIVEN + timedelta(minutes=2))
    return verdict


def outcome(site):
    body = run_backtest(rule=rule_for(site), now=NOON).body
    judged = body["judged"]
    return len(body["stops"]), judged["trials"], judged["suspicious"], judged["by_verdict"]


def answer(verdict, *, minutes):
    opinion = Opinion.objects.get(state="waiting")
    now = GIVEN + timedelta(minutes=minutes)
    give_opinion(
        opinion=opinion.uuid,
        by=opinion.person,
        verdict=verdict,
        cause="other",
        note="I know it.",
        now=now,
    )
    run_second_opinions(seed=SEED, now=now)


def test_while_nobody_has_decided_it_is_a_stop(suspicious, site):
    assert outcome(site) == (1, 1, 1, {"suspicious": 1})
    answer("routine", minutes=10)
    assert outcome(site) == (1, 1, 1, {"suspicious": 1}), "one against one"


def test_corrected_it_is_one_harmless_trial_and_no_stop(suspicious, site):
    answer("routine", minutes=10)
    answer("routine", minutes=20)
    assert outcome(site) == (0, 1, 0, {"routine": 1})


def test_confirmed_it_stays_a_stop(suspicious, site):
    answer("suspicious", minutes=10)
    assert outcome(site) == (1, 1, 1, {"suspicious": 1})


@pytest.mark.parametrize(
    ("choice", "found"), [("correct", (0, 0, 0, {})), ("confirm", (1, 1, 1, {"suspicious": 1}))]
)
def test_the_lead_of_the_soc_sets_it_aside_or_confirms_it(suspicious, site, people, choice, found):
    run_second_opinions(seed=SEED, now=NOON)
    decide_suspicion(
        second_opinion=SecondOpinion.objects.get(verdict=suspicious).uuid,
        by=people.leo,
        choice=choice,
        reason="The vendor said so.",
        now=NOON,
    )
    assert outcome(site) == found
