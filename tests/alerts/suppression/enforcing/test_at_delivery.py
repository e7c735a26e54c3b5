"""Between the decision and the write everything is asked again, of what Sentinel says then."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.incidents.models import Incident, IncidentStatus
from alerts.outbox.models import Change, ChangeOutcome
from alerts.outbox.services.enqueue import retry_change
from alerts.sentinel.client.port import SentinelRefused, SentinelUnavailable
from alerts.suppression.models import RuleVersion, Stop
from tests.alerts.suppression.enforcing.floor import ROUTINE, routine
from tests.conftest import NOON
from tests.reuse import reuse_rows
from tests.worker_roles import without_triggers


@reuse_rows
def close_on_its_way(floor_at_noon):
    """R-12 has decided to close an incident; nothing has gone out."""
    floor = floor_at_noon
    with floor.clocks():
        floor.version = floor.rule(number=12)
        floor.target = floor.incident()
        assert floor.decide() == 1


@pytest.fixture
def decided(close_on_its_way, floor):
    return floor


def _switch_off(floor):
    Stop.objects.create(stopped_at=NOON, stopped_by_label="Leo Hartmann")


def _version(**columns):
    def change(floor):
        with without_triggers():
            RuleVersion.objects.filter(pk=floor.version.pk).update(**columns)

    return change


def _unsign(floor):
    with without_triggers():
        floor.version.signatures.update(void_at=NOON)


def _alert(**properties):
    def change(floor):
        floor.sentinel.alerts[floor.target.name][0]["properties"] |= properties

    return change


def _decided_by_another_text(floor):
    change = Change.objects.get()
    args = change.check_args | {"versions": {str(floor.version.pk): "0" * 64}}
    with without_triggers():
        Change.objects.update(check_args=args)


def _edit(**properties):
    return lambda floor: floor.sentinel.edit(floor.target.name, **properties)


@pytest.mark.abuse("A45")
@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (_switch_off, "switched off"),
        (_version(state="paused"), "is no longer active"),
        (_version(state="canary"), "is no longer active"),
        (_version(expires_at=NOON), "has ended"),
        (_version(rule_hash="0" * 64), "is no longer active"),
        (_unsign, "is no longer active"),
        (_decided_by_another_text, "is no longer the rule that covered it"),
        (lambda floor: floor.join(floor.target, routine()), "An alert joined"),
        (
            lambda floor: floor.sentinel.alerts[floor.target.name].clear(),
            "no longer lists any alert",
        ),
        (_alert(severity="High"), "An alert has changed"),
        (lambda floor: floor.sentinel.alerts[floor.target.name].append({}), "cannot be read"),
        (_alert(alertDisplayName="FTP Login Failed"), "An alert has changed"),
        (
            _edit(
                additionalData={
                    "alertsCount": 1,
                    "commentsCount": 1,
                    "alertProductNames": ["Azure Security Center for IoT"],
                }
            ),
            "a comment",
        ),
        (_edit(additionalData={"alertsCount": 1, "alertProductNames": []}), "product"),
        (
            _edit(
                additionalData={
                    "alertsCount": 1,
                    "tactics": {"odd": 1},
                    "alertProductNames": ["Azure Security Center for IoT"],
                }
            ),
            "tactics",
        ),
        (lambda _: Incident.objects.update(flags=["details.alert.engine:unknown"]), "engine"),
        (lambda _: Incident.objects.update(details_state="pending"), "details"),
        (lambda _: Incident.objects.update(details_due_at=NOON), "details"),
        (lambda floor: floor.go(minutes=16), "minutes old"),
        (lambda floor: Incident.objects.update(ot_state="waiting"), "a question to OT"),
    ],
    ids=range(20),
)
def test_what_is_no_longer_right_is_not_closed(decided, happens, reason):
    happens(decided)
    (done,) = decided.deliver()
    assert done.outcome == ChangeOutcome.DROPPED and reason in done.note
    assert decided.sentinel.writes == []
    (line,) = decided.ledger
    assert (line.ending, line.ending_note, line.landed_at) == ("not-sent", done.note, None)
    row = Incident.objects.get()
    assert (row.status, row.closed_by, row.owed) == (IncidentStatus.NEW, "", 0)


@pytest.mark.parametrize(
    "edit",
    [
        {"owner": {"objectId": "1e0", "assignedTo": "Sam Keller"}},
        {"labels": [{"labelName": "tagout-off"}]},
        {"labels": [{"labelName": "look at this"}]},
        {"severity": "High"},
        {"status": "Active"},
        {"status": "Closed", "classification": "TruePositive"},
    ],
    ids=["owner", "gate", "label", "severity", "status", "closed by a person"],
)
@pytest.mark.parametrize("moment", ["before", "in between"])
def test_a_person_who_was_faster_wins(decided, edit, moment):
    if moment == "before":
        decided.sentinel.edit(decided.target.name, **edit)
    else:
        decided.sentinel.before_next(
            lambda: decided.sentinel.edit(decided.target.name, **edit), verb="put_incident"
        )
    (done,) = decided.deliver()
    assert done.outcome in (ChangeOutcome.CONFLICTED, ChangeOutcome.DROPPED)
    (line,) = decided.ledger
    assert (line.ending, line.landed_at) == ("not-sent", None)
    assert decided.properties(decided.target).get("classification") != "BenignPositive"
    assert Incident.objects.get().closed_by == ""


@pytest.mark.abuse("A45")
def test_an_alert_that_joins_between_our_reading_and_our_writing_is_seen(decided):
    decided.sentinel.before_next(
        lambda: decided.join(decided.target, routine()), verb="put_incident"
    )
    (done,) = decided.deliver()
    assert done.outcome == ChangeOutcome.DROPPED
    assert decided.properties(decided.target)["status"] == "New"


def test_a_covered_alert_that_joined_is_closed_once_it_is_known(decided):
    decided.join(decided.target, routine())
    assert [one.outcome for one in decided.deliver()] == [ChangeOutcome.DROPPED]
    decided.go(seconds=30)
    decided.read()
    assert decided.decide() == 1
    assert [one.outcome for one in decided.deliver()] == [ChangeOutcome.SENT]
    (line,) = decided.ledger
    assert (line.ending, len(line.alerts)) == ("", 2)
    assert Incident.objects.get().closed_by == "R-12"


@pytest.mark.abuse("A25")
def test_killed_after_the_write_and_before_its_settling_it_is_one_close(decided):
    """kill -9: the lease ends, another worker reads first and finds its own word there."""
    put = decided.sentinel.put_incident

    def die(*args):
        put(*args)
        decided.sentinel.put_incident = put
        raise KeyboardInterrupt

    decided.sentinel.put_incident = die
    with pytest.raises(KeyboardInterrupt):
        decided.deliver()
    decided.clock.go(minutes=3)
    assert [one.outcome for one in decided.deliver()] == [ChangeOutcome.SENT]
    assert len(decided.sentinel.writes) == 1
    (line,) = decided.ledger
    assert (line.landed_at, line.ending) == (NOON, "")


def test_killed_before_the_decision_is_committed_nothing_is_left_of_it(floor, monkeypatch):
    floor.rule()
    floor.incident()
    monkeypatch.setattr("alerts.suppression.enforcing.close._link", lambda *_: 1 / 0)
    assert floor.decide() == 0
    assert (floor.ledger, Change.objects.count()) == ([], 0)
    assert Incident.objects.get().closed_by == ""


def test_a_refusal_can_be_tried_again_by_a_person(decided):
    decided.sentinel.fail_next(SentinelRefused("Odd.", status=400), verb="put_incident")
    (done,) = decided.deliver()
    assert decided.ledger[0].ending == "not-sent"
    retry_change(change_id=done.change.pk, by=decided.leo, now=NOON)
    assert Incident.objects.get().closed_by == "R-12"
    assert [one.outcome for one in decided.deliver()] == [ChangeOutcome.SENT]
    assert (decided.ledger[0].ending, decided.ledger[0].landed_at) == ("", NOON)


def test_a_far_end_that_is_away_only_delays_it(decided):
    decided.sentinel.fail_next(SentinelUnavailable("Away."), verb="list_alerts")
    assert [one.outcome for one in decided.deliver()] == [ChangeOutcome.OPEN]
    decided.clock.go(minutes=6)
    assert [one.outcome for one in decided.deliver()] == [ChangeOutcome.SENT]


def test_a_label_of_a_trial_that_was_paused_is_not_set(floor):
    version = floor.rule(state="canary")
    floor.incident()
    floor.decide()
    RuleVersion.objects.filter(pk=version.pk).update(state="paused")
    assert [one.outcome for one in floor.deliver()] == [ChangeOutcome.DROPPED]
    assert floor.ledger[0].ending == "not-sent"


def test_trials_beside_a_close_that_was_not_sent_saw_none(floor):
    live = floor.rule(number=12)
    floor.rule(replace(ROUTINE, title="Newer"), state="canary", rule_row=live.rule)
    floor.incident()
    floor.decide()
    Stop.objects.create(stopped_at=NOON + timedelta(minutes=1), stopped_by_label="Leo")
    floor.deliver()
    assert {line.ending for line in floor.ledger} == {"not-sent"}
