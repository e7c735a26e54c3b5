from datetime import timedelta

import pytest

from alerts.incidents.models import Incident
from alerts.intake.models import Cursor, Missing, Run
from alerts.intake.services.history import is_history_read, read_history
from alerts.intake.services.pace import Budget
from alerts.intake.services.poll import pull_changes
from alerts.intake.services.sweep import (
    BROKE_OFF,
    latest_sweep_began_at,
    reread_missing,
    sweep_began_at,
    sweep_workspace,
)
from alerts.sentinel.client.port import SentinelNotFound, SentinelRefused, SentinelUnavailable
from tests.factories.incidents import NOON
from tests.memory_sentinel import MemorySentinel


@pytest.fixture
def ages(sentinel):
    """Incidents of 120 days, one every 8 hours; the newest first in the answer."""
    return [sentinel.add_incident(at=NOON - timedelta(hours=8 * n)) for n in range(1, 361)]


def history(workspace, sentinel, **options):
    return read_history(workspace=workspace, client=sentinel, now=NOON, **options)


def sweep(workspace, sentinel, now=NOON):
    return sweep_workspace(workspace=workspace, client=sentinel, now=now)


def test_all_of_history_is_listed_once_newest_first(workspace, sentinel, ages):
    counts = history(workspace, sentinel)
    assert (counts.new, counts.unchanged, counts.total) == (360, 0, 360)
    assert is_history_read(Cursor.objects.get())
    assert Incident.objects.order_by("pk")[0].name in ages[:3]
    assert Run.objects.get().kind == "backfill"
    assert len(sentinel.calls) < 20, "windows grow where little happened"


def test_what_changed_during_history_is_found_by_the_next_poll(workspace, sentinel, ages):
    history(workspace, sentinel)
    assert Cursor.objects.get().watermark == NOON - timedelta(hours=8)
    counts = pull_changes(workspace=workspace, client=sentinel, now=NOON)
    assert (counts.new, counts.changed) == (0, 0)


def test_history_in_slices_ends_with_the_same(workspace, sentinel, ages, monkeypatch):
    monkeypatch.setattr(
        MemorySentinel.list_incidents,
        "__kwdefaults__",
        MemorySentinel.list_incidents.__kwdefaults__ | {"top": 2},
    )
    slices, new = 0, 0
    while not (slices and is_history_read(Cursor.objects.get())):
        new += history(workspace, sentinel, budget=Budget(0.0)).new
        slices += 1
        assert slices < 500
    assert (new, Incident.objects.count()) == (360, 360) and slices > 10


def test_history_goes_on_where_it_broke_off(workspace, sentinel, ages):
    calls = iter(range(100))

    def cut():
        if next(calls) == 4:
            raise SentinelUnavailable("The answer broke off.")

    for _ in range(5):
        sentinel.before_next(cut)
    with pytest.raises(SentinelUnavailable):
        history(workspace, sentinel)
    cursor = Cursor.objects.get()
    assert cursor.backfill_ends_at and cursor.backfilled_until < NOON
    before = Incident.objects.count()
    assert 0 < before < 360
    counts = history(workspace, sentinel)
    assert counts.new == 360 - before and Incident.objects.count() == 360


def test_an_empty_workspace_has_no_history(workspace, sentinel):
    assert history(workspace, sentinel).total == 0
    assert is_history_read(Cursor.objects.get())


def test_incidents_with_absurd_dates_are_not_left_out(workspace, sentinel, ages):
    sentinel.add_incident(createdTimeUtc="0001-01-01T00:00:00Z")
    sentinel.add_incident(createdTimeUtc="2026-12-24T00:00:00Z")
    assert history(workspace, sentinel).new == 362


def test_a_sweep_stores_what_polls_have_missed(workspace, sentinel, ages):
    history(workspace, sentinel)
    sentinel.add_incident(at=NOON - timedelta(days=20))
    assert pull_changes(workspace=workspace, client=sentinel, now=NOON).new == 0
    counts = sweep(workspace, sentinel)
    assert (counts.new, counts.unchanged) == (1, 360)
    assert Cursor.objects.get().swept_at == NOON


def test_gone_is_what_is_missing_twice_fifteen_minutes_apart(workspace, sentinel, ages):
    history(workspace, sentinel)
    del sentinel.incidents[ages[5]]
    assert sweep(workspace, sentinel, NOON + timedelta(minutes=1)).deleted == 0
    assert sweep(workspace, sentinel, NOON + timedelta(minutes=10)).deleted == 0
    assert not Incident.objects.exclude(gone_at=None).exists()
    assert sweep(workspace, sentinel, NOON + timedelta(minutes=17)).deleted == 1
    assert Incident.objects.exclude(gone_at=None).get().name == ages[5]
    assert Incident.objects.count() == 360 and not Missing.objects.exists()


def test_a_sweep_in_slices_keeps_when_it_began(workspace, sentinel, ages):
    history(workspace, sentinel)
    later = NOON + timedelta(minutes=1)
    sweep_workspace(workspace=workspace, client=sentinel, now=NOON, budget=Budget(0.0))
    assert sweep_began_at(Cursor.objects.get()) == NOON
    sweep(workspace, sentinel, later)
    cursor = Cursor.objects.get()
    assert (latest_sweep_began_at(cursor), cursor.swept_at) == (NOON, later)
    assert sweep_began_at(cursor) is None


def test_a_fault_of_ours_stands_in_the_run_of_the_sweep(workspace, sentinel, ages, monkeypatch):
    history(workspace, sentinel)
    monkeypatch.setattr("alerts.intake.services.sweep.read_windows", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sweep(workspace, sentinel)
    assert Run.objects.get(kind="sweep").error == BROKE_OFF


def test_what_was_missing_by_mistake_is_not_gone(workspace, sentinel, ages):
    history(workspace, sentinel)
    incident = sentinel.incidents.pop(ages[5])
    sweep(workspace, sentinel, NOON + timedelta(minutes=1))
    assert Missing.objects.count() == 1
    sentinel.incidents[ages[5]] = incident
    assert sweep(workspace, sentinel, NOON + timedelta(minutes=20)).deleted == 0
    assert not Missing.objects.exists()
    assert not Incident.objects.exclude(gone_at=None).exists()


def test_one_that_cannot_be_asked_for_keeps_no_other_from_being_found_gone(
    workspace, sentinel, ages
):
    history(workspace, sentinel)
    for name in ages[:2]:
        del sentinel.incidents[name]
    sweep(workspace, sentinel, NOON + timedelta(minutes=1))
    refused = Incident.objects.get(name=ages[0])
    asked = sentinel.get_incident

    def get_incident(name):
        if name == refused.name:
            raise SentinelRefused("The answer is larger than 32 MB.")
        return asked(name)

    sentinel.get_incident = get_incident
    sweep(workspace, sentinel, now=NOON + timedelta(minutes=17))
    assert Incident.objects.exclude(gone_at=None).get().name == ages[1]
    missing = Missing.objects.get()
    assert missing.incident == refused
    assert missing.first_missed_at == NOON + timedelta(minutes=17), "asked again in its turn"


@pytest.mark.parametrize("code", ["ResourceGroupNotFound", "WorkspaceNotFound"])
def test_a_workspace_that_is_gone_takes_no_incident_with_it(workspace, sentinel, ages, code):
    history(workspace, sentinel)
    del sentinel.incidents[ages[0]]
    sweep(workspace, sentinel, NOON + timedelta(minutes=1))
    later = NOON + timedelta(minutes=17)
    sentinel.fail_next(SentinelNotFound("No.", status=404, code=code), verb="get_incident")
    with pytest.raises(SentinelNotFound):
        reread_missing(workspace=workspace, client=sentinel, now=later)
    assert not Incident.objects.exclude(gone_at=None).exists()
    assert Missing.objects.count() == 1
    assert reread_missing(workspace=workspace, client=sentinel, now=later) == 1
