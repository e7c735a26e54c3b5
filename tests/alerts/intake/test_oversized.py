"""An incident that is larger than one answer may hold is put aside, the others are read, and it is
asked for again."""

from datetime import timedelta
from functools import partial
from operator import add
from unittest.mock import Mock

import pytest

from alerts.incidents.ingest.details import MAX_ATTEMPTS
from alerts.incidents.models import Incident, TimelineItem
from alerts.intake.models import OversizedIncident, Quarantined
from alerts.intake.services.details import fetch_details
from alerts.intake.services.history import is_history_read, read_history
from alerts.intake.services.oversized import RETRY_EVERY
from alerts.intake.services.pace import Budget, Pace
from alerts.intake.services.poll import ReadingPosition, pull_changes
from alerts.intake.services.runs import cursor_of
from alerts.intake.services.sweep import reread_gone
from alerts.sentinel.client.errors import AnswerTooLarge
from alerts.sentinel.wording import DETAILS_TOO_LARGE
from tests.factories.incidents import NOON
from tests.memory_sentinel import MemorySentinel

RECENT = NOON - timedelta(minutes=30)


class GiantSentinel(MemorySentinel):
    """Some incidents make every answer too large that holds them."""

    giants: frozenset[str] = frozenset()

    def list_incidents(self, **question):
        body = super().list_incidents(**question)
        self._refuse_giants(body)
        return body

    def _refuse_giants(self, body):
        if any(name.encode() in body for name in self.giants):
            raise AnswerTooLarge(body[:500])


@pytest.fixture
def sentinel():
    return GiantSentinel(starts_at=RECENT + timedelta(minutes=5))


def fill(sentinel, *, start=RECENT, n=5, apart=timedelta(seconds=1)):
    """Incidents in a row; returns the names, the third of which is a giant."""
    names = [sentinel.add_incident(at=start + i * apart) for i in range(n)]
    sentinel.giants |= {names[2]}
    return names


def pull(workspace, client, now=NOON, **options):
    return pull_changes(workspace=workspace, client=client, now=now, **options)


def stored():
    return set(Incident.objects.values_list("name", flat=True))


def test_it_is_put_aside_and_the_others_are_read(workspace, sentinel):
    names = fill(sentinel)
    counts = pull(workspace, sentinel)
    assert stored() == {*names} - {names[2]}
    assert (counts.new, counts.quarantined) == (4, 1)
    aside = Quarantined.objects.get()
    assert aside.name == names[2]
    assert "larger than 32 MB" in aside.reason and "in Sentinel" in aside.reason
    assert cursor_of(workspace_id=workspace.pk).watermark == RECENT + timedelta(seconds=4)


def test_lists_are_read_around_it_from_then_on(workspace, sentinel):
    fill(sentinel)
    pull(workspace, sentinel)
    sentinel.calls.clear()
    sentinel.add_incident(at=RECENT + timedelta(minutes=1))
    counts = pull(workspace, sentinel)
    assert (counts.new, counts.quarantined) == (1, 0)
    assert len(sentinel.calls) == 2  # before it and after it


def test_a_sentinel_whose_every_answer_is_too_large_is_sick_and_nothing_is_put_aside(
    workspace, sentinel, monkeypatch
):
    names = fill(sentinel)
    monkeypatch.setattr(sentinel, "_refuse_giants", Mock(side_effect=AnswerTooLarge))
    with pytest.raises(AnswerTooLarge):
        pull(workspace, sentinel)
    assert not Quarantined.objects.exists() and not OversizedIncident.objects.exists()
    assert cursor_of(workspace_id=workspace.pk).watermark is None
    monkeypatch.undo()
    pull(workspace, sentinel)
    assert stored() == {*names} - {names[2]}


def test_several_in_a_row_and_at_both_ends_are_put_aside(workspace, sentinel):
    names = fill(sentinel, n=7)
    sentinel.giants |= {names[0], names[3], names[6]}
    pull(workspace, sentinel)
    assert stored() == {names[1], names[4], names[5]}
    assert Quarantined.objects.count() == 4


def test_one_that_shares_its_time_with_another_hides_at_most_that_instant(workspace, sentinel):
    names = fill(sentinel, n=4)
    moment = sentinel.incidents[names[1]]["properties"]["lastModifiedTimeUtc"]
    first, second = sorted(names[1:3])
    sentinel.giants = frozenset({second})
    sentinel.incidents[names[2]]["properties"]["lastModifiedTimeUtc"] = moment
    pull(workspace, sentinel)
    assert stored() == {names[0], first, names[3]}
    assert Quarantined.objects.get().name == second


def test_it_is_asked_for_again_and_let_in_once_it_fits(workspace, sentinel):
    names = fill(sentinel)
    pull(workspace, sentinel)
    later = NOON + RETRY_EVERY
    reread_gone(workspace=workspace, client=sentinel, now=later)
    assert OversizedIncident.objects.get().retry_at == later + RETRY_EVERY
    sentinel.giants = frozenset()
    reread_gone(workspace=workspace, client=sentinel, now=later)
    assert names[2] not in stored()  # not before it is due
    reread_gone(workspace=workspace, client=sentinel, now=later + RETRY_EVERY)
    assert stored() == {*names}
    assert not Quarantined.objects.exists() and not OversizedIncident.objects.exists()


def test_one_that_is_deleted_in_sentinel_is_forgotten(workspace, sentinel):
    names = fill(sentinel)
    pull(workspace, sentinel)
    del sentinel.incidents[names[2]]
    reread_gone(workspace=workspace, client=sentinel, now=NOON + RETRY_EVERY)
    assert not Quarantined.objects.exists() and not OversizedIncident.objects.exists()


def test_one_that_was_shortened_in_sentinel_is_read_as_any_change(workspace, sentinel):
    names = fill(sentinel)
    pull(workspace, sentinel)
    sentinel.giants = frozenset()
    sentinel.edit(names[2], description="short")
    pull(workspace, sentinel)
    assert stored() == {*names}
    assert not Quarantined.objects.exists()


def test_history_is_read_around_it_too(workspace, sentinel):
    names = fill(sentinel, start=NOON - timedelta(days=40), n=6, apart=timedelta(days=5))
    sentinel.giants |= {names[0]}  # the oldest of all
    read_history(workspace=workspace, client=sentinel, now=NOON)
    assert is_history_read(cursor_of(workspace_id=workspace.pk))
    assert stored() == {*names} - {names[0], names[2]}
    assert Quarantined.objects.count() == 2


class CallsBudget(Budget):
    """Is used up after so many calls."""

    def __init__(self, sentinel, n):
        self.sentinel, self.ends = sentinel, len(sentinel.calls) + n

    @property
    def is_used_up(self):
        return len(self.sentinel.calls) >= self.ends


def test_a_search_that_a_slice_does_not_end_goes_on_in_the_next(workspace, sentinel):
    names, place = fill(sentinel), ReadingPosition()
    for _ in range(2):
        pull(workspace, sentinel, place=place, budget=CallsBudget(sentinel, 15))
    assert len(stored()) == 2  # what comes before it; the search is under way
    assert not OversizedIncident.objects.get().is_located
    for _ in range(5):
        pull(workspace, sentinel, place=place, budget=CallsBudget(sentinel, 15))
    assert stored() == {*names} - {names[2]}


def test_details_that_are_too_large_hold_up_no_other(workspace, sentinel, monkeypatch):
    monkeypatch.setattr("alerts.intake.services.pace.Pace.wait", lambda self: None)
    names = fill(sentinel)
    sentinel.giants = frozenset()
    pull(workspace, sentinel)
    listed = sentinel.list_alerts

    def refuse(name):
        if name == names[2]:
            raise AnswerTooLarge
        return listed(name)

    sentinel.list_alerts = refuse
    for hours in range(MAX_ATTEMPTS):
        fetch_details(
            workspace=workspace,
            client=sentinel,
            pace=Pace(),
            budget=Budget(),
            clock=partial(add, NOON, timedelta(hours=hours)),
        )
    states = dict(Incident.objects.values_list("name", "details_state"))
    assert states.pop(names[2]) == "failed"
    assert set(states.values()) == {"fetched"}
    told = TimelineItem.objects.filter(incident__name=names[2], code="details-failed")
    assert told.get().details["reason"] == DETAILS_TOO_LARGE
