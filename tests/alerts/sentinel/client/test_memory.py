"""The Sentinel in memory behaves as the real one where others rely on it."""

import pytest

from alerts.sentinel.client.port import ListBy, SentinelThrottled
from alerts.sentinel.wire.incidents import read_incident, read_incident_page
from tests.conftest import NOON
from tests.memory_sentinel import MemorySentinel


def test_a_list_is_ordered_and_paged_by_links():
    sentinel = MemorySentinel()
    names = [sentinel.add_incident() for _ in range(5)]
    sentinel.edit(names[0], severity="High")
    first = read_incident_page(sentinel.list_incidents(top=2))
    listed, link = [item.name for item in first.items], first.next_link
    while link:
        page = read_incident_page(sentinel.list_incidents(next_link=link))
        listed, link = [*listed, *(item.name for item in page.items)], page.next_link
    assert listed == [*names[1:], names[0]]


def test_a_list_is_cut_by_either_time():
    sentinel = MemorySentinel()
    old = sentinel.add_incident(at=NOON.replace(hour=1))
    new = sentinel.add_incident(at=NOON)
    sentinel.edit(old, title="edited later")
    created = sentinel.list_incidents(since=NOON.replace(hour=2), by=ListBy.CREATED)
    assert [item.name for item in read_incident_page(created).items] == [new]
    until = sentinel.list_incidents(until=NOON)
    assert [item.name for item in read_incident_page(until).items] == [old]


def test_calls_and_writes_are_remembered_and_failures_come_once():
    sentinel = MemorySentinel()
    name = sentinel.add_incident()
    sentinel.fail_next(SentinelThrottled("Slow down.", retry_after=17), verb="get_incident")
    assert read_incident_page(sentinel.list_incidents()).items
    with pytest.raises(SentinelThrottled):
        sentinel.get_incident(name)
    assert read_incident(sentinel.get_incident(name)).name == name
    assert [call.verb for call in sentinel.calls] == [
        "list_incidents",
        "get_incident",
        "get_incident",
    ]
    assert sentinel.writes == []
