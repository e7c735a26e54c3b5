from datetime import timedelta

import pytest
from django.db import DataError

from alerts.incidents.ingest.details import claim_details, store_details_of_many
from alerts.incidents.models import Alert, Comment, Incident
from alerts.intake.models import Missing
from alerts.intake.services.details import fetch_details
from alerts.intake.services.pace import PROMISED, Budget, Pace
from alerts.intake.services.poll import pull_changes
from alerts.sentinel.client.port import (
    SentinelNotFound,
    SentinelRefused,
    SentinelThrottled,
    SentinelUnavailable,
)
from tests.factories.answers import alert, comment, device
from tests.factories.incidents import NOON


@pytest.fixture
def names(workspace, sentinel):
    """Three incidents, the second of them closed; stored, details owed."""
    made = []
    for n in range(3):
        name = sentinel.add_incident(
            at=NOON - timedelta(minutes=30 - n),
            status="Closed" if n == 1 else "New",
            additionalData={"alertsCount": 1, "commentsCount": int(n == 2)},
        )
        sentinel.alerts[name] = [alert(n)]
        sentinel.entities[name] = device("PLC-21", "10.20.2.21")
        made.append(name)
    sentinel.comments[made[2]] = {"c-1": comment("c-1")}
    pull_changes(workspace=workspace, client=sentinel, now=NOON)
    sentinel.calls.clear()
    return made


def fetch(workspace, sentinel, now=NOON, pace=None):
    return fetch_details(
        workspace=workspace,
        client=sentinel,
        pace=pace or Pace(per_second=1000),
        budget=Budget(),
        clock=lambda: now,
    )


def states():
    return list(Incident.objects.order_by("created_at").values_list("details_state", flat=True))


def test_newest_open_incidents_come_first(workspace, sentinel, names):
    assert fetch(workspace, sentinel) == 3
    asked = [call.name for call in sentinel.calls if call.verb == "list_alerts"]
    assert asked == [names[2], names[0], names[1]]
    assert states() == ["fetched"] * 3
    assert Alert.objects.count() == 3 and Comment.objects.get().name == "c-1"
    assert [c.name for c in sentinel.calls if c.verb == "list_comments"] == [names[2]]


def test_what_fails_in_folding_is_no_fault_of_the_details(workspace, sentinel, names, monkeypatch):
    def fail(crowded, *, now):
        raise ValueError("no fold")

    monkeypatch.setattr("alerts.intake.services.details.crowded_streams", lambda ids, now: [ids])
    monkeypatch.setattr("alerts.intake.services.details.fold_storms", fail)
    with pytest.raises(ValueError, match="no fold"):
        fetch(workspace, sentinel)
    assert states() == ["fetched"] * 3


def test_nothing_is_fetched_twice(workspace, sentinel, names):
    fetch(workspace, sentinel)
    assert fetch(workspace, sentinel) == 0


def test_an_alert_that_joins_while_details_are_fetched_is_not_overlooked(
    workspace, sentinel, names
):
    def joins():
        sentinel.alerts[names[2]] = [alert(2), alert(7)]
        sentinel.starts_at = NOON - timedelta(minutes=20)
        sentinel.edit(names[2], additionalData={"alertsCount": 2, "commentsCount": 1})
        pull_changes(workspace=workspace, client=sentinel, now=NOON)

    sentinel.before_next(joins, verb="list_entities")
    assert fetch(workspace, sentinel) == 4, "one of them twice"
    assert Incident.objects.get(name=names[2]).alerts.count() == 2
    assert states() == ["fetched"] * 3


def test_a_failure_does_not_give_up_what_changed_since(workspace, sentinel, names):
    Incident.objects.update(details_attempts=3)

    def changes():
        sentinel.starts_at = NOON - timedelta(minutes=20)
        sentinel.edit(names[2], additionalData={"alertsCount": 2, "commentsCount": 1})
        pull_changes(workspace=workspace, client=sentinel, now=NOON)
        raise SentinelRefused("No.")

    sentinel.before_next(changes, verb="list_entities")
    fetch(workspace, sentinel)
    assert states() == ["fetched"] * 3


def test_throttling_halves_the_pace_and_gives_everything_back_untried(workspace, sentinel, names):
    pace = Pace(per_second=1000)
    sentinel.fail_next(SentinelThrottled("Slow down.", retry_after=7), verb="list_entities")
    with pytest.raises(SentinelThrottled):
        fetch(workspace, sentinel, pace=pace)
    assert pace.per_second == 500
    assert set(Incident.objects.values_list("details_attempts", flat=True)) == {0}
    assert fetch(workspace, sentinel) == 3


def test_an_outage_keeps_what_was_fetched_before(workspace, sentinel, names):
    sentinel.before_next(lambda: None, verb="list_alerts")
    sentinel.fail_next(SentinelUnavailable("Away."), verb="list_alerts")
    with pytest.raises(SentinelUnavailable):
        fetch(workspace, sentinel)
    assert states() == ["pending", "pending", "fetched"]


def test_one_that_always_breaks_sentinel_does_not_keep_the_others_waiting(
    workspace, sentinel, names
):
    listed = sentinel.list_entities

    def list_entities(name):
        if name == names[2]:
            raise SentinelUnavailable("Internal error.", status=500)
        return listed(name)

    sentinel.list_entities = list_entities
    assert fetch(workspace, sentinel) == 2
    assert states() == ["fetched", "fetched", "pending"]
    assert Incident.objects.get(name=names[2]).details_attempts == 0, "it is not given up for that"
    assert fetch(workspace, sentinel, now=NOON + timedelta(minutes=1)) == 0
    del sentinel.list_entities
    assert fetch(workspace, sentinel, now=NOON + timedelta(minutes=3)) == 1


def test_two_that_fail_in_a_row_are_the_workspaces_own_trouble(workspace, sentinel, names):
    sentinel.fail_next(SentinelUnavailable("Away.", status=503), verb="list_alerts", times=9)
    with pytest.raises(SentinelUnavailable):
        fetch(workspace, sentinel)
    assert [call.verb for call in sentinel.calls] == ["list_alerts"] * 2
    assert set(Incident.objects.values_list("details_attempts", flat=True)) == {0}


def claim_and_die(workspace, *, minutes):
    """Take what is due, as a worker does that dies of it; returns how many incidents that were."""
    now = NOON + timedelta(minutes=minutes)
    return [one.name for one in claim_details(workspace_id=workspace.pk, most=50, now=now)]


def test_one_that_brings_down_its_workers_is_given_up_and_the_others_are_fetched(
    workspace, sentinel, names
):
    poison = claim_and_die(workspace, minutes=0)[0]
    assert [claim_and_die(workspace, minutes=3 * turn) for turn in (1, 2, 3)] == [[poison]] * 3
    assert fetch(workspace, sentinel, now=NOON + timedelta(minutes=12)) == 0, "given up"
    assert fetch(workspace, sentinel, now=NOON + timedelta(minutes=12)) == 2
    given_up = Incident.objects.get(name=poison)
    assert (given_up.details_state, given_up.details_due_at) == ("failed", None)
    assert given_up.timeline.get(code="details-failed").details == {
        "reason": "The worker died each time it tried."
    }
    assert states().count("fetched") == 2


def test_what_keeps_failing_is_given_up_and_blocks_nobody(workspace, sentinel, names):
    listed = sentinel.list_entities
    sentinel.list_entities = lambda name: b"<html>" if name == names[2] else listed(name)
    for hour in range(6):
        fetch(workspace, sentinel, now=NOON + timedelta(hours=hour))
    assert states() == ["fetched", "fetched", "failed"]
    assert Incident.objects.get(name=names[2]).timeline.get().code == "details-failed"


def test_one_that_cannot_be_stored_does_not_cost_the_others(
    workspace, sentinel, names, monkeypatch
):
    bad, tried = Incident.objects.get(name=names[0]).pk, []

    def store(*, fetched, **rest):
        tried.append(len(fetched))
        if bad in [details.incident_id for details in fetched]:
            raise DataError
        store_details_of_many(fetched=fetched, **rest)

    monkeypatch.setattr("alerts.intake.services.details.store_details_of_many", store)
    fetch(workspace, sentinel)
    assert states() == ["pending", "fetched", "fetched"]
    assert tried == [3, 1, 2, 1, 1], "together first, then halves of what failed"


def test_alerts_that_are_not_listed_yet_are_waited_for(workspace, sentinel, names):
    late_alert = sentinel.alerts.pop(names[2])
    fetch(workspace, sentinel)
    assert states() == ["fetched", "fetched", "pending"]
    sentinel.alerts[names[2]] = late_alert
    fetch(workspace, sentinel, now=NOON + timedelta(hours=1))
    assert states() == ["fetched"] * 3


def test_an_incident_that_is_not_there_counts_as_missing_once(workspace, sentinel, names):
    del sentinel.incidents[names[0]]
    fetch(workspace, sentinel)
    assert Missing.objects.get().incident.name == names[0]
    assert not Incident.objects.exclude(gone_at=None).exists()


def test_a_workspace_that_is_gone_is_no_news_of_its_incidents(workspace, sentinel, names):
    gone = SentinelNotFound("No.", status=404, code="WorkspaceNotFound")
    sentinel.fail_next(gone, verb="list_alerts")
    with pytest.raises(SentinelNotFound):
        fetch(workspace, sentinel)
    assert not Missing.objects.exists()
    assert set(Incident.objects.values_list("details_attempts", flat=True)) == {0}
    assert fetch(workspace, sentinel) == 3


def test_the_pace_is_never_slower_than_what_is_promised_and_grows_while_all_is_well():
    pace = Pace()
    for _ in range(20):
        pace.slower()
    assert pace.per_second == PROMISED
    for _ in range(25):
        pace.went_well()
    assert pace.per_second > PROMISED
    assert Pace.from_json(pace.as_json()).per_second == pytest.approx(pace.per_second, abs=0.001)
    assert Pace.from_json({"per_second": "x"}).per_second == Pace().per_second
