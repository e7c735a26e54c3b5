"""The phone page: answer, agree, too late, withdrawn."""

import json
import re
import uuid
from datetime import timedelta

import pytest

from alerts.reviews.models import Verdict
from alerts.reviews.services.questions import withdraw_question
from tests.conftest import NOON
from tests.factories.incidents import make_device

MAINTENANCE = {"verdict": "maintenance", "cause_maintenance": "plc-programming-window"}


@pytest.fixture
def values():
    return lambda **more: {"key": str(uuid.uuid4())} | MAINTENANCE | more


@pytest.fixture
def open_page(client, question, noon):
    def opened(person, **more):
        client.force_login(person)
        return client.get(f"/reviews/{question.uuid}/", **more)

    return opened


def test_without_a_session_one_signs_in_and_comes_back(client, question):
    answer = client.get(f"/reviews/{question.uuid}/")
    assert answer["Location"] == f"/login/?next=/reviews/{question.uuid}/"


def test_the_page_says_what_happened_and_who_asks(open_page, oda):
    page = open_page(oda).content.decode()
    assert "Someone loaded a program into PLC-PL2-07" in page
    assert "Was this planned?" in page
    assert "Review 1 of 1" in page
    assert "Nothing is suppressed by this answer." in page
    assert "checked" not in page, "nothing is preselected"


def test_the_first_reader_is_noted(open_page, question, oda, olaf):
    open_page(oda)
    question.refresh_from_db()
    assert question.opened_by == oda
    assert "Oda opened it" in open_page(olaf).content.decode()


@pytest.mark.parametrize(("who", "status"), [("pia", 404), ("mia", 200), ("sam", 200)])
def test_who_may_look(request, open_page, who, status):
    answer = open_page(request.getfixturevalue(who))
    assert answer.status_code == status
    assert b"Was this you?" not in answer.content


def test_an_answer_shows_the_next_question(client, open_page, oda, question, make, ask, values):
    later = ask(make(severity=1))
    open_page(oda)
    answer = client.post(f"/reviews/{question.uuid}/", values(work_order="WO-20917"))
    assert answer["Location"] == f"/reviews/{later.uuid}/"
    assert Verdict.objects.get().work_order == "WO-20917"
    page = client.get(answer["Location"]).content.decode()
    assert "Saved: Maintenance. Someone loaded a program into PLC-PL2-07" in page
    assert f"/reviews/undo/{Verdict.objects.get().act}/" in page


def test_a_question_that_was_passed_over_comes_back_after_the_others(
    client, open_page, question, make, ask, values, oda
):
    open_page(oda)
    second, third = ask(make(severity=2)), ask(make(severity=1))
    assert (
        client.post(f"/reviews/{second.uuid}/", values())["Location"] == f"/reviews/{third.uuid}/"
    )
    assert (
        client.post(f"/reviews/{third.uuid}/", values())["Location"] == f"/reviews/{question.uuid}/"
    )


def test_after_the_last_answer_nothing_waits(client, open_page, oda, question, values):
    open_page(oda)
    answer = client.post(f"/reviews/{question.uuid}/", values(), follow=True)
    assert "Nothing is waiting for you" in answer.content.decode()


def test_a_script_is_told_where_to_go(client, open_page, oda, question, values):
    open_page(oda)
    answer = client.post(
        f"/reviews/{question.uuid}/", values(), headers={"accept": "application/json"}
    )
    assert answer.json() == {"saved": str(Verdict.objects.get().uuid), "next": "/reviews/"}


def test_an_answer_sent_again_is_saved_once(client, open_page, oda, question, values):
    open_page(oda)
    form = values()
    for _ in range(2):
        assert client.post(f"/reviews/{question.uuid}/", form).status_code == 302
    assert Verdict.objects.count() == 1


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"verdict": ""}, "Choose a verdict."),
        ({"cause_maintenance": ""}, "Choose a reason."),
        ({"verdict": "routine"}, "Choose a reason."),
        ({"verdict": "suspicious", "cause_suspicious": "wrong-time"}, "Suspicious needs one line"),
        ({"done_by": "nobody"}, "Select a valid choice"),
        ({"key": "x"}, "This form is damaged"),
    ],
)
def test_a_refused_answer_comes_back_with_what_is_missing(
    client, open_page, oda, question, values, form, problem
):
    open_page(oda)
    answer = client.post(f"/reviews/{question.uuid}/", values(**form))
    assert answer.status_code == 422
    assert problem in answer.content.decode()
    assert not Verdict.objects.exists()


def test_suspicious_with_its_one_line(client, open_page, oda, question, values):
    open_page(oda)
    form = values(verdict="suspicious", cause_suspicious="nobody-of-us", why="Nobody was there")
    client.post(f"/reviews/{question.uuid}/", form)
    assert Verdict.objects.get().note == "Nobody was there"


def test_who_comes_second_sees_the_answer_and_agrees_in_one_tap(
    client, open_page, question, answer, olaf
):
    first = answer(question, note="Recipe fix")
    page = open_page(olaf).content.decode()
    for words in ("Oda Nowak answered", "Planned programming", "Recipe fix", "I agree"):
        assert words in page
    client.post(
        f"/reviews/{question.uuid}/",
        {"key": str(uuid.uuid4()), "verdict": first.kind, "cause": first.cause},
    )
    first.refresh_from_db()
    assert (first.superseded_by.by, first.superseded_by.kind) == (olaf, "maintenance")


def test_who_answers_a_page_that_a_colleague_was_faster_on_sees_that_answer_first(
    client, open_page, question, answer, values, oda, olaf
):
    assert 'name="seen" value=""' in open_page(olaf).content.decode()
    first = answer(question, verdict="routine", cause="runs-by-itself")
    reply = client.post(f"/reviews/{question.uuid}/", values(seen=""))
    page = reply.content.decode()
    assert reply.status_code == 422
    assert "Oda Nowak has answered in the meantime." in page
    assert Verdict.objects.get() == first, "nothing was overruled unawares"
    assert f'name="seen" value="{first.uuid}"' in page
    client.post(f"/reviews/{question.uuid}/", values(seen=str(first.uuid)))
    first.refresh_from_db()
    assert (first.superseded_by.by, first.superseded_by.kind) == (olaf, "maintenance")


def test_ones_own_answer_from_another_tab_is_simply_changed(
    client, open_page, question, values, oda
):
    open_page(oda)
    client.post(f"/reviews/{question.uuid}/", values(seen=""))
    again = values(seen="", verdict="routine", cause_routine="runs-by-itself")
    client.post(f"/reviews/{question.uuid}/", again)
    assert Verdict.objects.get(superseded_by=None).kind == "routine"


def test_a_withdrawn_question_says_so(open_page, question, oda, sam):
    withdraw_question(question_id=question.pk, by=sam, now=NOON)
    page = open_page(oda).content.decode()
    assert "The SOC has withdrawn this question." in page
    assert "<form class=" not in page


def test_undo_from_the_toast_opens_the_question_again(client, open_page, question, answer, oda):
    verdict = answer(question)
    open_page(oda)
    reply = client.post(
        f"/reviews/undo/{verdict.act}/",
        headers={"hx-request": "true", "hx-current-url": "http://testserver/reviews/"},
    )
    assert reply["HX-Redirect"] == f"/reviews/{question.uuid}/"
    page = client.get(f"/reviews/{question.uuid}/").content.decode()
    assert '<h2 class="grow">Your answer</h2>' in page
    assert "Your answer was withdrawn." in page, "what the undo did is said where it leads"


def test_an_undo_that_comes_too_late_says_so(client, open_page, question, answer, oda):
    from alerts.outbox.models import Change

    verdict = answer(question)
    Change.objects.update(attempts=1, fence=1, state="running")
    open_page(oda)
    reply = client.post(
        f"/reviews/undo/{verdict.act}/",
        headers={"hx-request": "true", "hx-current-url": "http://testserver/incidents/1/"},
    )
    assert reply.status_code == 409
    assert "already in Sentinel" in json.loads(reply["HX-Trigger"])["toast"]["text"]


def test_nobody_undoes_anothers_answer(client, open_page, question, answer, olaf):
    verdict = answer(question)
    open_page(olaf)
    assert client.post(f"/reviews/undo/{verdict.act}/").status_code == 404


def test_handing_over_by_page(client, open_page, question, oda, olaf):
    page = open_page(oda).content.decode()
    assert "Olaf Lindqvist" in page
    assert client.get(f"/reviews/{question.uuid}/hand-over/").status_code == 200
    reply = client.post(f"/reviews/{question.uuid}/hand-over/", {"to": olaf.pk}, follow=True)
    assert "Olaf was notified. The question stays open to all of OT." in reply.content.decode()


def test_handing_over_to_nobody_comes_back(client, open_page, question, oda, olaf):
    open_page(oda)
    reply = client.post(f"/reviews/{question.uuid}/hand-over/", {"to": ""})
    assert reply.status_code == 422


def hand_over_of(client, question):
    answer = client.get(f"/reviews/{question.uuid}/hand-over/")
    assert answer.status_code == 200
    assert 'name="to"' not in answer.text
    return answer.text


def test_an_answered_question_is_not_handed_over_and_says_so(
    client, open_page, question, answer, oda, olaf
):
    answer(question)
    open_page(olaf)
    page = hand_over_of(client, question)
    assert "It is already answered" in page
    assert "Oda Nowak answered" in page
    assert f'href="/reviews/{question.uuid}/"' in page


def test_nor_is_a_withdrawn_one(client, open_page, question, oda, olaf, sam):
    withdraw_question(question_id=question.pk, by=sam, now=NOON)
    open_page(oda)
    assert "The SOC has withdrawn this question." in hand_over_of(client, question)


def test_who_may_not_hand_over_or_has_nobody_to_hand_over_to_is_told(
    client, open_page, question, oda, sam
):
    open_page(sam)
    assert "Only OT of Gdańsk can hand this over." in hand_over_of(client, question)
    open_page(oda)
    assert "Nobody else speaks for OT at Gdańsk." in hand_over_of(client, question)


def test_the_soc_sees_who_is_waited_for_and_may_withdraw(client, open_page, question, sam, site):
    site.control_room_phone = "+48 58 555 01 00"
    site.save()
    page = open_page(sam).content.decode()
    assert "Waiting for OT at Gdańsk" in page
    assert "+48 58 555 01 00" in page
    reply = client.post(f"/reviews/{question.uuid}/withdraw/", follow=True)
    assert "The question was withdrawn." in reply.content.decode()


def test_ot_cannot_withdraw(client, open_page, question, oda):
    open_page(oda)
    reply = client.post(f"/reviews/{question.uuid}/withdraw/", follow=True)
    assert "Only the SOC of this workspace" in reply.content.decode()


def test_what_stands_outside_the_plant_is_drawn_so(client, oda, site, make, ask, noon):
    make_device(site, "203.0.113.66", "203.0.113.66", purdue_level=None)  # learnt from an alert
    make_device(site, "HIST-01", "10.41.3.20", kind="Historian", criticality="crown-jewel")
    question = ask(make(source="HIST-01", destination="203.0.113.66"))
    client.force_login(oda)
    page = client.get(f"/reviews/{question.uuid}/").content.decode()
    nodes = re.findall(r'<div class="flow-node[^"]*">(.*?)</div>', page, re.DOTALL)
    words = [" ".join(re.sub(r"<[^>]+>", " ", node).split()) for node in nodes]
    assert words == ["From HIST-01 Historian Crown jewel", "To 203.0.113.66 Outside the plant"]


@pytest.fixture
def three(make, ask):
    """A question about three incidents of three days."""
    rows = [make(at=NOON - timedelta(days=days, minutes=20))[0] for days in (113, 1, 0)]
    return rows, ask(rows)


def see(client, person, question):
    client.force_login(person)
    return client.get(f"/reviews/{question.uuid}/").content.decode()


def words_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.mark.usefixtures("noon")
def test_the_dates_asked_about_are_listed_and_ticked(client, three, oda):
    rows, question = three
    page = see(client, oda, question)
    assert "Your answer is about 3 incidents, 3 Aug – 24 Nov" in page
    for row, when in zip(rows, ("3 Aug, 13:40", "23 Nov, 12:40", "12:40"), strict=True):
        assert f"{when} #{row.number}" in words_of(page)
        box = f'<input type="checkbox" name="incident" value="{row.pk}" checked form="answer-form">'
        assert box in " ".join(page.split())
    assert page.count(" checked") == 3, "no verdict and no reason among them"
    assert 'id="answer-form"' in page


@pytest.mark.usefixtures("noon")
def test_what_was_unticked_is_asked_next_on_the_same_page(client, three, oda, values):
    rows, question = three
    client.force_login(oda)
    ticked = [str(row.pk) for row in rows[1:]]
    reply = client.post(f"/reviews/{question.uuid}/", values(dates="1", incident=ticked))
    assert reply["Location"] == f"/reviews/{question.uuid}/"
    page = see(client, oda, question)
    assert "1 incident of the question is still open." in page
    assert "Already answered" in page
    assert f"#{rows[1].number} 23 Nov, 12:40" in words_of(page)
    assert " checked" not in page, "one is left, and there is nothing to choose"
    assert f"#{rows[0].number} · 3 Aug, 13:40" in words_of(page)
    client.post(
        f"/reviews/{question.uuid}/",
        values(verdict="suspicious", why="Not us", cause_suspicious="nobody-of-us"),
    )
    verdict = words_of(see(client, oda, question)).split("You have answered")[1]
    assert verdict.index("Suspicious") < verdict.index("Maintenance"), "the newest answer first"


@pytest.mark.usefixtures("noon")
def test_nothing_ticked_is_no_answer_and_the_rest_comes_back_as_filled_in(
    client, three, oda, values
):
    rows, question = three
    client.force_login(oda)
    reply = client.post(f"/reviews/{question.uuid}/", values(dates="1"))
    assert reply.status_code == 422
    assert "Tick at least one date that your answer is about." in reply.content.decode()
    assert not Verdict.objects.exists()
    one = [str(rows[0].pk)]
    page = client.post(f"/reviews/{question.uuid}/", values(dates="1", incident=one, verdict=""))
    boxes = re.findall(r'name="incident" value="(\d+)"( checked)?', page.content.decode())
    assert dict(boxes) == {str(row.pk): " checked" if row is rows[0] else "" for row in rows}


@pytest.mark.usefixtures("noon")
def test_many_incidents_are_ticked_day_by_day(client, make, ask, oda, values):
    old, new = make(8, at=NOON - timedelta(days=2)), make(6, at=NOON - timedelta(hours=2))
    question = ask([*old, *new])
    page = see(client, oda, question)
    assert "22 Nov 8 incidents" in words_of(page)
    assert "24 Nov 6 incidents" in words_of(page)
    days = re.findall(r'name="incident" value="([\d,]+)" checked', page)
    assert len(days) == 2
    client.post(f"/reviews/{question.uuid}/", values(dates="1", incident=days[:1]))
    assert Verdict.objects.get().incidents.count() == 6


@pytest.mark.usefixtures("noon")
def test_agreeing_is_about_the_incidents_of_the_answer_agreed_with(client, three, answer, olaf):
    rows, question = three
    answer(question, incident_ids=[row.pk for row in rows[1:]])
    second = answer(
        question, verdict="routine", cause="runs-by-itself", now=NOON + timedelta(hours=1)
    )
    page = see(client, olaf, question)
    agreed = re.search(r'<input type="hidden" name="incident" value="([\d,]+)">', page)
    assert agreed.group(1) == str(rows[0].pk)
    assert [incident.pk for incident in second.incidents.all()] == [rows[0].pk]


@pytest.mark.usefixtures("noon")
def test_a_page_tells_when_it_happened_not_when_it_was_raised(client, make, ask, oda):
    times = {
        "first_activity_at": NOON - timedelta(hours=3),
        "modified_at": NOON,
        "latest_activity_at": NOON - timedelta(hours=2),
    }
    page = words_of(see(client, oda, ask(make(at=NOON - timedelta(minutes=5), **times))))
    assert "10:00–11:00" in page
    assert "12:55" not in page
