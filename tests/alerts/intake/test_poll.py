from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.incidents.models import Incident
from alerts.intake.models import Cursor, Quarantined, Run
from alerts.intake.services.poll import pull_changes
from alerts.intake.services.runs import advance_watermark, cursor_of
from alerts.sentinel.client.errors import AnswerTooLarge
from alerts.sentinel.client.port import ForeignHost, SentinelUnavailable
from portal.audit.models import Entry
from tests.factories.incidents import NOON
from tests.memory_sentinel import MemorySentinel

RECENT = NOON - timedelta(minutes=30)


def pull(workspace, client, **options):
    return pull_changes(workspace=workspace, client=client, now=NOON, **options)


def watermark() -> datetime | None:
    return Cursor.objects.get().watermark


def fill(sentinel, n, *, at=RECENT, **properties):
    return [sentinel.add_incident(at=at + timedelta(seconds=i), **properties) for i in range(n)]


def questions(sentinel):
    return [call for call in sentinel.calls if call.verb == "list_incidents"]


def test_what_changed_is_stored_and_the_watermark_is_the_latest_server_time(workspace, sentinel):
    fill(sentinel, 3)
    counts = pull(workspace, sentinel)
    assert (counts.new, counts.total) == (3, 3)
    assert watermark() == RECENT + timedelta(seconds=2)
    assert Cursor.objects.get().fresh_at == NOON
    run = Run.objects.get()
    assert (run.kind, run.new, run.seen, run.error) == ("poll", 3, 3, "")
    assert Entry.objects.get().action == "intake.run.finished"


def test_a_second_run_finds_nothing_new_and_writes_no_line_of_its_own(workspace, sentinel):
    fill(sentinel, 3)
    pull(workspace, sentinel)
    for _ in range(3):
        counts = pull(workspace, sentinel)
    assert (counts.new, counts.changed, counts.unchanged) == (0, 0, 3)
    assert Run.objects.count() == 2 and Entry.objects.count() == 1


def test_pages_are_followed_to_the_end(workspace, sentinel, monkeypatch):
    monkeypatch.setattr(
        MemorySentinel.list_incidents,
        "__kwdefaults__",
        MemorySentinel.list_incidents.__kwdefaults__ | {"top": 4},
    )
    fill(sentinel, 10)
    assert pull(workspace, sentinel).new == 10
    assert len(questions(sentinel)) == 3


def test_the_watermark_never_stands_in_the_future(workspace, sentinel):
    fill(sentinel, 2)
    fill(sentinel, 1, at=NOON + timedelta(days=3))
    assert pull(workspace, sentinel).new == 3
    assert watermark() == RECENT + timedelta(seconds=1)


def test_the_watermark_never_goes_back(workspace, sentinel):
    fill(sentinel, 2)
    pull(workspace, sentinel)
    before = watermark()
    pull(workspace, MemorySentinel())
    assert watermark() == before


def test_reading_starts_fifteen_minutes_before_the_watermark(workspace, sentinel):
    fill(sentinel, 1)
    pull(workspace, sentinel)
    sentinel.add_incident(at=RECENT - timedelta(minutes=14))
    sentinel.add_incident(at=RECENT - timedelta(minutes=16))
    assert pull(workspace, sentinel).new == 1


def test_a_page_that_fails_on_the_way_keeps_what_was_stored_before(
    workspace, sentinel, monkeypatch
):
    monkeypatch.setattr(
        MemorySentinel.list_incidents,
        "__kwdefaults__",
        MemorySentinel.list_incidents.__kwdefaults__ | {"top": 4},
    )
    fill(sentinel, 10)
    calls = []

    def cut():
        calls.append(1)
        if len(calls) == 2:
            raise SentinelUnavailable("The answer broke off.")

    sentinel.before_next(cut)
    sentinel.before_next(cut)
    with pytest.raises(SentinelUnavailable):
        pull(workspace, sentinel)
    assert Incident.objects.count() == 4 and watermark() == RECENT + timedelta(seconds=3)
    assert Run.objects.get().error == Cursor.objects.get().latest_error == "The answer broke off."
    assert Cursor.objects.get().fresh_at is None
    assert pull(workspace, sentinel).new == 6
    assert Cursor.objects.get().latest_error == ""


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"value":[{', b"[]", b'{"value":7}'])
def test_an_answer_that_is_no_page_stores_nothing(workspace, sentinel, body):
    fill(sentinel, 1)
    sentinel.list_incidents = lambda **_: body
    with pytest.raises(SentinelUnavailable):
        pull(workspace, sentinel)
    assert watermark() is None and not Incident.objects.exists()


def test_a_link_to_another_host_is_not_followed(workspace, sentinel):
    from tests.alerts.sentinel.wire.samples import incident, page

    first = page(incident(1), next_link="https://evil.example/page2")
    asked = MemorySentinel.list_incidents
    sentinel.list_incidents = lambda next_link=None, **arguments: (
        asked(sentinel, next_link=next_link, **arguments) if next_link else first
    )
    with pytest.raises(ForeignHost):
        pull(workspace, sentinel)
    assert Incident.objects.count() == 1, "the page itself was good"


def test_links_that_lead_in_circles_end(workspace, sentinel):
    from tests.alerts.sentinel.wire.samples import incident, page

    sentinel.list_incidents = lambda **_: page(incident(1), next_link="https://sentinel.test/x")
    with pytest.raises(SentinelUnavailable, match="circles"):
        pull(workspace, sentinel)
    assert Incident.objects.count() == 1


def test_a_full_page_without_a_link_is_asked_on_from_its_end(workspace, sentinel, monkeypatch):
    monkeypatch.setattr("alerts.intake.services.pages.MAX_PAGE_SIZE", 4)
    monkeypatch.setattr(
        MemorySentinel.list_incidents,
        "__kwdefaults__",
        MemorySentinel.list_incidents.__kwdefaults__ | {"top": 4},
    )
    import orjson

    asked = MemorySentinel.list_incidents

    def without_links(**arguments):
        answer = orjson.loads(asked(sentinel, **arguments))
        answer.pop("nextLink", None)
        return orjson.dumps(answer)

    sentinel.list_incidents = without_links
    fill(sentinel, 10)
    assert pull(workspace, sentinel).new == 10


def test_what_cannot_be_read_is_put_aside_and_the_page_goes_on(workspace, sentinel):
    names = fill(sentinel, 5)
    sentinel.list_incidents = _spoiling(sentinel, names[2], "properties", "gone")
    counts = pull(workspace, sentinel)
    assert (counts.new, counts.quarantined, counts.total) == (4, 1, 5)
    aside = Quarantined.objects.get()
    assert "properties" in aside.reason and aside.name == names[2]
    pull(workspace, sentinel)
    assert Quarantined.objects.count() == 1, "kept once, however often it is listed"
    del sentinel.list_incidents
    assert pull(workspace, sentinel).new == 1
    assert not Quarantined.objects.exists(), "it can be read by now"


def test_what_stays_unreadable_is_no_news_each_time(workspace, sentinel):
    names = fill(sentinel, 3)
    sentinel.list_incidents = _spoiling(sentinel, names[2], "properties", "gone")
    pull(workspace, sentinel)
    before = Run.objects.count(), Entry.objects.count()
    for _ in range(3):
        assert pull(workspace, sentinel).quarantined == 1
    assert (Run.objects.count() - before[0], Entry.objects.count() - before[1]) == (1, 0)
    assert Run.objects.first().quarantined == 1, "the line still says so"


def test_of_what_stays_unreadable_only_the_latest_version_is_kept(workspace, sentinel):
    names = fill(sentinel, 3)
    for n in range(4):
        sentinel.list_incidents = _spoiling(sentinel, names[2], "properties", f"(MDIoT) gone {n}")
        pull_changes(workspace=workspace, client=sentinel, now=NOON + timedelta(minutes=n))
    aside = Quarantined.objects.get()
    assert "gone 3" in aside.raw
    assert aside.first_seen_at == NOON and aside.latest_seen_at == NOON + timedelta(minutes=3)


def _spoiling(sentinel, name, member, value):
    import orjson

    asked = MemorySentinel.list_incidents

    def listed(**arguments):
        answer = orjson.loads(asked(sentinel, **arguments))
        for row in answer["value"]:
            if row["name"] == name:
                row[member] = value
        return orjson.dumps(answer)

    return listed


def test_an_incident_that_cannot_be_stored_is_found_by_halving(workspace, sentinel):
    names = fill(sentinel, 20)
    long = "x" * 120
    sentinel.incidents[long] = sentinel.incidents.pop(names[7]) | {"name": long}
    counts = pull(workspace, sentinel)
    assert (counts.new, counts.quarantined) == (19, 1)
    assert "cannot be stored" in Quarantined.objects.get().reason


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(6)), cut=st.integers(1, 5))
def test_whatever_the_order_of_versions_the_newest_stays(workspace, order, cut):
    from tests.alerts.sentinel.wire.samples import incident, page

    Incident.objects.all().delete()
    Cursor.objects.all().delete()
    versions = [
        incident(1, title=f"v{n}", lastModifiedTimeUtc=f"2026-11-24T11:30:0{n}.0000001Z")
        | {"etag": f'"{n}"'}
        for n in range(6)
    ]
    client = MemorySentinel()
    for part in (order[:cut], order[cut:]):
        client.list_incidents = lambda rows=part, **_: page(*[versions[n] for n in rows])
        pull(workspace, client)
        assert Incident.objects.count() == 1
    assert Incident.objects.get().title == "v5"


@pytest.mark.parametrize("ahead", [timedelta(seconds=1), timedelta(days=400)])
def test_whoever_moves_the_watermark_moves_it_to_now_at_most(workspace, ahead):
    cursor_of(workspace_id=workspace.pk)
    advance_watermark(workspace_id=workspace.pk, latest_modified=NOON + ahead, now=NOON)
    assert watermark() == NOON


def test_more_than_one_answer_may_hold_is_asked_for_in_smaller_pages(workspace, sentinel):
    fill(sentinel, 30)
    asked = MemorySentinel.list_incidents

    def within_ten(top=1000, **bounds):
        if top > 10:
            raise AnswerTooLarge
        return asked(sentinel, top=top, **bounds)

    sentinel.list_incidents = within_ten
    assert pull(workspace, sentinel).new == 30
