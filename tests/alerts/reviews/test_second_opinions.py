"""A suspicious answer is asked about: whom, how, and what two of three people come to."""

import uuid
from datetime import timedelta

import pytest

from alerts.incidents.acts.escalate import escalate_incidents
from alerts.incidents.models import Incident, IncidentStatus, OtState, TimelineItem
from alerts.outbox.models import Change
from alerts.reviews.engine.second_opinion import NARROWS_AFTER, asks_about_harmless_too
from alerts.reviews.models import Opinion, SecondOpinion, Verdict
from alerts.reviews.queries.questions import evidence_in_force, suspicions_on
from alerts.reviews.services.opinions import CannotGiveOpinion, give_opinion, pass_opinion_on
from alerts.reviews.services.second_opinions import run_second_opinions
from alerts.reviews.services.verdicts import CannotUndoVerdict, undo_verdict
from portal.accounts.models import Grant, GrantScope, Role
from portal.audit.models import Entry
from portal.notifications.models import Notification
from tests import cast
from tests.alerts.reviews.conftest import answer_of
from tests.conftest import NOON, add_person
from tests.reuse import reuse_rows

LATER = NOON + timedelta(minutes=2)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KASIA = cast.Person("kasia@demo.example", "Kasia Nowicka")
JAN = cast.Person("jan@demo.example", "Jan Kowal")
# A seed under which no harmless answer is asked about, and one under which one is.
SEEDS = [str(n).encode() for n in range(64)]


@reuse_rows
def kasia(site):
    return add_person(KASIA, (Role.OT_ENGINEER, GrantScope.SITE, site.uuid))


@reuse_rows
def jan(site):
    return add_person(JAN, (Role.OT_ENGINEER, GrantScope.SITE, site.uuid))


def seed_for(verdict, *, harmless=False):
    return next(
        seed for seed in SEEDS if asks_about_harmless_too(verdict.uuid, seed=seed) == harmless
    )


def run(verdict, *, now=LATER, harmless=False):
    return run_second_opinions(seed=seed_for(verdict, harmless=harmless), now=now)


def the_question(verdict):
    return Opinion.objects.get(second_opinion__verdict=verdict, state="waiting")


def say(opinion, verdict, *, now=LATER, **more):
    values = {"cause": "other", "note": "I know this."} | more
    return give_opinion(opinion=opinion.uuid, by=opinion.person, verdict=verdict, now=now, **values)


def state_of(verdict):
    return SecondOpinion.objects.get(verdict=verdict).state


def test_another_person_of_the_site_is_asked(suspicious, oda, kasia, olaf, pia):
    assert run(suspicious)["asked"] == 1
    asked = the_question(suspicious)
    assert asked.person == kasia, "not the first, not the lead, nobody of another site"
    assert asked.due_at == LATER + HOUR, "as any question about a High incident"
    assert run(suspicious)["asked"] == 0, "once"


def test_nobody_is_asked_who_was_told_of_the_answer(incident, oda, kasia, olaf):
    Incident.objects.filter(pk=incident.pk).update(owner_email=KASIA.email)
    verdict = answer_of(
        oda, incident_ids=[incident.pk], verdict="suspicious", cause="other", note="Odd."
    )
    assert Notification.objects.filter(to=kasia, act=verdict.act).exists(), "as the owner"
    run(verdict)
    assert the_question(verdict).person == olaf


def test_nobody_is_asked_who_was_told_of_its_escalation(suspicious, incident, kasia, olaf, sam):
    Grant.objects.create(user=kasia, role=Role.SOC_LEAD, scope=GrantScope.ALL, granted_at=NOON)
    escalate_incidents(incident_ids=[incident.pk], by=sam, now=NOON)
    run(suspicious)
    assert the_question(suspicious).person == olaf


def test_nobody_is_asked_while_the_answer_may_be_undone(suspicious, kasia):
    assert run(suspicious, now=NOON + timedelta(seconds=50))["opened"] == 0
    undo_verdict(act=suspicious.act, by=suspicious.by, now=NOON)
    assert run(suspicious)["opened"] == 0


def test_without_another_person_the_lead_is_asked(suspicious, olaf):
    run(suspicious)
    assert the_question(suspicious).person == olaf


def test_with_nobody_to_ask_it_stays_open(suspicious, leo):
    assert run(suspicious) == {
        "settled": 0,
        "opened": 1,
        "asked": 0,
        "reminded": 0,
        "leads": 0,
    }
    assert state_of(suspicious) == "open"


def test_the_notification_does_not_lead(suspicious, kasia):
    run(suspicious)
    (line,) = Notification.objects.filter(to=kasia)
    texts = f"{line.subject} {line.body} {line.reason}".lower()
    assert line.path == f"/reviews/{the_question(suspicious).uuid}/"
    assert line.kind == "reviews.asked"
    assert "what was this?" in texts
    for word in ("suspicious", "oda", "odd.", "second", "high", "priority", "doubt"):
        assert word not in texts, word


def test_asking_leaves_nothing_where_the_second_person_might_read_it(suspicious, incident, kasia):
    before = TimelineItem.objects.count()
    run(suspicious)
    incident.refresh_from_db()
    assert TimelineItem.objects.count() == before
    assert incident.ot_state == OtState.SUSPICIOUS
    assert Entry.objects.filter(action="reviews.opinion.asked").count() == 1


def test_two_who_agree_confirm_it(suspicious, incident, oda, kasia, olaf, leo, sam):
    run(suspicious)
    say(the_question(suspicious), "suspicious")
    assert state_of(suspicious) == "confirmed"
    assert list(evidence_in_force()) == [suspicious], "one trial, suspicious"
    line = TimelineItem.objects.get(incident=incident, code="second-opinion")
    assert line.details["others"] == [{"name": KASIA.name, "verdict": "suspicious"}]
    texts = Notification.objects.filter(kind="reviews.second-opinion")
    assert set(texts.values_list("to__name", flat=True)) == {
        cast.ODA.name,
        KASIA.name,
        cast.OLAF.name,
        cast.LEO.name,
    }, "who answered, and both leads"
    assert run(suspicious, now=NOON + 2 * NARROWS_AFTER)["leads"] == 0


def test_if_they_disagree_the_lead_decides_between_them(suspicious, incident, kasia, olaf):
    run(suspicious)
    say(the_question(suspicious), "routine")
    assert state_of(suspicious) == "open"
    assert Verdict.objects.count() == 1, "one against one changes nothing yet"
    assert suspicions_on()
    run(suspicious)
    assert the_question(suspicious).person == olaf
    say(the_question(suspicious), "maintenance", now=LATER + HOUR)
    suspicious.refresh_from_db()
    incident.refresh_from_db()
    found = SecondOpinion.objects.get()
    assert (found.state, found.decided_by) == ("corrected", None)
    assert suspicious.superseded_by == found.correction, "on record, not erased"
    assert (found.correction.by, found.correction.kind) == (olaf, "maintenance")
    assert set(found.correction.alerts.all()) == set(suspicious.alerts.all())
    assert list(evidence_in_force()) == [found.correction], "one trial, harmless"
    assert suspicions_on() == []
    assert incident.ot_state == OtState.MAINTENANCE
    codes = TimelineItem.objects.filter(incident=incident).values_list("code", flat=True)
    assert sorted(codes) == ["answered", "answered", "second-opinion"]
    assert Change.objects.filter(act=found.correction.act).exists(), "Sentinel is told"


def test_the_lead_can_confirm_it(suspicious, kasia, olaf):
    run(suspicious)
    say(the_question(suspicious), "routine")
    run(suspicious)
    say(the_question(suspicious), "suspicious")
    assert state_of(suspicious) == "confirmed"
    assert Verdict.objects.count() == 1


@pytest.mark.parametrize("passing", [True, False], ids=["passed on", "not sure"])
def test_who_is_not_sure_leaves_it_to_the_lead(suspicious, kasia, jan, olaf, passing):
    run(suspicious)
    asked = the_question(suspicious)
    if passing:
        pass_opinion_on(opinion=asked.uuid, by=asked.person, now=LATER)
    else:
        say(asked, "not-sure")
    run(suspicious)
    assert the_question(suspicious).person == olaf
    say(the_question(suspicious), "routine")
    assert state_of(suspicious) == "open", "one against one is no majority"
    run(suspicious)
    third = the_question(suspicious)
    assert third.person in (kasia, jan)
    say(third, "routine")
    assert state_of(suspicious) == "corrected"


def test_after_three_questions_nobody_else_is_asked(make_person, suspicious, site, olaf):
    for n in range(4):
        person = cast.Person(f"ot{n}@demo.example", f"Engineer {n}")
        make_person(person, (Role.OT_ENGINEER, GrantScope.SITE, site.uuid))
    for _ in range(3):
        run(suspicious)
        say(the_question(suspicious), "not-sure")
    assert run(suspicious)["asked"] == 0
    assert state_of(suspicious) == "open", "a suspicion never lapses by itself"


def test_nobody_is_asked_more_than_five_times_a_day(suspicious, make, answer, kasia):
    for _ in range(6):
        (row,) = make(pattern=uuid.uuid4())
        answer(incident_ids=[row.pk], verdict="suspicious", cause="other", note="Odd.")
    seed = seed_for(suspicious)
    run_second_opinions(seed=seed, now=LATER)
    assert Opinion.objects.filter(person=kasia).count() == 5
    run_second_opinions(seed=seed, now=LATER + timedelta(hours=23))
    assert Opinion.objects.filter(person=kasia).count() == 5
    run_second_opinions(seed=seed, now=LATER + timedelta(hours=25))
    assert Opinion.objects.filter(person=kasia).count() > 5


def test_one_at_a_time_of_a_pattern_is_asked(suspicious, make, answer, kasia):
    (alike,) = make()
    other = answer(incident_ids=[alike.pk], verdict="suspicious", cause="other", note="Odd.")
    assert run(suspicious)["opened"] == 1
    assert not SecondOpinion.objects.filter(verdict=other).exists()
    say(the_question(suspicious), "suspicious")
    assert run(suspicious)["opened"] == 1


def test_a_harmless_answer_comes_along(suspicious, make, answer, kasia):
    rows = make(3, pattern=uuid.uuid4())
    for row in rows:
        answer(incident_ids=[row.pk], verdict="routine", cause="other")
    run(suspicious, harmless=True)
    asked = Opinion.objects.filter(person=kasia)
    verdicts = asked.values_list("second_opinion__verdict__kind", flat=True)
    assert sorted(verdicts) == ["routine", "suspicious"]
    subjects = Notification.objects.filter(to=kasia).values_list("subject", "kind", "reason")
    assert len(set(subjects)) == 1, "nothing tells one from the other"


@pytest.fixture
def harmless(suspicious, make, answer, kasia):
    (row,) = make(pattern=uuid.uuid4())
    verdict = answer(incident_ids=[row.pk], verdict="routine", cause="other")
    run(suspicious, harmless=True)
    return verdict


def test_a_harmless_answer_is_confirmed_by_another(harmless):
    say(the_question(harmless), "maintenance")
    assert state_of(harmless) == "confirmed"
    harmless.refresh_from_db()
    assert harmless.superseded_by is None


def test_a_suspicion_about_a_harmless_answer_counts_at_once_and_is_asked_about(harmless, jan):
    say(the_question(harmless), "suspicious", note="Never seen.")
    harmless.refresh_from_db()
    new = harmless.superseded_by
    assert (new.kind, new.by, new.note) == (
        "suspicious",
        jan if new.by == jan else new.by,
        "Never seen.",
    )
    assert state_of(harmless) == "corrected"
    assert new.pk in {suspicion.verdict_id for suspicion in suspicions_on()}
    run(new, now=LATER + HOUR)
    third = the_question(new).person
    assert third not in (new.by, harmless.by), "neither of those who have judged it"


def test_a_harmless_answer_of_which_nobody_is_sure_stands(harmless):
    say(the_question(harmless), "not-sure")
    run(harmless)
    assert state_of(harmless) == "not-sure"
    harmless.refresh_from_db()
    assert harmless.superseded_by is None


def test_another_verdict_overtakes_the_question(suspicious, incident, answer, kasia, olaf):
    run(suspicious)
    asked = the_question(suspicious)
    answer(incident_ids=[incident.pk], by=olaf, now=LATER)
    assert run(suspicious, now=LATER + HOUR)["settled"] == 1
    asked.refresh_from_db()
    assert (state_of(suspicious), asked.state) == ("overtaken", "withdrawn")
    assert not Notification.objects.filter(to=kasia, kind="reviews.asked").exists(), "unsaid"
    with pytest.raises(CannotGiveOpinion, match="decided in the meantime"):
        say(asked, "routine")


def test_the_soc_ends_it_with_its_reason(suspicious, incident, kasia, sam):
    run(suspicious)
    TimelineItem.objects.create(
        incident=incident,
        at=LATER,
        side="soc",
        by=sam,
        code="closed",
        details={"comment": "The vendor said so."},
    )
    Incident.objects.filter(pk=incident.pk).update(
        status=IncidentStatus.CLOSED,
        classification="BenignPositive",
        closed_at=LATER,
        classification_reason="SuspiciousButExpected",
    )
    run(suspicious, now=LATER + HOUR)
    found = SecondOpinion.objects.get()
    assert (found.state, found.reason) == ("harmless-to-soc", "The vendor said so.")
    assert list(evidence_in_force()) == [], "neither suspicious nor OT's word that it is harmless"
    Incident.objects.filter(pk=incident.pk).update(status=IncidentStatus.NEW, classification="")
    run(suspicious, now=LATER + 2 * HOUR)
    assert state_of(suspicious) == "open", "reopened, it is suspicious again"


def closed_at_once(suspicious, incident):
    """The SOC closes it as benign before anybody else of OT could be asked."""
    Incident.objects.filter(pk=incident.pk).update(
        status=IncidentStatus.CLOSED,
        classification="BenignPositive",
        classification_reason="SuspiciousButExpected",
        closed_at=NOON + timedelta(seconds=50),
    )
    assert suspicions_on() == [], "it holds nothing open"
    assert list(evidence_in_force()) == [suspicious], "but stops rules"


def test_what_the_soc_closed_before_anybody_was_asked_is_asked_about_like_any_other(
    suspicious, incident, kasia, olaf
):
    closed_at_once(suspicious, incident)
    assert run(suspicious)["asked"] == 1
    run(suspicious, now=LATER + HOUR)
    assert state_of(suspicious) == "open", "its closing answers no question that came later"
    say(the_question(suspicious), "routine", now=LATER + HOUR)
    run(suspicious, now=LATER + HOUR)
    say(the_question(suspicious), "routine", now=LATER + HOUR)
    assert state_of(suspicious) == "corrected"
    assert [verdict.kind for verdict in evidence_in_force()] == ["routine"]


def test_where_nobody_of_ot_can_say_more_what_the_soc_closed_stays_closed(
    suspicious, incident, kasia
):
    closed_at_once(suspicious, incident)
    run(suspicious)
    say(the_question(suspicious), "not-sure")
    run(suspicious, now=LATER + HOUR)
    assert state_of(suspicious) == "harmless-to-soc"
    assert list(evidence_in_force()) == []
    assert run(suspicious, now=LATER + 2 * HOUR)["opened"] == 0


def test_a_true_positive_confirms_it(suspicious, incident, kasia):
    run(suspicious)
    Incident.objects.filter(pk=incident.pk).update(
        status=IncidentStatus.CLOSED, classification="TruePositive", closed_at=LATER
    )
    run(suspicious, now=LATER + HOUR)
    assert state_of(suspicious) == "confirmed"
    assert list(evidence_in_force()) == [suspicious]


def test_only_who_was_asked_can_answer_and_only_once(suspicious, kasia, olaf):
    run(suspicious)
    asked = the_question(suspicious)
    with pytest.raises(CannotGiveOpinion, match="somebody else"):
        give_opinion(opinion=asked.uuid, by=olaf, verdict="routine", cause="other", now=LATER)
    say(asked, "routine")
    say(asked, "routine")
    assert Opinion.objects.filter(state="answered").count() == 1
    with pytest.raises(CannotGiveOpinion, match="already answered"):
        say(asked, "maintenance")
    with pytest.raises(CannotGiveOpinion, match="already answered"):
        pass_opinion_on(opinion=asked.uuid, by=kasia, now=LATER)


def test_who_speaks_for_ot_no_more_cannot_answer(suspicious, kasia):
    run(suspicious)
    Grant.objects.filter(user=kasia).update(revoked_at=LATER)
    kasia.__dict__.pop("_tagout_grants", None)
    with pytest.raises(CannotGiveOpinion):
        say(the_question(suspicious), "routine")


def test_who_speaks_for_ot_no_more_is_not_waited_for(suspicious, kasia, olaf):
    run(suspicious)
    Grant.objects.filter(user=kasia).update(revoked_at=LATER)
    run(suspicious)
    assert the_question(suspicious).person == kasia, "until it is due"
    run(suspicious, now=LATER + HOUR)
    assert the_question(suspicious).person == olaf


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"verdict": "odd"}, "Choose a verdict"),
        ({"verdict": "routine", "cause": ""}, "Choose a reason"),
        ({"verdict": "suspicious", "note": ""}, "what makes you think so"),
    ],
)
def test_an_answer_says_what_any_answer_says(suspicious, kasia, values, words):
    run(suspicious)
    with pytest.raises(CannotGiveOpinion, match=words):
        say(the_question(suspicious), **values)


def test_who_is_late_is_reminded_once(suspicious, kasia):
    run(suspicious)
    assert run(suspicious, now=LATER + HOUR - timedelta(seconds=1))["reminded"] == 0
    assert run(suspicious, now=LATER + HOUR)["reminded"] == 1
    assert run(suspicious, now=LATER + 2 * HOUR)["reminded"] == 0
    (reminder,) = Notification.objects.filter(to=kasia, subject__startswith="Reminder")
    assert "suspicious" not in f"{reminder.subject} {reminder.body}".lower()


def test_nobody_is_asked_nor_reminded_at_night(suspicious, kasia):
    """At 04:44 of the plant nobody is; at seven the question comes, and an hour of work is left."""
    night, seven = NOON.replace(hour=3, minute=44) + DAY, NOON.replace(hour=6) + DAY
    assert run(suspicious, now=night)["asked"] == 0 and not Opinion.objects.exists()
    assert run(suspicious, now=seven)["asked"] == 1
    assert Opinion.objects.get().due_at == seven + HOUR
    assert run(suspicious, now=seven + 12 * HOUR)["reminded"] == 0
    assert run(suspicious, now=seven + DAY)["reminded"] == 1


def test_what_was_decided_together_is_not_undone_alone(suspicious, kasia, olaf):
    run(suspicious)
    say(the_question(suspicious), "routine")
    run(suspicious)
    say(the_question(suspicious), "routine")
    correction = SecondOpinion.objects.get().correction
    with pytest.raises(CannotUndoVerdict, match="together with others"):
        undo_verdict(act=correction.act, by=olaf, now=LATER)
