"""The SOC asks everyone who speaks for OT at a site."""

from datetime import timedelta

import pytest

from alerts.incidents.models import Group, Incident, Severity, TimelineItem
from alerts.reviews.models import Question
from alerts.reviews.services.questions import CannotAsk, ask_ot
from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from portal.notifications.models import Mail, Notification
from tests import cast
from tests.conftest import NOON


def test_asking_makes_the_incidents_wait_for_ot(ask, incident, site):
    question = ask([incident])
    incident.refresh_from_db()
    assert (incident.ot_state, incident.ot_due_at) == ("waiting", NOON + timedelta(hours=1))
    assert Group.objects.get().ot_states == ["waiting"]
    line = TimelineItem.objects.get()
    assert (line.code, line.side, line.details["question"]) == ("asked", "soc", question.text)
    assert Entry.objects.latest("seq").action == "reviews.review.asked"


def test_a_row_of_the_queue_is_asked_about_as_one_question(make, site, sam, oda):
    rows = make(14)
    question = ask_ot(group=rows[0].group_key, site_id=site.pk, question="?", by=sam, now=NOON)
    assert question.incidents.count() == 14
    assert Group.objects.get().n == 14


@pytest.mark.parametrize(
    ("severity", "within"),
    [
        (Severity.HIGH, timedelta(hours=1)),
        (Severity.MEDIUM, timedelta(hours=4)),
        (Severity.LOW, timedelta(days=3)),
        (Severity.INFORMATIONAL, timedelta(days=3)),
        (Severity.UNKNOWN, timedelta(days=3)),
    ],
)
def test_the_severity_says_until_when_ot_should_answer(make, ask, severity, within):
    assert ask(make(severity=severity)).due_at == NOON + within


def test_the_gravest_of_several_incidents_leads(make, ask):
    low, high = make(severity=Severity.LOW) + make(severity=Severity.HIGH)
    question = ask([low, high])
    assert question.lead == high
    assert question.due_at == NOON + timedelta(hours=1)


def test_everyone_of_ot_at_the_site_is_told_and_nobody_else(ask, incident, oda, olaf, pia, leo):
    ask([incident])
    lines = list(Notification.objects.order_by("to__name"))
    assert [line.to for line in lines] == [oda, olaf]
    line = lines[0]
    assert line.subject == "Was this planned? Someone loaded a program into PLC-PL2-07"
    assert line.path == f"/reviews/{Question.objects.get().uuid}/"
    assert "Sam Keller of the SOC asks OT at Gdańsk:\nWas this planned?" in line.body
    assert "Please answer by Tue 24 Nov, 14:00 CET." in line.body
    assert line.reason == "You get this because you speak for OT at Gdańsk."


def test_a_person_is_told_in_their_language(ask, incident, oda):
    oda.language = "de"
    oda.save()
    ask([incident])
    assert "PLC-PL2-07" in Notification.objects.get().subject
    assert "Someone" not in Notification.objects.get().subject


def test_the_mail_waits_for_the_undo(ask, incident, noon):
    from portal import clock

    before = clock.unshifted()
    ask([incident])
    assert Mail.objects.get().due_at >= before + timedelta(seconds=10)


def test_one_question_at_a_time(ask, incident, leo):
    ask([incident])
    with pytest.raises(CannotAsk, match="Sam Keller has already asked"):
        ask([incident], by=leo)
    assert Question.objects.count() == 1


@pytest.mark.parametrize(
    ("who", "may"), [("sam", True), ("leo", True), ("oda", False), ("mia", False), ("pia", False)]
)
def test_who_may_ask(request, ask, incident, who, may):
    by = request.getfixturevalue(who)
    if may:
        assert ask([incident], by=by).asked_by == by
    else:
        with pytest.raises(CannotAsk, match="Only the SOC of this workspace"):
            ask([incident], by=by)


def test_an_analyst_of_another_workspace_may_not(ask, incident, make_person):
    from tests.factories.incidents import make_workspace

    other = make_workspace("other")
    ana = make_person(
        cast.Person("ana@demo.example", "Ana"),
        (Role.SOC_ANALYST, GrantScope.WORKSPACE, other.uuid),
    )
    with pytest.raises(CannotAsk, match="Only the SOC"):
        ask([incident], by=ana)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"gone_at": NOON}, "read-only"),
        ({"merged_into": 7}, "read-only"),
        ({"site_ids": []}, "does not touch Gdańsk"),
    ],
)
def test_what_cannot_be_asked_about(ask, make, change, reason):
    with pytest.raises(CannotAsk, match=reason):
        ask(make(**change))


def test_an_empty_question_is_none(ask, incident):
    with pytest.raises(CannotAsk, match="Choose a question"):
        ask([incident], question="  ")


def test_a_site_where_nobody_speaks_for_ot_cannot_be_asked(make, ask, porto):
    with pytest.raises(CannotAsk, match="Nobody speaks for OT at Porto"):
        ask(make(site_ids=[porto.pk]), at=porto)
    assert not Incident.objects.filter(ot_state="waiting").exists()
