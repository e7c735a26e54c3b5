"""Opening, handing over, withdrawing, and who sees what."""

from datetime import timedelta

import pytest

from alerts.incidents.models import Incident, Severity, TimelineItem
from alerts.reviews.queries.questions import questions_visible_to, waiting_for
from alerts.reviews.queries.second_opinions import place_in_line
from alerts.reviews.services.questions import (
    CannotHandOver,
    CannotWithdraw,
    hand_over_question,
    open_question,
    withdraw_question,
)
from portal.audit.models import Entry
from portal.notifications.models import Mail, Notification
from tests.conftest import NOON


def test_the_first_reader_of_ot_is_noted_once(question, oda, olaf, sam):
    assert not open_question(question_id=question.pk, by=sam, now=NOON)
    assert open_question(question_id=question.pk, by=oda, now=NOON)
    assert not open_question(question_id=question.pk, by=olaf, now=NOON)
    question.refresh_from_db()
    assert (question.opened_by, question.opened_at) == (oda, NOON)
    assert TimelineItem.objects.get(code="opened").by == oda


def test_a_withdrawn_question_waits_no_more_and_unsent_mails_stay_here(question, sam, oda):
    withdraw_question(question_id=question.pk, by=sam, now=NOON)
    assert Incident.objects.get().ot_state == ""
    assert not waiting_for(oda).exists()
    assert not Mail.objects.exists()
    assert not Notification.objects.exists()
    assert Entry.objects.latest("seq").action == "reviews.review.withdrawn"


def test_after_a_withdrawal_the_earlier_verdict_holds(question, answer, ask, incident, sam):
    answer(question)
    second = ask([incident], now=NOON + timedelta(hours=1))
    withdraw_question(question_id=second.pk, by=sam, now=NOON + timedelta(hours=2))
    assert Incident.objects.get().ot_state == "maintenance"


def test_a_mail_that_has_left_keeps_its_line_in_the_inbox(question, sam):
    Mail.objects.update(state="done", attempts=1)
    withdraw_question(question_id=question.pk, by=sam, now=NOON)
    assert Notification.objects.count() == 1


@pytest.mark.parametrize(
    ("who", "may"), [("sam", True), ("leo", True), ("oda", False), ("mia", False)]
)
def test_who_may_withdraw(request, question, who, may):
    by = request.getfixturevalue(who)
    if may:
        assert withdraw_question(question_id=question.pk, by=by, now=NOON).state == "withdrawn"
    else:
        with pytest.raises(CannotWithdraw, match="Only the SOC"):
            withdraw_question(question_id=question.pk, by=by, now=NOON)


def test_what_is_over_cannot_be_withdrawn(question, answer, sam):
    answer(question)
    with pytest.raises(CannotWithdraw, match="already answered"):
        withdraw_question(question_id=question.pk, by=sam, now=NOON)


def test_handing_over_tells_the_colleague_and_stays_open_to_all(question, oda, olaf):
    hand_over_question(question_id=question.pk, to=olaf, by=oda, now=NOON, note="Your line")
    line = Notification.objects.get(kind="reviews.handed-over")
    assert line.to == olaf
    assert "Oda Nowak thinks that you can answer this.\nYour line" in line.body
    item = TimelineItem.objects.get(code="handed-over")
    assert item.details["to"] == "Olaf Lindqvist"
    assert waiting_for(oda).count() == waiting_for(olaf).count() == 1


@pytest.mark.parametrize(
    ("by", "to", "reason"),
    [
        ("sam", "olaf", "Only OT of Gdańsk"),
        ("pia", "olaf", "Only OT of Gdańsk"),
        ("oda", "pia", "somebody else who speaks for OT"),
        ("oda", "oda", "somebody else"),
        ("oda", None, "somebody else"),
    ],
)
def test_whom_a_question_can_be_handed_to(request, question, by, to, reason):
    giver = request.getfixturevalue(by)
    taker = request.getfixturevalue(to) if to else None
    with pytest.raises(CannotHandOver, match=reason):
        hand_over_question(question_id=question.pk, to=taker, by=giver, now=NOON)


@pytest.mark.parametrize(
    ("who", "sees"),
    [("oda", 1), ("olaf", 1), ("sam", 1), ("leo", 1), ("mia", 1), ("pia", 0)],
)
def test_who_sees_a_question(request, question, who, sees):
    assert questions_visible_to(request.getfixturevalue(who)).count() == sees


def test_only_ot_has_questions_to_answer(question, oda, sam, mia):
    assert [waiting_for(person).count() for person in (oda, sam, mia)] == [1, 0, 0]


def test_the_line_is_ordered_by_due_time(make, ask, oda):
    slow = ask(make(severity=Severity.LOW))
    ask(make(severity=Severity.HIGH))
    middle = ask(make(severity=Severity.MEDIUM))
    place = place_in_line(middle.uuid, oda)
    assert (place.position, place.total) == (2, 3)
    assert place.following == slow.uuid
