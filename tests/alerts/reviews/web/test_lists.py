"""The list of reviews by tab, and how many queries it costs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.incidents.models import Severity
from tests.conftest import NOON


@pytest.fixture
def listed(client, noon):
    def shown(person, tab="waiting", **more):
        client.force_login(person)
        return client.get(f"/reviews/?tab={tab}", **more).content.decode()

    return shown


def test_waiting_is_ordered_by_due_time(listed, make, ask, oda):
    ask(make(severity=Severity.LOW, destination="PLC-SLOW"))
    ask(make(severity=Severity.HIGH, destination="PLC-FAST"))
    page = listed(oda)
    assert page.index("PLC-FAST") < page.index("PLC-SLOW")
    cards = page.split('review-card"')[1:]
    assert all(">12:40</p>" in card for card in cards), "when it happened; of today, without a date"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("who", "tab", "words"),
    [
        ("oda", "waiting", "Nothing is waiting for you"),
        ("sam", "waiting", "Nothing is waiting for OT"),
        ("oda", "mine", "You have not answered anything yet"),
        ("sam", "answered", "Nothing was answered yet"),
    ],
)
def test_empty_tabs_say_what_belongs_there(request, listed, who, tab, words):
    assert words in listed(request.getfixturevalue(who), tab)


def test_answered_shows_by_whom_and_why(listed, question, answer, sam):
    answer(question)
    page = listed(sam, "answered")
    assert "Planned programming" in page
    assert "Oda Nowak" in page


def test_my_answers_say_what_came_of_them(listed, question, answer, oda, olaf, incident):
    answer(question)
    assert "The incident is still open." in listed(oda, "mine")
    answer(question, by=olaf, now=NOON + timedelta(minutes=1))
    incident.status, incident.classification = 3, "BenignPositive"
    incident.save()
    page = listed(oda, "mine")
    assert "Superseded by an answer of Olaf Lindqvist." in page
    assert "The incident was closed: Benign positive." in page


def test_with_nothing_waiting_the_latest_answers_stand_there(listed, question, answer, oda):
    answer(question)
    assert "What you answered last" in listed(oda)


def test_other_sites_questions_are_not_listed(listed, question, pia):
    assert "PLC-PL2-07" not in listed(pia)


def test_what_is_beyond_a_page_comes_on_the_next(listed, client, make, ask, oda, monkeypatch):
    monkeypatch.setattr("alerts.reviews.web.views.review_list.PAGE", 3)
    rows = make(5, pattern=None)
    for at, row in enumerate(rows):
        ask([row], now=NOON + timedelta(seconds=at))
    page = listed(oda)
    assert page.count('review-card"') == 3
    after = page.split("after=")[1].split('"')[0]
    assert client.get(f"/reviews/?tab=waiting&after={after}").content.count(b'review-card"') == 2


@pytest.mark.parametrize("tab", ["waiting", "answered", "mine"])
def test_a_longer_list_costs_no_more_queries(listed, make, ask, answer, oda, tab):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            listed(oda, tab)
        return len(queries)

    def one_more():
        question = ask(make())
        if tab != "waiting":
            answer(question)

    one_more()
    cost()  # the first request signs in
    first = cost()
    for _ in range(3):
        one_more()
    assert cost() == first
