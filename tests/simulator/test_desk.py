"""The pretend SOC goes on working while time passes."""

from collections import Counter
from datetime import timedelta

import orjson
import pytest

from simulator.clock import to_ticks
from simulator.desk import work_until
from simulator.incident_records import CLOSING, NO_OWNER, from_case
from simulator.incidents import change_incident
from simulator.running import default_plant
from simulator.simulator import Simulator
from tests.simulator.conftest import START

A_DAY, DAYS = 16, 15
HALF_A_DAY = timedelta(hours=12)
END = START + timedelta(days=DAYS)


@pytest.fixture(scope="module")
def azure():
    """Three weeks as the desk left it, and fifteen days more in which only incidents came."""
    simulator = Simulator(default_plant(7), throttled=False, living=False, frozen_at=START)
    azure = simulator.azure
    azure.per_day = A_DAY
    with azure.store.transaction():
        azure.store.incidents.put_all(history_of(azure))
        azure.in_hand = put_in_hand(azure)
        azure.before = open_incidents(azure, at=START)
        azure.closed = sum(
            work_until(azure, to_ticks(at + HALF_A_DAY), after=to_ticks(at))
            for at in (START + number * HALF_A_DAY for number in range(2 * DAYS))
        )
    yield azure
    simulator.close()


def history_of(azure):
    before = azure.plant.history(20 * A_DAY, start=START - timedelta(days=20), end=START)
    after = azure.plant.history(DAYS * A_DAY, start=START, end=END)
    for number, case in enumerate((*before, *after)):
        if case.created > START:
            for member in CLOSING:
                case.properties.pop(member, None)
            case.properties.update(status="New", owner=dict(NO_OWNER), labels=[])
        yield from_case(azure, case, number=number)


def put_in_hand(azure):
    """Some that came are no longer the desk's; one has only the label of a rule's trial."""
    changes = (
        {"labels": [{"labelName": "tagout:escalated", "labelType": "User"}]},
        {"owner": {**NO_OWNER, "assignedTo": "Sam"}},
        {"status": "Active"},
        {"labels": [{"labelName": "tagout:would-close:R-1", "labelType": "User"}]},
    )
    rows = [row for row in azure.store.incidents.open_of_plant() if row.created > to_ticks(START)]
    incidents = [azure.store.incidents.get(row.workspace, row.name) for row in rows[:4]]
    for incident, values in zip(incidents, changes, strict=True):
        change_incident(
            azure,
            incident,
            lambda old, new=values: old.update(new),
            at=incident.created,
            source="Other",
            author="portal",
        )
    return incidents


def open_incidents(azure, *, at):
    rows = azure.store.incidents.open_of_plant()
    return sum(row.created <= to_ticks(at) for row in rows)


def closings(azure):
    """Those that the desk closed in the fifteen days, by moment, with what it wrote."""
    sql = "select modified, properties from incidents where status = 'Closed' and modified > ?"
    rows = azure.store.db.execute(sql, (to_ticks(START),)).fetchall()
    return sorted((modified, orjson.loads(properties)) for modified, properties in rows)


def test_each_week_it_closes_about_what_comes_and_the_queue_does_not_grow(azure):
    weeks = Counter((at - to_ticks(START)) // (7 * 864 * 10**9) for at, _ in closings(azure))
    for week in (0, 1):
        assert 0.7 * 7 * A_DAY < weeks[week] < 1.4 * 7 * A_DAY, weeks
    assert open_incidents(azure, at=END) < 1.2 * azure.before


def test_it_closes_as_it_did_before_and_leaves_a_trace(azure):
    closed = closings(azure)
    kinds = Counter(properties["classification"] for _, properties in closed)
    assert kinds["BenignPositive"] > len(closed) / 2
    assert "TruePositive" not in kinds, "a case takes months"
    assert all(properties["owner"]["assignedTo"] for _, properties in closed)
    assert [at for at, _ in closed] == sorted({at for at, _ in closed}), "one after the other"
    lines = azure.store.db.execute("select count(*) from journal where effect = 'closed'")
    assert lines.fetchone()[0] == len(closed) == azure.closed


def test_what_somebody_else_has_in_hand_stays_open(azure):
    *in_hand, tried = (
        azure.store.incidents.get(incident.workspace, incident.name).properties["status"]
        for incident in azure.in_hand
    )
    assert "Closed" not in in_hand
    assert tried == "Closed", "a trial takes nothing out of anybody's hands"


def test_whoever_reads_the_workspace_sees_each_incident_open_first(azure):
    """Rules would find nothing to close if a leap of the clock brought incidents closed already."""
    sql = "select created, modified from incidents where status = 'Closed' and created > ?"
    rows = azure.store.db.execute(sql, (to_ticks(START),)).fetchall()
    leap = HALF_A_DAY.total_seconds() * 10**7
    assert rows
    assert all(
        (created - to_ticks(START)) // leap < (closed - to_ticks(START)) // leap
        for created, closed in rows
    )
