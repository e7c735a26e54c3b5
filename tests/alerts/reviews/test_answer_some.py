"""An answer may be about some incidents of a question; it waits on for the others."""

import uuid
from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection

from alerts.incidents.models import Group
from alerts.reviews.models import AskedIncident, Question
from alerts.reviews.queries.questions import answers_to, open_question_on, waiting_incidents_of
from alerts.reviews.services.questions import CannotAsk, withdraw_question
from alerts.reviews.services.verdicts import CannotGiveVerdict, undo_verdict
from portal.notifications.models import Notification
from tests.conftest import NOON

LATER = NOON + timedelta(minutes=5)
ROUTINE = {"verdict": "routine", "cause": "runs-by-itself"}


@pytest.fixture
def asked(make, ask):
    """Three alike incidents and the question about them."""
    rows = make(3)
    return rows, ask(rows)


def states(rows):
    for row in rows:
        row.refresh_from_db()
    return [row.ot_state for row in rows]


def test_the_others_wait_on_in_the_queue_and_in_the_question(asked, answer):
    rows, question = asked
    answer(question, incident_ids=[rows[0].pk, rows[1].pk])
    assert states(rows) == ["maintenance", "maintenance", "waiting"]
    group = Group.objects.get()
    assert (group.ot_states, group.n_waiting, group.n) == (["maintenance", "waiting"], 1, 3)
    question.refresh_from_db()
    assert (question.state, question.settled_at) == ("waiting", None)
    assert list(waiting_incidents_of(question)) == [rows[2]]
    assert open_question_on(rows[0].pk) is None
    assert open_question_on(rows[2].pk) == question


def test_the_question_is_answered_with_the_last_of_them(asked, answer, oda):
    rows, question = asked
    first = answer(question, incident_ids=[rows[0].pk])
    second = answer(question, **ROUTINE, now=LATER)  # the others, none of them named
    assert set(second.incidents.all()) == {rows[1], rows[2]}
    question.refresh_from_db()
    assert (question.state, question.settled_at) == ("answered", LATER)
    answers = [(row.verdict, len(row.incidents)) for row in answers_to(question, reader=oda)]
    assert answers == [(second, 2), (first, 1)]


def test_of_an_answered_question_a_later_answer_without_names_is_about_all(asked, answer):
    question = asked[1]
    answer(question)
    assert answer(question, **ROUTINE, now=LATER).incidents.count() == 3


def test_incidents_of_other_questions_are_not_judged_with_it(asked, answer, make):
    rows, question = asked
    verdict = answer(question, incident_ids=[rows[0].pk, make()[0].pk])
    assert list(verdict.incidents.all()) == [rows[0]]
    with pytest.raises(CannotGiveVerdict, match="no incident"):
        answer(question, incident_ids=[make()[0].pk])


def test_undone_the_incidents_wait_again(asked, answer, oda):
    rows, question = asked
    answer(question, incident_ids=[rows[0].pk])
    last = answer(question, **ROUTINE)
    undo_verdict(act=last.act, by=oda, now=NOON)
    question.refresh_from_db()
    assert question.state == "waiting"
    assert states(rows) == ["maintenance", "waiting", "waiting"]


def test_undone_after_another_answer_only_what_nobody_else_judged_waits_again(
    asked, answer, oda, olaf
):
    rows, question = asked
    verdict = answer(question)
    answer(incident_ids=[rows[0].pk], by=olaf, **ROUTINE)
    undo_verdict(act=verdict.act, by=oda, now=NOON)
    assert states(rows) == ["routine", "waiting", "waiting"]
    assert {row.pk for row in waiting_incidents_of(question)} == {rows[1].pk, rows[2].pk}


def test_what_was_answered_can_be_asked_again_while_the_rest_waits(asked, answer, ask):
    rows, question = asked
    answer(question, incident_ids=[rows[0].pk])
    with pytest.raises(CannotAsk, match="has already asked"):
        ask([rows[1]], now=LATER)
    assert ask([rows[0]], now=LATER).state == "waiting"
    assert states(rows) == ["waiting"] * 3


def test_withdrawn_the_answers_stay_and_the_rest_is_as_before(asked, answer, oda, sam):
    rows, question = asked
    answer(question, incident_ids=[rows[0].pk])
    withdraw_question(question_id=question.pk, by=sam, now=LATER)
    assert states(rows) == ["maintenance", "", ""]
    assert len(answers_to(question, reader=oda)) == 1


def test_a_verdict_on_one_of_them_answers_the_question_for_this_one(asked, answer):
    rows, question = asked
    answer(incident_ids=[rows[1].pk])
    question.refresh_from_db()
    assert question.state == "waiting"
    assert set(waiting_incidents_of(question)) == {rows[0], rows[2]}


def test_who_asked_is_told_which_were_answered_and_that_others_wait(asked, answer, sam):
    rows, question = asked
    answer(question, incident_ids=[rows[0].pk, rows[1].pk])
    line = Notification.objects.get(to=sam)
    assert "It is about 2 incidents of this kind:" in line.body
    assert f"- 24 Nov, 12:40 CET (#{rows[0].number})" in line.body
    assert "The question is still open for 1 other incident." in line.body


def test_ot_is_told_when_each_of_them_happened(asked, oda):
    rows, _ = asked
    body = Notification.objects.get(to=oda).body
    assert "It is about 3 incidents of this kind:" in body
    assert [line for line in body.splitlines() if line.startswith("- ")] == [
        f"- 24 Nov, 12:4{minute} CET (#{row.number})"
        for minute, row in reversed(list(enumerate(rows)))
    ]


def test_who_came_second_is_refused_only_where_a_colleague_was_faster(asked, answer, oda, olaf):
    rows, question = asked
    answer(question, incident_ids=[rows[0].pk], by=oda)
    with pytest.raises(CannotGiveVerdict, match="Oda Nowak has answered in the meantime"):
        answer(
            question, incident_ids=[row.pk for row in rows], by=olaf, latest_answer="", **ROUTINE
        )
    answer(question, incident_ids=[rows[1].pk, rows[2].pk], by=olaf, latest_answer="", **ROUTINE)
    question.refresh_from_db()
    assert question.state == "answered"


def test_answers_of_before_this_could_be_told_apart_are_found(asked, answer):
    rows, question = asked
    verdict = answer(question)
    AskedIncident.objects.update(answer=None)
    waiting = Question.objects.get(pk=question.pk)
    waiting.pk, waiting.uuid, waiting.state, waiting.settled_at = (
        None,
        uuid.uuid4(),
        "waiting",
        None,
    )
    waiting.save(force_insert=True)
    waiting.incidents.set(rows)
    migration = import_module("alerts.reviews.migrations.0004_answers_of_old_questions")
    with connection.cursor() as cursor:
        cursor.execute(migration.ANSWERS)
    assert set(question.asked_incidents.values_list("answer", flat=True)) == {verdict.pk}
    assert set(waiting.asked_incidents.values_list("answer", flat=True)) == {None}
