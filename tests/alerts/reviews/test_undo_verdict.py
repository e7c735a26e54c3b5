"""A verdict can be taken back while nothing of it has reached Sentinel."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection

from alerts.incidents.models import Incident, PatternMemory, TimelineItem
from alerts.outbox.models import Change
from alerts.reviews.queries.questions import verdict_on
from alerts.reviews.services import verdicts as answering
from alerts.reviews.services import verdicts as undoing
from alerts.reviews.services.questions import withdraw_question
from alerts.reviews.services.verdicts import CannotGiveVerdict, CannotUndoVerdict, undo_verdict
from portal.audit.models import Entry
from portal.notifications.models import Mail, Notification
from tests.conftest import NOON

LATER = NOON + timedelta(minutes=5)


def test_undone_is_as_if_it_had_not_been_given(answer, question, oda, incident):
    verdict = answer(question)
    undo_verdict(act=verdict.act, by=oda, now=NOON)
    question.refresh_from_db()
    incident.refresh_from_db()
    assert (question.state, question.settled_at) == ("waiting", None)
    assert (incident.ot_state, incident.ot_due_at) == ("waiting", question.due_at)
    assert verdict_on(incident.pk) is None
    stats = PatternMemory.objects.get()
    assert (stats.maintenance, stats.latest_verdict, stats.latest_verdict_at) == (0, "", None)
    assert TimelineItem.objects.latest("pk").code == "undone"
    assert not incident.comments.exists()
    assert not Notification.objects.filter(kind="reviews.answered").exists()
    assert not Mail.objects.filter(notification__kind="reviews.answered").exists()
    assert set(Change.objects.values_list("outcome", flat=True)) == {"withdrawn"}
    assert Entry.objects.latest("seq").action == "reviews.verdict.undone"


def test_the_earlier_verdict_holds_again(answer, question, olaf, incident):
    first = answer(question)
    second = answer(question, by=olaf, verdict="routine", cause="runs-by-itself", now=LATER)
    undo_verdict(act=second.act, by=olaf, now=LATER)
    question.refresh_from_db()
    assert question.state == "answered"
    assert verdict_on(incident.pk) == first
    stats = PatternMemory.objects.get()
    assert (stats.maintenance, stats.routine, stats.latest_verdict) == (1, 0, "maintenance")
    assert Incident.objects.get().ot_state == "maintenance"


def test_the_form_of_a_verdict_that_was_undone_says_so_instead_of_doing_nothing(
    answer, question, oda
):
    verdict = answer(question)
    undo_verdict(act=verdict.act, by=oda, now=NOON)
    with pytest.raises(CannotGiveVerdict, match="withdrawn this answer"):
        answer(question, key=verdict.key, verdict="routine", cause="runs-by-itself")
    assert answer(question).withdrawn_at is None, "a new form gives a new verdict"


def test_undoing_twice_undoes_once(answer, question, oda):
    verdict = answer(question)
    for _ in range(2):
        undo_verdict(act=verdict.act, by=oda, now=NOON)
    assert PatternMemory.objects.get().maintenance == 0
    assert Entry.objects.filter(action="reviews.verdict.undone").count() == 1


def test_what_is_on_its_way_to_sentinel_stands(answer, question, oda):
    verdict = answer(question)
    first = Change.objects.order_by("pk").first()
    Change.objects.filter(pk=first.pk).update(attempts=1, fence=1, state="running")
    with pytest.raises(CannotUndoVerdict, match="already in Sentinel"):
        undo_verdict(act=verdict.act, by=oda, now=NOON)
    assert not Change.objects.filter(outcome="withdrawn").exists(), "all or nothing"
    question.refresh_from_db()
    assert question.state == "answered"


def test_nobody_undoes_anothers_verdict(answer, question, olaf):
    verdict = answer(question)
    with pytest.raises(CannotUndoVerdict, match="nothing to undo"):
        undo_verdict(act=verdict.act, by=olaf, now=NOON)


def test_what_was_superseded_stands(answer, question, oda, olaf):
    verdict = answer(question)
    answer(question, by=olaf, now=LATER)
    with pytest.raises(CannotUndoVerdict, match="after you"):
        undo_verdict(act=verdict.act, by=oda, now=LATER)


def test_without_anything_owed_an_undo_still_has_its_time(answer, question, oda):
    question.incidents.update(gone_at=NOON)
    verdict = answer(question)
    with pytest.raises(CannotUndoVerdict):
        undo_verdict(act=verdict.act, by=oda, now=LATER)
    undo_verdict(act=verdict.act, by=oda, now=NOON + timedelta(seconds=9))


@pytest.fixture
def at_once(monkeypatch):
    """`at_once(first, second, module, name)` has `second` begin while `first` is about to call
    `name`, its locks held. Returns what each of them raised.
    """

    def run(first, second, module, name):
        reached, raised = threading.Event(), [None, None]
        real = getattr(module, name)

        def slow(*args, **kwargs):
            reached.set()
            time.sleep(0.4)  # the other waits for a lock by now
            return real(*args, **kwargs)

        monkeypatch.setattr(module, name, slow)

        def turn(number, act):
            try:
                act()
            except Exception as error:
                raised[number] = error
            finally:
                connection.close()

        turns = [
            threading.Thread(target=turn, args=arguments)
            for arguments in enumerate((first, second))
        ]
        turns[0].start()
        assert reached.wait(5)
        turns[1].start()
        for one in turns:
            one.join()
        return raised

    return run


@pytest.mark.django_db(transaction=True)
def test_undone_while_a_colleague_answers_nobody_waits_in_a_circle(
    at_once, answer, question, oda, olaf, incident
):
    verdict = answer(question)
    gave, undid = at_once(
        lambda: answer(question, by=olaf, now=LATER),
        lambda: undo_verdict(act=verdict.act, by=oda, now=LATER),
        answering,
        "settle_succession",
    )
    assert gave is None
    assert isinstance(undid, CannotUndoVerdict)
    assert verdict_on(incident.pk).by == olaf


@pytest.mark.django_db(transaction=True)
def test_answered_while_it_is_undone_the_new_answer_holds(
    at_once, answer, question, oda, olaf, incident
):
    verdict = answer(question)
    raised = at_once(
        lambda: undo_verdict(act=verdict.act, by=oda, now=LATER),
        lambda: answer(question, by=olaf, now=LATER),
        undoing,
        "settle_succession",
    )
    assert raised == [None, None]
    assert verdict_on(incident.pk).by == olaf
    question.refresh_from_db()
    assert question.state == "answered"


@pytest.mark.django_db(transaction=True)
def test_withdrawn_while_it_is_answered_the_answer_holds(at_once, answer, question, sam):
    gave, withdrew = at_once(
        lambda: answer(incident_ids=[question.lead_id]),
        lambda: withdraw_question(question_id=question.pk, by=sam, now=NOON),
        answering,
        "_settle_questions",
    )
    assert gave is None
    assert "already answered" in str(withdrew)


@pytest.fixture
def apart(make, ask):
    """Two incidents with nothing in common but the question about both."""
    rows = [*make(), *make(pattern=None)]
    return rows, ask(rows)


@pytest.mark.django_db(transaction=True)
def test_undone_while_the_rest_is_answered_the_question_waits(at_once, answer, apart, oda, olaf):
    (one, other), question = apart
    verdict = answer(question, incident_ids=[one.pk])
    raised = at_once(
        lambda: undo_verdict(act=verdict.act, by=oda, now=NOON),
        lambda: answer(incident_ids=[other.pk], by=olaf),
        undoing,
        "restore_ot_state",
    )
    assert raised == [None, None]
    question.refresh_from_db()
    assert (question.state, question.settled_at) == ("waiting", None)
    states = [Incident.objects.get(pk=incident.pk).ot_state for incident in (one, other)]
    assert states == ["waiting", "maintenance"]


@pytest.mark.django_db(transaction=True)
def test_undone_while_the_question_is_withdrawn_nothing_waits(at_once, answer, apart, oda, sam):
    (one, other), question = apart
    verdict = answer(question, incident_ids=[one.pk])
    raised = at_once(
        lambda: undo_verdict(act=verdict.act, by=oda, now=NOON),
        lambda: withdraw_question(question_id=question.pk, by=sam, now=NOON),
        undoing,
        "record",
    )
    assert raised == [None, None]
    question.refresh_from_db()
    assert question.state == "withdrawn"
    states = [Incident.objects.get(pk=incident.pk).ot_state for incident in (one, other)]
    assert states == ["", ""]
