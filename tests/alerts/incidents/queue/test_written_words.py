"""Comments, notes and reasons are found by their words, by whoever may read them."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.incidents.engine.hidden_verdicts import CoveredIncident, HiddenVerdict, HiddenVerdicts
from alerts.incidents.models import Comment, Incident, IncidentStatus, TimelineItem
from alerts.incidents.queue.counts import counts_by_view
from alerts.incidents.queue.queries import Queue, queue_params
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON, add_person
from tests.factories.incidents import make_incident, make_queue_row, make_workspace
from tests.reuse import reuse_rows

pytestmark = pytest.mark.django_db


@reuse_rows
def written(gdansk, plant):
    """An open row with a comment, one with OT's note, and a closed incident with its reason."""
    comment(
        lead(make_queue_row(gdansk, plant, title="Scan")), "Ślusarz swapped the valves, WO-20917"
    )
    line(
        lead(make_queue_row(gdansk, plant, title="Stop")), "answered", note="Pump swapped at night"
    )
    closed = make_incident(gdansk, title="Old", status=IncidentStatus.CLOSED)
    line(closed, "closed", comment="The vendor swapped firmware")


def lead(row):
    return Incident.objects.filter(group_key=row.key).get()


def comment(incident, text):
    Comment.objects.create(incident=incident, name=uuid4(), message=text, created_at=NOON)


def line(incident, code, **details):
    TimelineItem.objects.create(incident=incident, at=NOON, side="ot", code=code, details=details)


def titles(user, view, query):
    page = Queue(user, queue_params(view, query), now=NOON).page()
    return sorted(row.title for row in page.rows), page.problems


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize(
    ("query", "opened", "closed"),
    [
        ("note:swapped", ["Scan", "Stop"], ["Old"]),
        ("note:valve", ["Scan"], []),  # the beginning of a word
        ("note:ślusarz", ["Scan"], []),
        ("note:WO-20917", ["Scan"], []),
        ('note:"night pump"', ["Stop"], []),  # all of them, in any order
        ("note:swapped sev:high", [], []),
        ("note:valve,night", ["Scan", "Stop"], []),
        ("note:swapped -note:night", ["Scan"], ["Old"]),
        ('note:"valve\'):*|!"', ["Scan"], []),  # signs of the search language are only text
    ],
)
def test_what_was_written_is_found_by_its_words(sam, query, opened, closed):
    assert titles(sam, "open", query)[0] == opened
    assert titles(sam, "closed", query)[0] == closed
    counts = counts_by_view(Queue(sam, queue_params("open", query), now=NOON))
    assert (counts["open"], counts["closed"]) == (len(opened), len(closed))


@pytest.mark.usefixtures("written")
def test_texts_are_taken_apart_when_they_are_written_and_not_for_each_search(sam):
    with CaptureQueriesContext(connection) as asked:
        assert titles(sam, "open", "note:swapped")[0] == ["Scan", "Stop"]
    searches = [query["sql"] for query in asked if "swapped" in query["sql"]]
    assert searches and not any("to_tsvector" in sql for sql in searches)


@pytest.mark.usefixtures("written")
def test_a_word_that_would_find_everything_is_not_looked_for(sam):
    found, problems = titles(sam, "open", "note:ab")
    assert not found
    assert problems == ["Search comments and notes for words of 3 letters or more."]


@pytest.mark.usefixtures("written")
def test_of_a_word_that_everybody_writes_the_newest_are_found_and_the_list_says_so(
    sam, monkeypatch
):
    for name in ("finders.MOST_FOUND", "queries.MOST_FOUND"):
        monkeypatch.setattr(f"alerts.incidents.queue.{name}", 2)
    found, problems = titles(sam, "open", "note:swapped")
    assert found == ["Stop"]  # the newest two are this one and a closed one
    assert problems == ["Very many have these words: only the newest 2 were looked at."]
    assert not titles(sam, "open", "note:valve")[1]


@pytest.mark.usefixtures("written")
def test_nobody_finds_what_they_may_not_read(gdansk, plant, sam, monkeypatch):
    porto = make_workspace("porto")
    ana = add_person(cast.PIA, (Role.SOC_ANALYST, GrantScope.WORKSPACE, porto.uuid))
    assert titles(ana, "open", "note:swapped")[0] == titles(ana, "closed", "note:swapped")[0] == []
    monkeypatch.setattr("alerts.incidents.queue.finders.MOST_FOUND", 1)
    line(make_incident(porto, status=IncidentStatus.CLOSED), "closed", comment="Valves, newest")
    assert titles(sam, "open", "note:valve")[0] == ["Scan"]  # newer ones elsewhere take no place


@pytest.mark.usefixtures("written")
def test_the_words_of_a_hidden_verdict_are_not_found(sam, monkeypatch):
    judged = TimelineItem.objects.get(code="answered").incident
    covered = CoveredIncident(judged.pk, judged.group_key, judged.pattern)
    verdict = HiddenVerdict(1, uuid4(), "suspicious", NOON, uuid4(), (covered,))
    monkeypatch.setattr(
        "alerts.incidents.queue.queries.hidden_from", lambda user: HiddenVerdicts([verdict])
    )
    assert titles(sam, "open", "note:swapped")[0] == ["Scan"]
    assert titles(sam, "open", "-note:swapped")[0] == ["Stop"]


def test_old_closings_are_found_however_many_came_since(gdansk, sam, monkeypatch):
    monkeypatch.setattr("alerts.incidents.queue.queries.SEARCHED", 2)
    old = make_incident(
        gdansk, title="Old", status=IncidentStatus.CLOSED, modified_at=NOON - timedelta(days=90)
    )
    comment(old, "gearbox")
    for _ in range(4):
        make_incident(gdansk, status=IncidentStatus.CLOSED)
    assert titles(sam, "closed", "note:gearbox")[0] == ["Old"]
