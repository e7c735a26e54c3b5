"""Nobody decided for three days: both leads are asked daily until one does."""

from datetime import timedelta

import pytest

from alerts.incidents.models import Incident, IncidentStatus, OtState, TimelineItem
from alerts.reviews.engine.second_opinion import NARROWS_AFTER
from alerts.reviews.models import Opinion, SecondOpinion, Verdict
from alerts.reviews.queries.questions import evidence_in_force, suspicions_on
from alerts.reviews.queries.second_opinions import second_opinions_visible_to, suspicions_to_decide
from alerts.reviews.services.opinions import CannotDecideSuspicion, decide_suspicion, give_opinion
from alerts.reviews.services.second_opinions import run_second_opinions
from alerts.reviews.services.verdicts import undo_verdict
from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from portal.notifications.models import Notification
from tests import cast
from tests.alerts.reviews.conftest import answer_of
from tests.conftest import NOON, add_person
from tests.reuse import reuse_rows

KASIA = cast.Person("kasia@demo.example", "Kasia Nowicka")
SEED = b"a secret"
OPENED = NOON + timedelta(minutes=2)
DUE = OPENED + NARROWS_AFTER
DAY = timedelta(days=1)


@reuse_rows
def undecided(suspicious, olaf, leo):
    """Opened, put to Olaf as the only other person, and not answered for three days."""
    run_second_opinions(seed=SEED, now=OPENED)
    run_second_opinions(seed=SEED, now=DUE)
    return SecondOpinion.objects.get()


def decide(found, by, choice="correct", **more):
    values = {"reason": "I asked the shift.", "now": DUE} | more
    return decide_suspicion(second_opinion=found.uuid, by=by, choice=choice, **values)


def asked(person):
    return Notification.objects.filter(to=person, kind="reviews.undecided").count()


def test_until_then_no_lead_is_asked_and_the_hold_is_wide(suspicious, olaf, leo):
    run_second_opinions(seed=SEED, now=OPENED)
    done = run_second_opinions(seed=SEED, now=DUE - timedelta(seconds=1))
    assert (done["leads"], asked(olaf), asked(leo)) == (0, 0, 0)
    assert [suspicion.is_narrow for suspicion in suspicions_on()] == [False]


def test_after_three_days_both_leads_are_asked_every_day(undecided, olaf, leo):
    assert (asked(olaf), asked(leo)) == (1, 1)
    assert [suspicion.is_narrow for suspicion in suspicions_on()] == [True]
    run_second_opinions(seed=SEED, now=DUE + DAY - timedelta(seconds=1))
    assert asked(leo) == 1
    for day, times in ((1, 1), (2, 1), (3, 2), (4, 3)):  # DUE is a Friday: nobody at the weekend
        run_second_opinions(seed=SEED, now=DUE + day * DAY)
        assert (asked(olaf), asked(leo)) == (times, times)
    assert suspicions_on(), "it never lapses by itself"


def test_while_there_is_no_lead_to_ask_it_stays_wide(suspicious):
    run_second_opinions(seed=SEED, now=OPENED)
    assert run_second_opinions(seed=SEED, now=DUE)["leads"] == 0
    assert [suspicion.is_narrow for suspicion in suspicions_on()] == [False]


def test_both_leads_see_it_and_nobody_else(undecided, oda, olaf, leo, sam, pia):
    assert suspicions_to_decide(olaf) == suspicions_to_decide(leo) == [undecided]
    assert suspicions_to_decide(oda) == suspicions_to_decide(sam) == suspicions_to_decide(pia) == []


def test_the_lead_of_ot_corrects_it_with_a_verdict(undecided, suspicious, incident, olaf, leo):
    decide(undecided, olaf, verdict="routine", cause="other")
    undecided.refresh_from_db()
    suspicious.refresh_from_db()
    incident.refresh_from_db()
    assert (undecided.state, undecided.decided_by) == ("corrected", olaf)
    assert suspicious.superseded_by == undecided.correction
    assert list(evidence_in_force()) == [undecided.correction]
    assert (incident.ot_state, suspicions_on()) == (OtState.ROUTINE, [])
    line = TimelineItem.objects.get(incident=incident, code="second-opinion")
    assert (line.by, line.details["reason"]) == (olaf, "I asked the shift.")
    assert Entry.objects.latest("pk").action == "reviews.suspicion.decided"
    run_second_opinions(seed=SEED, now=DUE + DAY)
    assert (asked(olaf), asked(leo)) == (1, 1), "nobody is asked any more"


def test_the_lead_of_the_soc_sets_it_aside_but_does_not_speak_for_ot(undecided, incident, leo):
    decide(undecided, leo)
    undecided.refresh_from_db()
    incident.refresh_from_db()
    assert (undecided.state, undecided.correction) == ("harmless-to-soc", None)
    assert Verdict.objects.count() == 1
    assert list(evidence_in_force()) == [], "no trial, neither way"
    assert (incident.ot_state, suspicions_on()) == (OtState.SUSPICIOUS, [])
    run_second_opinions(seed=SEED, now=DUE + DAY)
    undecided.refresh_from_db()
    assert undecided.state == "harmless-to-soc", "a lead's act stands"


@pytest.mark.parametrize("who", ["olaf", "leo"])
def test_either_lead_confirms_it_and_the_hold_is_wide_again(request, undecided, suspicious, who):
    decide(undecided, request.getfixturevalue(who), "confirm")
    undecided.refresh_from_db()
    assert undecided.state == "confirmed"
    assert list(evidence_in_force()) == [suspicious]
    assert [suspicion.is_narrow for suspicion in suspicions_on()] == [False], (
        "confirmed, it holds its devices"
    )


@pytest.mark.parametrize(
    ("who", "values", "words"),
    [
        ("sam", {}, "Only the OT lead of Gdańsk or the SOC lead"),
        ("pia", {}, "Only the OT lead of Gdańsk or the SOC lead"),
        ("oda", {}, "Only the OT lead of Gdańsk or the SOC lead"),
        ("leo", {"reason": " "}, "Say why"),
        ("leo", {"reason": "x" * 501}, "under 500"),
        ("leo", {"choice": "maybe"}, "stays suspicious or was harmless"),
        ("olaf", {"verdict": "suspicious", "cause": "other"}, "routine or maintenance"),
        ("olaf", {"verdict": "routine", "cause": ""}, "Choose a reason"),
    ],
)
def test_what_is_no_decision_is_refused(request, undecided, who, values, words):
    with pytest.raises(CannotDecideSuspicion, match=words):
        decide(undecided, request.getfixturevalue(who), **values)
    assert SecondOpinion.objects.get().is_open


def test_who_answered_does_not_decide_alone(suspicious, olaf, leo):
    run_second_opinions(seed=SEED, now=OPENED)
    opinion = Opinion.objects.get()
    give_opinion(opinion=opinion.uuid, by=olaf, verdict="routine", cause="other", now=OPENED)
    run_second_opinions(seed=SEED, now=DUE)
    undecided = SecondOpinion.objects.get()
    with pytest.raises(CannotDecideSuspicion, match="Another lead"):
        decide(undecided, olaf, verdict="routine", cause="other")
    decide(undecided, leo)


def test_a_lead_who_is_asked_to_decide_is_told_and_no_longer_asked_blind(client, undecided, olaf):
    assert Opinion.objects.get(person=olaf).state == Opinion.State.WITHDRAWN
    client.force_login(olaf)
    page = client.get(f"/reviews/{undecided.uuid}/second/")
    assert page.status_code == 200, "where the mail leads"
    assert "Odd." in page.content.decode()
    run_second_opinions(seed=SEED, now=DUE + DAY)
    assert not Opinion.objects.filter(state=Opinion.State.WAITING).exists(), "nor asked again"


def test_who_called_it_suspicious_does_not_decide_alone(answer, incident, olaf, leo):
    answer(incident_ids=[incident.pk], verdict="suspicious", cause="other", note="Odd.", by=olaf)
    run_second_opinions(seed=SEED, now=OPENED)
    run_second_opinions(seed=SEED, now=DUE)
    with pytest.raises(CannotDecideSuspicion, match="somebody else"):
        decide(SecondOpinion.objects.get(), olaf, verdict="routine", cause="other")


def test_nobody_decides_alone_before_people_were_asked_for_three_days(suspicious, olaf, leo):
    run_second_opinions(seed=SEED, now=OPENED)
    with pytest.raises(CannotDecideSuspicion, match="72 hours"):
        decide(SecondOpinion.objects.get(), leo)


def test_it_is_decided_once(undecided, olaf, leo):
    decide(undecided, leo, "confirm")
    with pytest.raises(CannotDecideSuspicion, match="in the meantime"):
        decide(undecided, olaf, verdict="routine", cause="other")


def test_who_may_still_be_asked_sees_neither_answer(suspicious, oda, olaf, leo, sam, pia):
    run_second_opinions(seed=SEED, now=OPENED)
    visible = {
        person.given_name: second_opinions_visible_to(person).exists()
        for person in (oda, olaf, leo, sam, pia)
    }
    assert visible == {"Oda": False, "Olaf": False, "Leo": True, "Sam": True, "Pia": False}


def test_a_suspicion_from_the_past_is_put_to_a_second_person_but_not_to_leads_every_day(
    suspicious, incident, olaf, leo
):
    Incident.objects.filter(pk=incident.pk).update(
        status=IncidentStatus.CLOSED, closed_at=NOON, stored_at=NOON + timedelta(hours=1)
    )
    run_second_opinions(seed=SEED, now=OPENED)
    assert SecondOpinion.objects.get().opinions.get().person == olaf
    assert run_second_opinions(seed=SEED, now=DUE)["leads"] == 0


def test_a_suspicion_that_counts_again_is_asked_about_anew_and_holds_wide(
    suspicious, incident, site, oda, olaf, leo
):
    kasia = add_person(KASIA, (Role.OT_ENGINEER, GrantScope.SITE, site.uuid))
    run_second_opinions(seed=SEED, now=OPENED)
    run_second_opinions(seed=SEED, now=DUE)
    assert [suspicion.is_narrow for suspicion in suspicions_on()] == [True]
    other = answer_of(oda, incident_ids=[incident.pk], now=DUE)
    run_second_opinions(seed=SEED, now=DUE)
    found = SecondOpinion.objects.get()
    assert found.state == "overtaken"
    undo_verdict(act=other.act, by=oda, now=DUE)
    assert run_second_opinions(seed=SEED, now=DUE)["opened"] == 1
    assert [suspicion.is_narrow for suspicion in suspicions_on()] == [False]
    people = [opinion.person for opinion in found.opinions.order_by("pk")]
    assert people == [kasia, olaf], "a lead is a person to ask again"
