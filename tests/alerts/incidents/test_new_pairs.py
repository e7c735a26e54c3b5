"""Two devices are a new pair until other incidents show them together on a later day."""

from datetime import datetime

import pytest

from alerts.incidents.ingest.details import IncidentDetails, store_details_of_many
from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import Incident, PairMemory
from alerts.sentinel.wire.alerts import read_alerts
from alerts.sentinel.wire.entities import read_entities
from tests.factories.answers import alert, device, listed, rule_made
from tests.factories.incidents import NOON, make_incident, make_workspace

pytestmark = pytest.mark.django_db
REVERSED = {
    "SourceDevice": "PLC-21",
    "SourceDeviceAddress": "10.20.2.21",
    "DestinationDevice": "EWS-07",
    "DestinationDeviceAddress": "10.20.1.7",
}
BOTH = [*device("PLC-21", "10.20.2.21"), *device("EWS-07", "10.20.1.7")]


@pytest.fixture
def workspace():
    return make_workspace()


@pytest.fixture
def show(workspace):
    """`show([alert(…)], …)`: one incident for each list of alerts, stored in one batch."""

    def run(*lists, entities=(), incident=None):
        rows = [incident or make_incident(workspace) for _ in lists]
        described = read_entities(listed(list(entities), "entities")).entities
        fetched = [
            IncidentDetails(row.pk, read_alerts(listed(alerts)), described, None)
            for row, alerts in zip(rows, lists, strict=True)
        ]
        regroup(store_details_of_many(fetched=fetched, now=NOON), now=NOON)
        return rows[0]

    return run


def at(number, moment, made=alert, **more):
    return made(number, startTimeUtc=f"2026-{moment}:00Z", **more)


def new_pairs():
    rows = Incident.objects.order_by("pk")
    return ["new-pair" in {code for code, _, _ in row.priority_parts} for row in rows]


def test_a_pair_is_new_in_its_first_incident_only(show):
    show([at(1, "11-24T05:30")])
    show([at(2, "11-24T05:40")])
    assert new_pairs() == [True, False]


def test_a_pair_is_new_no_more_when_older_history_arrives(show):
    """Details come newest first: what looks new today was often seen months ago."""
    show([at(1, "11-24T05:30")])
    assert new_pairs() == [True]
    show([at(2, "09-01T05:40")])
    assert new_pairs()[0] is False


def test_a_pair_that_shows_again_on_a_later_day_is_new_no_more(show):
    show([at(1, "11-20T05:00")])
    show([at(2, "11-20T23:00")])
    assert new_pairs() == [True, False]
    show([at(3, "11-21T06:00")])
    assert new_pairs() == [False, False, False]


def test_alerts_of_the_first_incident_do_not_make_its_own_pair_usual(show):
    first = show([at(1, "11-20T05:00"), at(2, "11-23T05:00")])
    show([at(1, "11-20T05:00"), at(3, "11-24T05:00")], incident=first)
    assert new_pairs() == [True]


def test_many_sightings_that_come_at_once_make_a_pair_usual(show):
    show(*[[at(day, f"11-{day:02d}T05:00")] for day in range(1, 25)])
    assert not any(new_pairs())


def test_it_is_no_new_pair_when_the_other_one_begins(show):
    show([at(1, "11-20T05:00")])
    show([at(2, "11-22T05:00", bag=REVERSED)])
    assert not any(new_pairs())
    assert PairMemory.objects.count() == 1


def test_an_alert_that_does_not_tell_who_began_counts_as_well(show):
    show([at(1, "11-20T05:00", made=rule_made)], entities=BOTH)
    assert new_pairs() == [True]
    show([at(2, "11-22T05:00")], entities=BOTH)
    assert not any(new_pairs())


def test_a_pair_that_is_seen_all_the_time_is_written_twice_at_most(show):
    for day in range(1, 10):
        show([at(day, f"11-{day:02d}T05:00")])
    pair = PairMemory.objects.get()
    assert pair.first_seen_at == datetime.fromisoformat("2026-11-01T05:00:00Z")
    assert pair.seen_again_at == datetime.fromisoformat("2026-11-02T05:00:00Z")
