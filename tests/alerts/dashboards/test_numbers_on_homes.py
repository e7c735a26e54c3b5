"""Every number on every home, compared with the database row by row."""

import re
from datetime import timedelta
from functools import partial
from html import unescape
from statistics import median
from uuid import UUID, uuid4

import pytest

from alerts.incidents.acts.triage import assign_incidents
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import Incident, IncidentStatus
from alerts.reviews.models import Question, Verdict
from portal.ui.words import length
from tests.alerts.dashboards.conftest import answer_as, ask_about, make_alike
from tests.conftest import NOON
from tests.factories.incidents import make_incident, new_incident
from tests.reuse import reuse_rows

pytestmark = pytest.mark.usefixtures("fixed_clocks")
WEEK, DAY = timedelta(days=7), timedelta(days=1)


@pytest.fixture
def reads(client):
    """`reads(person)` is that person's home as bare text, without pictures and what is folded."""

    def read(person):
        client.force_login(person)
        html = client.get("/").text
        main = html[html.index("<main") : html.index("</main>")]
        bare = re.sub(
            r"<svg.*?</svg>|<details.*?</details>|<thead.*?</thead>", "", main, flags=re.S
        )
        return " ".join(re.sub(r"<[^>]+>", " ", bare).split())

    return read


@reuse_rows
def busy(workspace, porto_workspace, site, porto, oda, sam, leo):
    """Two plants at work; no two numbers of them are the same by chance."""
    make = partial(make_alike, where=workspace, at=site)
    ask, answer = partial(ask_about, site=site, by=sam), partial(answer_as, oda)
    make(3, destination="PLC-1", created_at=NOON - 9 * DAY)
    make(2, destination="PLC-2", where=porto_workspace, at=porto)
    make(destination="PLC-3", at=None)
    make(2, destination="PLC-4", site_ids=[site.pk, porto.pk], created_at=NOON - 30 * DAY)
    mine = make(destination="PLC-5", owner_id=sam.email, owner_name=sam.name)
    assign_incidents(incident_ids=[mine[0].pk], to=leo, by=sam, now=NOON)
    answered = (("PLC-6", 50, 0.5), ("PLC-7", 60, 1.5), ("PLC-8", 70, 30), ("PLC-9", 400, 1))
    for destination, hours, took in answered:
        asked_at = NOON - timedelta(hours=hours)
        answer(
            ask(make(2, destination=destination), now=asked_at),
            now=asked_at + timedelta(hours=took),
        )
    stream = {"destination": "PLC-10", "pattern": uuid4()}  # one row with two questions
    ask(make(4, **stream), now=NOON - 3 * DAY)  # late by now
    ask(make(2, **stream))
    shut = {"status": IncidentStatus.CLOSED, "created_at": NOON - 40 * DAY, "modified_at": NOON}
    closings = [
        ("gdansk", "BenignPositive", "", 1),
        ("gdansk", "BenignPositive", "R-12", 2),
        ("gdansk", "FalsePositive", "", 3),
        ("gdansk", "BenignPositive", "R-12", 6),
        ("gdansk", "TruePositive", "", 8),
        ("gdansk", "BenignPositive", "R-7", 20),
        ("porto", "BenignPositive", "", 2),
        ("porto", "BenignPositive", "", 9),
    ]
    where = {"gdansk": (workspace, site), "porto": (porto_workspace, porto)}
    for name, classification, rule, days in closings:
        of, at = where[name]
        make_incident(
            of,
            classification=classification,
            closed_by=rule,
            site_ids=[at.pk],
            closed_at=NOON - days * DAY,
            **shut,
        )


def seen_by(person, rows, site):
    """Which of the incidents a person of the cast may see."""
    name = person.given_name
    if name in ("Olaf", "Oda"):
        return [row for row in rows if site.pk in row.site_ids]
    return [row for row in rows if name == "Mia" or row.workspace.name == "gdansk"]


def is_open(row):
    return row.status != IncidentStatus.CLOSED


def in_time(question):
    return question.state == "answered" and question.settled_at <= question.due_at


def decided(question):
    """When a question was decided; None where it is not."""
    if in_time(question):
        return question.settled_at
    return question.due_at if question.state != "withdrawn" and question.due_at < NOON else None


def place_line(name, rows, questions):
    """A line of the tables of places, as it reads."""
    open_rows = [row for row in rows if is_open(row)]
    late = [row for row in open_rows if row.ot_state == "waiting" and row.ot_due_at < NOON]
    counts = [
        len(open_rows),
        sum(row.ot_state == "" for row in open_rows),
        sum(row.ot_state == "waiting" for row in open_rows),
        len(late),
    ]
    week = [
        question for question in questions if (at := decided(question)) and NOON - WEEK < at <= NOON
    ]
    kept = sum(map(in_time, week))
    share = f"{kept * 100 // len(week)} % ({kept} of {len(week)})" if week else "–"
    return f"{name} {' '.join(map(str, counts))} {share}"


@pytest.mark.parametrize("person", ["mia", "leo", "olaf"])
def test_the_numbers_of_those_who_lead(request, reads, busy, person, site):
    person = request.getfixturevalue(person)
    everything = list(Incident.objects.select_related("workspace"))
    rows = seen_by(person, everything, site)
    questions = [
        question
        for question in Question.objects.select_related("site", "lead__workspace")
        if seen_by(person, [question.lead], site)
    ]
    text = reads(person)

    now_open = sum(map(is_open, rows))
    opened_since = [row for row in rows if row.created_at > NOON - WEEK]
    closed = [row for row in rows if not is_open(row) and row.closed_at > NOON - WEEK]
    before = now_open - sum(map(is_open, opened_since)) + len(closed)
    change = f"{now_open - before} more" if now_open > before else f"{before - now_open} fewer"
    assert f"Open incidents {now_open} {change} than a week ago" in text

    by_rule = [row for row in closed if row.closed_by]
    earlier = [
        row
        for row in rows
        if not is_open(row) and not row.closed_by and NOON - 2 * WEEK < row.closed_at <= NOON - WEEK
    ]
    by_people = len(closed) - len(by_rule)
    assert f"Closed by people {by_people} the week before: {len(earlier)}" in text
    share = round(100 * len(by_rule) / len(closed))
    assert f"Closed by rules {len(by_rule)} {share} % of all closed" in text

    took = [
        question.settled_at - question.asked_at
        for question in questions
        if question.state == "answered" and question.settled_at > NOON - WEEK
    ]
    week = [question for question in questions if (at := decided(question)) and at > NOON - WEEK]
    kept = sum(map(in_time, week))
    in_words = f"{kept} of {len(week)} in time ({kept * 100 // len(week)} %)"
    assert f"OT answer time {length(median(took))} {in_words}" in text

    for classification, word in (("BenignPositive", "Benign"), ("FalsePositive", "False")):
        n = sum(row.classification == classification for row in closed)
        assert f"{word} positive {n} " in text
    assert f"{len(closed)} in all: {by_people} by people, {len(by_rule)} by rules." in text

    for workspace in {row.workspace for row in rows}:
        at = [row for row in rows if row.workspace == workspace]
        asked = [question for question in questions if question.lead.workspace == workspace]
        assert place_line(workspace.name, at, asked) in text
    names = {"mia": ("Gdańsk", "Porto"), "leo": ("Gdańsk", "Porto"), "olaf": ("Gdańsk",)}
    shown = names[person.given_name.lower()]
    for name in shown:
        at = [row for row in rows if request.getfixturevalue(FIXTURES[name]).pk in row.site_ids]
        assert (
            place_line(name, at, [question for question in questions if question.site.name == name])
            in text
        )
    assert ("Porto" in text) is ("Porto" in shown)


FIXTURES = {"Gdańsk": "site", "Porto": "porto"}


def test_sites_that_share_an_incident_say_that_they_add_up_to_more(reads, busy, mia, olaf):
    both = "An incident that touches two sites counts at both."
    n = Incident.objects.exclude(status=IncidentStatus.CLOSED).count()
    assert f"{both} In all, {n} are open." in reads(mia)
    assert "Not placed at a site yet 1 1 0 0 –" in reads(mia)
    assert both not in reads(olaf), "whoever sees one site sees no sum"


@pytest.mark.parametrize("person", ["sam", "leo"])
def test_the_numbers_of_the_soc(request, reads, busy, person):
    person = request.getfixturevalue(person)
    rows = [
        row
        for row in Incident.objects.exclude(status=IncidentStatus.CLOSED)
        if row.workspace.name == "gdansk"
    ]
    waiting = [row for row in rows if row.ot_state == "waiting"]
    views = {
        "Needs triage": [row for row in rows if row.ot_state == ""],
        "Waiting for OT": waiting,
        "Late answers": [row for row in waiting if row.ot_due_at < NOON],
        "Mine": [row for row in rows if row.owner_id == person.email],
    }
    text = reads(person)
    for label, of in views.items():
        groups = len({row.group_key for row in of})
        row_word = "row" if groups == 1 else "rows"
        assert f"{label} {groups} {row_word} · {len(of)} incident" in text
    assert f"{len(views['Needs triage'])} incidents need triage. 1 answer is late." in text
    latest = Verdict.objects.filter(given_at__gt=NOON - DAY)
    assert text.count(" Maintenance") == latest.count() + sum(
        row.ot_state == "maintenance" for row in views["Mine"]
    )


def test_the_numbers_of_who_answers_for_ot(reads, busy, oda):
    waiting = Question.objects.filter(state="waiting").count()
    verdicts = Verdict.objects.filter(by=oda)
    judged = Incident.objects.filter(verdicts__in=verdicts).distinct()
    judged.filter(destination="PLC-6").update(status=IncidentStatus.CLOSED)
    closed = sum(not is_open(row) for row in judged)
    text = reads(oda)
    assert f"{waiting} questions are waiting for you." in text
    assert f"You gave {verdicts.count()} verdicts." in text
    assert f"The SOC has closed {closed} of the {judged.count()} incidents you judged." in text
    assert f"{verdicts.count()} maintenance" in text


def test_every_number_with_a_list_leads_to_it(client, busy, mia):
    client.force_login(mia)
    html = client.get("/").text
    lists = {
        label: (unescape(href), int(value))
        for href, label, value in re.findall(
            r'<a href="([^"]+)" aria-label="([^":]+): (\d+)">', html
        )
    }
    assert lists["Open incidents"][0] == "/incidents/?view=open"
    for label in ("Closed by people", "Closed by rules"):
        href, n = lists[label]
        assert client.get(href).text.count('<tr id="row-') == n > 0
    answers = re.search(r'<a href="([^"]+)" aria-label="OT answer time: ', html)
    assert answers and answers[1] == "/reviews/?tab=answered"
    unplaced = re.search(r'href="([^"]+)">Not placed at a site yet', html)
    assert unplaced and "site%3Anone" in unplaced[1]


def test_numbers_are_written_the_same_way_everywhere(reads, mia, workspace):
    alike = {"pattern": UUID(int=7), "created_at": NOON - 9 * DAY}
    rows = Incident.objects.bulk_create(new_incident(workspace, **alike) for _ in range(1200))
    regroup([row.pk for row in rows], now=NOON)
    text = reads(mia)
    assert "1,200 incidents are open." in text
    assert "Open incidents 1,200 as many as a week ago" in text
    assert "gdansk 1,200 1,200 0 0" in text
