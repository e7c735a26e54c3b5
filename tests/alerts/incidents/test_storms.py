"""What one source raises far above its own rhythm is one row; what differs has a row of its own."""

from collections import Counter
from datetime import timedelta
from random import Random

import pytest

from alerts.incidents.engine.storms import DAY, HOUR, StreamRate, is_like_the_rest
from alerts.incidents.ingest import storms
from alerts.incidents.ingest.details import IncidentDetails, store_details_of_many
from alerts.incidents.ingest.groups import crowded_streams, regroup
from alerts.incidents.ingest.storms import fold_storms
from alerts.incidents.models import Group, Incident, IncidentStatus, Severity
from alerts.sentinel.wire.alerts import read_alerts
from tests.conftest import examples
from tests.factories.answers import alert, listed
from tests.factories.incidents import NOON, make_device, make_site, make_workspace, new_incident

PEERS = [f"PLC-{at:02}" for at in range(24)]
TITLE = "Modbus Address Violation"


class Plant:
    """A workspace that reads incidents with their details as intake does, fifty at a time."""

    def __init__(self):
        self.workspace, self.site = make_workspace(), make_site()
        self._number = 0

    def raise_incidents(self, *facts, at=NOON, seconds=0.0, **columns):
        """One incident for each `(destination, changes)`, so many seconds apart."""
        rows, alerts = [], []
        for place, (destination, changes) in enumerate(facts):
            created = at + timedelta(seconds=place * seconds)
            own = {"title": TITLE, "created_at": created, "modified_at": created}
            own |= {"techniques": ["T0801"], "severity": Severity.LOW}
            own |= columns | changes.get("incident", {})
            rows.append(new_incident(self.workspace, **own))
            self._number += 1
            bag = {"SourceDevice": "SCADA-02", "SourceDeviceAddress": "10.20.1.2"}
            bag |= {"DestinationDevice": destination, "Function": "Read Holding Registers"}
            bag |= {"DestinationDeviceAddress": f"10.20.2.{1 + sum(map(ord, destination)) % 250}"}
            name = {"alertDisplayName": own["title"], "severity": "Low"}
            times = {"startTimeUtc": created.isoformat(), "endTimeUtc": created.isoformat()}
            bag |= changes.get("bag", {})
            alerts.append([alert(self._number, bag=bag, **name, **times)])
        Incident.objects.bulk_create(rows)
        regroup([row.pk for row in rows], now=at)
        for start in range(0, len(rows), 50):
            piece = list(zip(rows, alerts, strict=True))[start : start + 50]
            fetched = [IncidentDetails(row.pk, read_alerts(listed(own)), []) for row, own in piece]
            regroup(store_details_of_many(fetched=fetched, now=at), now=at)
            fold_storms(crowded_streams([row.pk for row, _ in piece], now=at), now=at)
        return [row.pk for row in rows]

    def live(self, *, days=10, **columns):
        """The source meets each of its peers on each of some days before, and it is dealt with."""
        for day in range(days):
            facts = [(peer, {}) for peer in PEERS]
            at = NOON - timedelta(days=day + 2)
            closed = {"status": IncidentStatus.CLOSED} | columns
            self.raise_incidents(*facts, at=at, seconds=600, **closed)


@pytest.fixture
def plant(db):
    return Plant()


STORM = [(peer, {}) for peer in PEERS]
DIFFERENCES = {
    "function": lambda at: (PEERS[at % 24], {"bag": {"Function": "Write Single Register"}}),
    "peer": lambda at: (f"HMI-{at}", {}),
    "severity": lambda at: (PEERS[at % 24], {"incident": {"severity": Severity.HIGH}}),
    "type": lambda at: (PEERS[at % 24], {"incident": {"title": "PLC Stop Command Was Sent"}}),
    "technique": lambda at: (PEERS[at % 24], {"incident": {"techniques": ["T0801", "T0855"]}}),
    "product": lambda at: (
        PEERS[at % 24],
        {"incident": {"product_names": ["Microsoft Defender for Endpoint"]}},
    ),
    "safety": lambda at: ("SIS-01", {}),
    "crown jewel": lambda at: ("TURBINE-01", {}),
}


def row_of(pk):
    return Group.objects.get(key=Incident.objects.get(pk=pk).group_key)


def test_five_hundred_incidents_in_two_minutes_are_one_row(plant):
    plant.live(days=3)
    ids = plant.raise_incidents(*(STORM * 21)[:500], seconds=0.24)
    row = Group.objects.get()
    assert (row.n, row.source, row.storm_peers) == (500, "SCADA-02", 24)
    assert row.storm_since == NOON
    assert (row.storm_before, row.storm_hours) == (6, 1)
    assert set(Incident.objects.filter(pk__in=ids).values_list("status", flat=True)) == {1}


def test_attacks_hidden_in_a_storm_are_rows_of_their_own(plant):
    for name, criticality in (("SIS-01", "safety"), ("TURBINE-01", "crown-jewel")):
        address = f"10.20.2.{1 + sum(map(ord, name)) % 250}"
        make_device(plant.site, name, address, criticality=criticality)
    plant.raise_incidents(
        *((name, {}) for name in ("SIS-01", "TURBINE-01")),
        at=NOON - timedelta(days=5),
        status=IncidentStatus.CLOSED,
    )
    plant.live(days=2)
    kinds = [list(DIFFERENCES)[at % len(DIFFERENCES)] for at in range(examples(80, hunted=200))]
    attacks = [(kind, DIFFERENCES[kind](at)) for at, kind in enumerate(kinds)]
    facts = [("", fact) for fact in STORM * 10] + attacks
    Random(7).shuffle(facts)
    ids = plant.raise_incidents(*[fact for _, fact in facts], seconds=0.2)
    keys = dict(Incident.objects.filter(pk__in=ids).values_list("pk", "group_key"))
    harmless = {keys[pk] for pk, (kind, _) in zip(ids, facts, strict=True) if not kind}
    hidden = Counter(
        kind for pk, (kind, _) in zip(ids, facts, strict=True) if kind and keys[pk] in harmless
    )
    assert hidden == {}, "attacks in a row of the storm, by how they differ"
    assert len(harmless) == 1
    assert Group.objects.get(key=harmless.pop()).n == 240


def test_an_attack_beside_a_storm_is_not_called_a_storm_itself(plant):
    plant.live(days=2)
    kinds = ("function", "peer", "severity", "technique", "product")
    attacks = [DIFFERENCES[kind](0) for kind in kinds]
    plant.raise_incidents(*[(PEERS[0], {})] * 60, *attacks, seconds=1)
    assert Group.objects.get(n=60).storm_since == NOON
    assert [row.storm_since for row in Group.objects.exclude(n=60)] == [None] * len(kinds)


def test_a_safety_system_is_no_part_of_a_storm_and_its_row_is_none(plant):
    address = f"10.20.2.{1 + sum(map(ord, PEERS[0])) % 250}"
    make_device(plant.site, PEERS[0], address, criticality="safety")
    plant.live(days=2)
    made = plant.raise_incidents(*STORM * 3, seconds=1)
    critical = Incident.objects.filter(pk__in=made, destination=PEERS[0])
    assert {row.storm for row in critical} == {None}
    assert row_of(critical[0].pk).n == 3
    assert row_of(critical[0].pk).storm_since is None
    assert Group.objects.get(n=69).storm_peers == 23


def test_a_new_peer_stays_apart_in_the_storm_of_the_next_day(plant):
    plant.live(days=2)
    (odd, *_) = plant.raise_incidents(("HMI-66", {}), *STORM * 2, seconds=1)
    plant.raise_incidents(("HMI-66", {}), *STORM * 8, at=NOON + timedelta(hours=26), seconds=1)
    assert (row_of(odd).n, row_of(odd).destination) == (2, "HMI-66")
    assert Incident.objects.exclude(storm=None).count() == 24 * 10


def test_who_sweeps_new_addresses_gets_a_row_for_each(plant):
    plant.live(days=2)
    plant.raise_incidents(*[(f"HMI-{at:02}", {}) for at in range(30)], seconds=1)
    assert set(Group.objects.values_list("n", "storm_since")) == {(1, None)}
    assert Group.objects.count() == 30


def test_what_was_open_before_the_storm_stays_where_it_is(plant):
    plant.live(days=2)
    old = plant.raise_incidents((PEERS[3], {}), at=NOON - timedelta(days=20))
    plant.raise_incidents(*STORM * 2, seconds=1)
    assert row_of(old[0]).n == 1
    assert Group.objects.exclude(storm_since=None).get().n == 48


def test_late_details_beside_a_closed_storm_are_stored(plant):
    plant.live(days=2)
    ids = plant.raise_incidents(*STORM * 2, seconds=1)
    Incident.objects.filter(pk__in=ids).update(status=IncidentStatus.CLOSED)
    regroup(ids, now=NOON)
    early = {"incident": {"created_at": NOON - timedelta(hours=2)}}
    plant.raise_incidents(("HMI-66", {}), (PEERS[0], early), at=NOON + timedelta(minutes=5))
    assert list(Group.objects.values_list("n", "storm_since")) == [(1, None)] * 2


def test_at_its_own_rhythm_a_storm_is_over(plant):
    plant.live(days=2)
    ids = plant.raise_incidents(*STORM * 2, seconds=1)
    closed = {"status": IncidentStatus.CLOSED}
    Incident.objects.filter(pk__in=ids).update(**closed)
    days_ago = NOON - timedelta(days=2)
    Incident.objects.filter(pk__in=ids[1:]).update(created_at=days_ago)  # but for the last of them
    regroup(ids, now=NOON)
    (ordinary,) = plant.raise_incidents((PEERS[1], {}), at=NOON + timedelta(minutes=50))
    assert Incident.objects.get(pk=ordinary).storm is None


def test_who_was_closed_meanwhile_does_not_join(plant, monkeypatch):
    plant.live(days=2)
    joining = storms._joining

    def close_before_joining(stream, *, since):
        ids = joining(stream, since=since)
        Incident.objects.filter(pk=ids[0]).update(status=IncidentStatus.CLOSED, group_key=None)
        return ids

    monkeypatch.setattr(storms, "_joining", close_before_joining)
    ids = plant.raise_incidents(*STORM, seconds=1)
    assert Incident.objects.filter(pk__in=ids, storm=None, group_key=None).count() == 1
    assert Group.objects.exclude(storm_since=None).get().n == len(STORM) - 1


def test_the_row_of_a_storm_that_is_made_anew_is_called_one_again(plant):
    plant.live(days=2)
    ids = plant.raise_incidents(*STORM * 2, seconds=1)
    for status in (IncidentStatus.CLOSED, IncidentStatus.NEW):
        Incident.objects.filter(pk__in=ids).update(status=status)
        regroup(ids, now=NOON)
    row = Group.objects.get()
    assert (row.n, row.storm_since, row.storm_peers) == (48, NOON, 24)
    of_one_peer = Incident.objects.filter(pk__in=ids, destination=PEERS[0])
    of_one_peer.update(status=IncidentStatus.CLOSED)
    regroup(ids, now=NOON)
    row.refresh_from_db()
    assert (row.n, row.storm_since, row.storm_peers) == (46, NOON + timedelta(seconds=1), 23)


def test_alike_incidents_at_their_own_rhythm_stay_rows_of_their_pairs(plant):
    plant.live(days=3)
    plant.raise_incidents(*STORM, seconds=600)
    assert Group.objects.count() == 24
    assert not Group.objects.exclude(storm_since=None).exists()


def test_a_pair_alone_can_be_a_storm_and_keeps_one_row(plant):
    plant.raise_incidents(*[(PEERS[0], {})] * 30, seconds=1)
    row = Group.objects.get()
    assert (row.n, row.storm_peers, row.destination) == (30, 1, "PLC-00")
    assert (row.storm_before, row.storm_since) == (0, NOON)


def test_what_comes_after_the_storm_was_closed_folds_at_once(plant):
    plant.live(days=2)
    ids = plant.raise_incidents(*STORM * 5, seconds=1)
    Incident.objects.filter(pk__in=ids).update(status=IncidentStatus.CLOSED)
    regroup(ids, now=NOON)
    plant.raise_incidents(*STORM[:3], at=NOON + timedelta(minutes=5), seconds=1)
    assert Group.objects.get().n == 3


def test_while_older_details_are_owed_nobody_knows_the_rhythm(plant):
    owed = {"created_at": NOON - timedelta(days=3), "details_due_at": NOON, "alert_type": TITLE}
    new_incident(plant.workspace, **owed, status=IncidentStatus.CLOSED).save()
    plant.raise_incidents(*STORM * 2, seconds=1)
    assert not Group.objects.exclude(storm_since=None).exists()


def test_what_turns_out_to_differ_leaves_the_fold(plant):
    plant.live(days=2)
    ids = plant.raise_incidents(*STORM * 3, seconds=1)
    Incident.objects.filter(pk=ids[0]).update(severity=Severity.HIGH)
    regroup([ids[0]], now=NOON)
    assert (row_of(ids[0]).n, row_of(ids[0]).storm_since) == (1, None)
    assert row_of(ids[1]).n == len(ids) - 1


@pytest.mark.parametrize(
    ("n", "busiest", "expected"),
    [(19, 0, False), (20, 0, True), (20, 6, True), (20, 7, False), (500, 160, True)],
)
def test_a_storm_is_at_least_twenty_and_three_times_what_came_before(n, busiest, expected):
    assert StreamRate(HOUR, n, busiest, latest=1).is_storm is expected
    assert StreamRate(DAY, n, busiest, latest=n // 8 + 1).is_storm is expected


@pytest.mark.parametrize(("latest", "expected"), [(3, False), (4, True), (100, True)])
def test_the_storm_of_a_day_is_over_when_its_latest_eighth_lacks_a_quarter_of_its_share(
    latest, expected
):
    assert StreamRate(DAY, 100, 6, latest).is_storm is expected


def test_what_comes_hours_after_a_heavy_storm_is_ordinary(plant):
    plant.live(days=3)
    plant.raise_incidents(*STORM * 5, seconds=1)
    (soon,) = plant.raise_incidents((PEERS[1], {}), at=NOON + timedelta(minutes=30))
    assert Incident.objects.get(pk=soon).storm is not None
    for hours in (4, 12, 22):
        (ordinary,) = plant.raise_incidents((PEERS[1], {}), at=NOON + timedelta(hours=hours))
        assert Incident.objects.get(pk=ordinary).storm is None, f"{hours} hours later"


def test_a_new_source_has_no_usual_peers_and_a_safety_system_never_folds():
    assert is_like_the_rest(is_critical=False, is_peer_usual=False, has_usual_peers=False)
    assert not is_like_the_rest(is_critical=False, is_peer_usual=False, has_usual_peers=True)
    assert not is_like_the_rest(is_critical=True, is_peer_usual=True, has_usual_peers=True)
