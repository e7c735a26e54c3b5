"""OT answers, and everybody who must know does."""

import uuid
from datetime import timedelta

import pytest

from alerts.incidents.models import Group, Incident, PatternMemory, TimelineItem
from alerts.outbox.models import Change
from alerts.reviews.models import Verdict
from alerts.reviews.queries.questions import answers_to, verdict_on
from alerts.reviews.services.verdicts import CannotGiveVerdict, give_verdict
from portal.accounts.models import Grant
from portal.audit.models import Entry
from portal.notifications.models import Notification
from tests import cast
from tests.alerts.reviews.conftest import PATTERN, make_alike
from tests.conftest import NOON

LATER = NOON + timedelta(minutes=5)


def test_an_answer_settles_the_question(answer, question, oda, incident):
    verdict = answer(question, work_order="WO-20917", note="Recipe fix")
    question.refresh_from_db()
    incident.refresh_from_db()
    assert (question.state, question.settled_at) == ("answered", NOON)
    assert (incident.ot_state, incident.ot_due_at) == ("maintenance", None)
    assert [answer.verdict for answer in answers_to(question, reader=oda)] == [verdict]
    assert list(verdict.alerts.all()) == list(incident.alerts.all())
    line = TimelineItem.objects.get(code="answered")
    assert (line.by, line.side, line.details["work_order"]) == (oda, "ot", "WO-20917")
    assert Entry.objects.latest("seq").action == "reviews.verdict.given"


def test_sentinel_is_owed_a_label_and_a_comment_in_plain_words(answer, question):
    answer(question, work_order="WO-20917", done_by="our-team", note="Recipe fix")
    label, comment = Change.objects.order_by("pk")
    assert label.patch == {"labels_add": ["tagout:maintenance"]}
    assert comment.message == (
        "OT verdict: Maintenance (Planned programming).\n"
        "Given by Oda Nowak for OT at Gdańsk.\n"
        "Work order: WO-20917.\n"
        "Done by: our team.\n"
        "Note: Recipe fix\n"
        "This answer closes and suppresses nothing by itself."
    )


def test_the_comment_is_on_the_incident_at_once(answer, question, incident):
    answer(question)
    comment = incident.comments.get()
    assert (comment.ours, comment.author) == (True, "Oda Nowak")
    incident.refresh_from_db()
    assert incident.owed == 2


def test_an_incident_full_of_comments_gets_the_label_only(answer, make, ask):
    answer(ask(make(comments_count=100)))
    assert [change.kind for change in Change.objects.all()] == ["update"]


def test_another_verdict_label_of_ours_goes(answer, make, ask):
    rows = make(labels=["tagout:routine", "theirs"])
    answer(ask(rows))
    assert Change.objects.order_by("pk")[0].patch == {
        "labels_add": ["tagout:maintenance"],
        "labels_remove": ["tagout:routine"],
    }


def test_a_row_of_fourteen_is_one_annotation_and_one_trial(answer, make, ask):
    rows = make(14)
    verdict = answer(ask(rows))
    assert verdict.alerts.count() == 14
    assert PatternMemory.objects.get(pattern=PATTERN).maintenance == 1
    assert Change.objects.filter(kind="comment").count() == 14
    assert Group.objects.get().ot_states == ["maintenance"]


def test_who_asked_and_who_owns_are_told(answer, make, ask, sam, leo):
    answer(ask(make(owner_email=leo.email.upper())))
    texts = Notification.objects.filter(kind="reviews.answered").order_by("to__name")
    assert [line.to for line in texts] == [leo, sam]
    assert texts[0].subject == ("OT says Maintenance: Someone loaded a program into PLC-PL2-07")
    assert "Nothing is closed or suppressed by this answer." in texts[0].body


def test_who_owns_it_in_sentinel_but_may_not_see_it_here_is_not_told(
    answer, make, ask, make_person, sam
):
    mia = make_person(cast.MIA)
    rows = make(owner_email=mia.email)
    question = ask(rows)
    Grant.objects.filter(user=sam).update(revoked_at=NOON)
    answer(question)
    assert not Notification.objects.filter(kind="reviews.answered").exists()


def test_the_same_form_sent_twice_is_given_once(answer, question):
    key = uuid.uuid4()
    first, second = answer(question, key=key), answer(question, key=key)
    assert first == second
    assert Verdict.objects.count() == 1
    assert Change.objects.count() == 2
    assert PatternMemory.objects.get().maintenance == 1


def test_another_answer_in_a_form_that_was_saved_is_refused(answer, question):
    key = uuid.uuid4()
    answer(question, key=key)
    with pytest.raises(CannotGiveVerdict, match="already been saved"):
        answer(question, key=key, verdict="routine", cause="runs-by-itself")


def test_a_later_verdict_supersedes_and_never_erases(answer, question, olaf, incident):
    first = answer(question)
    second = answer(
        question,
        by=olaf,
        verdict="suspicious",
        cause="nobody-of-us",
        note="Nobody was there",
        now=LATER,
    )
    first.refresh_from_db()
    assert first.superseded_by == second
    assert verdict_on(incident.pk) == second
    stats = PatternMemory.objects.get()
    assert (stats.maintenance, stats.suspicious) == (0, 1)
    assert (stats.latest_verdict, stats.latest_verdict_by) == ("suspicious", "Olaf Lindqvist")
    assert stats.latest_note == "Nobody was there"


def test_a_verdict_on_one_of_many_leaves_the_others_theirs(answer, make, ask, oda):
    rows = make(3)
    answer(ask(rows))
    answer(
        incident_ids=[rows[0].pk],
        verdict="suspicious",
        cause="wrong-time",
        note="At night",
        now=LATER,
    )
    assert Verdict.objects.filter(superseded_by=None).count() == 2
    assert verdict_on(rows[0].pk).kind == "suspicious"
    assert verdict_on(rows[1].pk).kind == "maintenance"
    states = Incident.objects.order_by("pk").values_list("ot_state", flat=True)
    assert list(states) == ["suspicious", "maintenance", "maintenance"]


def test_ot_may_judge_what_nobody_asked_about(answer, incident):
    verdict = answer(incident_ids=[incident.pk])
    assert verdict.question is None
    incident.refresh_from_db()
    assert incident.ot_state == "maintenance"


def test_judging_the_incident_answers_the_question_about_it(answer, question, incident):
    verdict = answer(incident_ids=[incident.pk])
    question.refresh_from_db()
    assert question.state == "answered"
    verdict.refresh_from_db()
    assert verdict.question == question


def test_judging_one_of_many_leaves_the_question_open(answer, make, ask):
    rows = make(2)
    question = ask(rows)
    answer(incident_ids=[rows[0].pk])
    question.refresh_from_db()
    assert question.state == "waiting"


def test_ot_of_another_site_says_its_word_but_does_not_answer_for_the_site_that_was_asked(
    answer, ask, make, site, porto, pia, oda
):
    both = make(site_ids=[site.pk, porto.pk])
    question = ask(both)
    with pytest.raises(CannotGiveVerdict, match=f"Only OT of {site.name}"):
        answer(question, by=pia)
    word = answer(incident_ids=[both[0].pk], by=pia)
    question.refresh_from_db()
    assert (word.question, question.state) == (None, "waiting")
    answer(incident_ids=[both[0].pk], by=oda)
    question.refresh_from_db()
    assert question.state == "answered"


@pytest.mark.parametrize(
    ("who", "may"),
    [("oda", True), ("olaf", True), ("pia", False), ("sam", False), ("leo", False), ("mia", False)],
)
def test_who_may_judge(request, answer, question, who, may):
    by = request.getfixturevalue(who)
    if may:
        assert answer(question, by=by).by == by
    else:
        with pytest.raises(CannotGiveVerdict, match="Only OT of a site"):
            answer(question, by=by)
        assert not Change.objects.exists(), "nothing is owed to Sentinel"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"verdict": "suspicious", "cause": "nobody-of-us"}, "Suspicious needs one line"),
        ({"verdict": "suspicious", "cause": "nobody-of-us", "note": "  "}, "needs one line"),
        ({"verdict": "fine"}, "Choose a verdict"),
        ({"cause": ""}, "Choose a reason"),
        ({"cause": "because"}, "Choose a reason"),
        ({"note": "x" * 501}, "under 500"),
    ],
)
def test_what_a_verdict_must_say(answer, question, values, reason):
    with pytest.raises(CannotGiveVerdict, match=reason):
        answer(question, **values)


def test_a_withdrawn_question_takes_no_answer(answer, question, sam):
    from alerts.reviews.services.questions import withdraw_question

    withdraw_question(question_id=question.pk, by=sam, now=NOON)
    with pytest.raises(CannotGiveVerdict, match="withdrawn"):
        answer(question)


def test_what_is_gone_in_sentinel_is_still_evidence_but_nothing_is_written(answer, question):
    question.incidents.update(gone_at=NOON)
    assert answer(question).kind == "maintenance"
    assert not Change.objects.exists()


def test_without_a_question_what_is_gone_is_read_only(oda, incident):
    Incident.objects.update(gone_at=NOON)
    with pytest.raises(CannotGiveVerdict, match="read-only"):
        give_verdict(
            by=oda,
            key=uuid.uuid4(),
            verdict="routine",
            cause="runs-by-itself",
            now=NOON,
            incident_ids=[incident.pk],
        )


def test_a_verdict_changes_the_priority_of_its_neighbours(answer, make, ask):
    near, *_ = make()
    answer(ask(make()), verdict="suspicious", cause="nobody-of-us", note="Not us")
    before = near.priority
    near.refresh_from_db()
    assert near.priority == before + 15


def test_who_speaks_for_one_of_several_incidents_judges_none_of_them(
    answer, make, workspace, porto, oda, pia
):
    ours, theirs = make(), make_alike(workspace, porto)
    ids = [incident.pk for incident in (*ours, *theirs)]
    for person in (oda, pia):
        with pytest.raises(CannotGiveVerdict, match="Only OT of a site"):
            answer(incident_ids=ids, by=person)
    assert not Verdict.objects.exists()
