"""S10: our ledger and Sentinel's texts name the same closes; once a day that is looked at."""

from datetime import timedelta

import pytest

from alerts.incidents.models import IncidentRaw
from alerts.suppression.models import LedgerEntry
from alerts.suppression.watching.ledger_comparison import (
    COMPARED,
    compare_ledger,
    compare_ledger_if_due,
)
from portal.jobs.queries import notes_of
from tests.conftest import NOON
from tests.factories.rewriting import rewrite
from tests.reuse import reuse_rows


@reuse_rows
def closed_by_rule(floor_at_noon):
    floor = floor_at_noon
    with floor.clocks():
        floor.rule(number=12)
        floor.targets = [floor.incident() for _ in range(3)]
        floor.decide()
        floor.deliver()


@pytest.fixture
def closed(closed_by_rule, floor):
    return floor


def noted():
    (note,) = notes_of(COMPARED)
    return note.payload["differences"], note.payload["compared"]


def test_what_both_say_is_no_difference(closed):
    assert compare_ledger(now=NOON) == []
    assert noted() == (0, 3)


def test_a_close_that_only_we_know_of_is_one(closed):
    raw = IncidentRaw.objects.get(pk=closed.targets[0].pk)
    raw.body["properties"]["classificationComment"] = "Somebody else's words."
    raw.save()
    (found,) = compare_ledger(now=NOON)
    assert found.code == "ledger.only_here"
    assert noted() == (1, 3)


def test_a_close_in_our_name_that_we_do_not_know_is_one(closed):
    LedgerEntry.objects.filter(incident=closed.targets[0]).delete()
    (found,) = compare_ledger(now=NOON)
    assert found.code == "ledger.only_there"


def test_another_hash_is_one(closed):
    rewrite(LedgerEntry.objects.filter(incident=closed.targets[0]), rule_hash="0" * 64)
    (found,) = compare_ledger(now=NOON)
    assert found.code == "ledger.other"


def test_a_close_that_did_not_stand_is_none(closed):
    closed.sentinel.edit(closed.targets[0].name, status="Active")
    closed.read()
    LedgerEntry.objects.filter(incident=closed.targets[0]).update(ending="reopened")
    assert compare_ledger(now=NOON) == []


def test_a_difference_is_looked_at_again_soon_so_that_a_repair_shows(floor):
    floor.rule()
    floor.incident()
    floor.decide()
    floor.deliver()
    landed = LedgerEntry.objects.get().landed_at
    rewrite(LedgerEntry.objects.all(), landed_at=None)
    assert compare_ledger_if_due(now=floor.now)
    assert noted()[0] == 1
    LedgerEntry.objects.update(landed_at=landed)
    floor.clock.at += timedelta(minutes=11)
    assert compare_ledger_if_due(now=floor.now)
    assert noted()[0] == 0


def test_it_is_done_once_a_day(floor):
    assert not compare_ledger_if_due(now=floor.now), "there is no ledger yet"
    floor.rule()
    floor.incident()
    floor.decide()
    floor.deliver()
    assert compare_ledger_if_due(now=floor.now)
    assert not compare_ledger_if_due(now=floor.now)
    floor.clock.at += timedelta(hours=25)
    assert compare_ledger_if_due(now=floor.now)
