"""Automation rules are brought to what is wanted, read back, and never over a person's edit."""

import copy
import json
import threading
import time
import uuid
from datetime import timedelta

import pytest
from django.core.management import call_command

from alerts.outbox import registry
from alerts.outbox.models import Haste, Landing, WantedRule
from alerts.outbox.services import deliver_one_rule, name_of_rule, want_no_rule, want_rule
from alerts.outbox.services.push import push_rules
from alerts.outbox.tasks import deliver_due_rules
from alerts.sentinel.client import standing_in
from alerts.sentinel.client.port import (
    SentinelDenied,
    SentinelRefused,
    SentinelThrottled,
    SentinelUnavailable,
)
from alerts.sentinel.models import Reachability, Workspace
from portal.audit.models import Entry
from portal.jobs.models import State
from tests.conftest import NOON
from tests.factories.incidents import make_workspace

ABOUT = uuid.UUID("00000000-0000-4000-8000-000000000012")


def body(*, enabled=True, days=1, title="Historian"):
    ends = (NOON + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    condition = {
        "conditionType": "Property",
        "conditionProperties": {
            "propertyName": "IncidentTitle",
            "operator": "Equals",
            "propertyValues": [title],
        },
    }
    return {
        "displayName": "Tagout R-12",
        "order": 501,
        "triggeringLogic": {
            "isEnabled": enabled,
            "expirationTimeUtc": ends,
            "triggersOn": "Incidents",
            "triggersWhen": "Created",
            "conditions": [condition],
        },
        "actions": [
            {
                "order": 1,
                "actionType": "ModifyProperties",
                "actionConfiguration": {"labels": [{"labelName": "seen"}]},
            }
        ],
    }


class Bench:
    """Wants and delivers one rule in one workspace."""

    def __init__(self, workspace, sentinel):
        self.workspace, self.sentinel = workspace, sentinel
        self.name = name_of_rule(about=ABOUT, workspace=workspace.uuid)

    def want(self, told=None, **given):
        return want_rule(
            workspace_id=self.workspace.pk, name=self.name, about=ABOUT, label="R-12",
            body=told or body(), now=NOON, **given,
        )  # fmt: skip

    def want_none(self, **given):
        return want_no_rule(workspace_id=self.workspace.pk, name=self.name, now=NOON, **given)

    def deliver(self, *, now=NOON, **given):
        return deliver_one_rule(
            now=now, connect=lambda *_: self.sentinel, pause=lambda _: None, **given
        )

    @property
    def row(self):
        return WantedRule.objects.get(name=self.name)

    @property
    def there(self):
        held = self.sentinel.rules.get(str(self.name))
        return held and held["properties"]

    def edit(self, **properties):
        self.sentinel.edit_rule(str(self.name), **properties)


@pytest.fixture
def bench(workspace, sentinel, clock, monkeypatch):
    monkeypatch.setattr(registry, "_rule_checks", [])  # no gate stands here
    return Bench(workspace, sentinel)


def test_what_is_wanted_lands_once_and_is_read_back(bench):
    bench.want()
    assert bench.deliver().outcome == Landing.LANDED
    assert bench.there == body()
    row = bench.row
    assert row.is_as_wanted and row.landed == body() and row.landed_at == NOON
    assert row.landed_etag == bench.sentinel.rules[str(bench.name)]["etag"]
    assert Entry.objects.filter(action="outbox.rule.landed").count() == 1
    bench.want()
    assert bench.deliver() is None


def test_the_name_is_the_same_for_the_same_rule_and_workspace(bench):
    assert bench.name == name_of_rule(about=ABOUT, workspace=bench.workspace.uuid)
    assert bench.name != name_of_rule(about=ABOUT, workspace=uuid.uuid4())


def test_a_longer_lease_is_put_with_the_etag_that_was_read(bench):
    bench.want()
    bench.deliver()
    etag = bench.row.landed_etag
    bench.want(body(days=2), urgency=Haste.LEASE)
    bench.deliver()
    assert bench.sentinel.writes[-1].body["etag"] == etag
    assert bench.there == body(days=2)


def test_what_is_not_wanted_any_more_is_deleted_and_absent_is_as_good(bench):
    assert bench.want_none() is None
    bench.want()
    bench.deliver()
    bench.want_none(reason="Paused.")
    assert bench.deliver().outcome == Landing.LANDED
    assert bench.there is None and bench.row.landed is None and bench.row.is_as_wanted
    bench.want()
    bench.want_none()
    assert bench.deliver().outcome == Landing.LANDED
    assert [call.verb for call in bench.sentinel.writes] == [
        "put_automation_rule", "delete_automation_rule",
    ]  # fmt: skip


def test_a_rule_that_somebody_changed_is_held_and_said(bench):
    bench.want()
    bench.deliver()
    bench.edit(order=7)
    bench.want(body(days=2))
    done = bench.deliver()
    assert done.outcome == Landing.HELD and "order" in done.note
    assert bench.there["order"] == 7
    assert bench.row.latest_error == "Somebody changed this rule in Sentinel: order."
    assert not bench.row.is_as_wanted
    assert bench.deliver() is None


def test_switched_off_or_deleted_by_hand_stays_so(bench):
    bench.want()
    bench.deliver()
    bench.edit(triggeringLogic=body(enabled=False)["triggeringLogic"])
    bench.want(body(days=2))
    assert "isEnabled" in bench.deliver().note
    del bench.sentinel.rules[str(bench.name)]
    bench.want(body(days=3))
    assert bench.deliver().note == "Somebody deleted this rule in Sentinel."
    assert bench.there is None
    bench.want_none()
    assert bench.deliver().outcome == Landing.LANDED
    bench.want()
    assert bench.deliver().outcome == Landing.LANDED, "paused and resumed, it is put there anew"


def test_disabled_by_its_own_end_is_nobodys_edit(bench):
    bench.want()
    bench.deliver()
    bench.edit(triggeringLogic=body(enabled=False)["triggeringLogic"])
    bench.want(body(days=3))
    assert bench.deliver(now=NOON + timedelta(days=2)).outcome == Landing.LANDED
    assert bench.there == body(days=3)


def test_stopping_goes_over_what_a_person_changed_and_says_so(bench):
    bench.want()
    bench.deliver()
    bench.edit(order=7)
    bench.want_none()
    done = bench.deliver()
    assert (done.outcome, bench.there) == (Landing.LANDED, None)
    assert bench.row.note == "Somebody changed this rule in Sentinel: order."


def test_a_rule_under_our_name_that_we_never_wrote_is_left_alone(bench):
    bench.sentinel.put_automation_rule(str(bench.name), body(title="Other"))
    bench.want()
    assert bench.deliver().outcome == Landing.HELD
    assert bench.there == body(title="Other")


def test_what_sentinel_kept_otherwise_than_it_was_sent_is_taken_away(bench, monkeypatch):
    put = bench.sentinel.put_automation_rule

    def lossy(name, properties, *, etag=""):
        kept = copy.deepcopy(properties)
        kept["triggeringLogic"]["conditions"] = []
        return put(name, kept, etag=etag)

    monkeypatch.setattr(bench.sentinel, "put_automation_rule", lossy)
    bench.want()
    done = bench.deliver()
    assert done.outcome == Landing.REFUSED and "triggeringLogic.conditions" in done.note
    assert bench.there is None and not bench.row.is_in_sentinel


def test_a_refusal_is_kept_in_azures_words_and_not_repeated(bench, clock):
    refusal = SentinelRefused("Azure refuses this (BadRequest: order).", status=400, code="Bad")
    bench.sentinel.fail_next(refusal, verb="put_automation_rule")
    bench.want()
    assert bench.deliver().outcome == Landing.REFUSED
    row = bench.row
    assert (row.latest_error, row.error_code) == ("Azure refuses this (BadRequest: order).", "Bad")
    assert row.state == State.DEAD and not row.is_as_wanted and not row.is_in_sentinel
    clock.go(days=1)
    bench.want()
    assert bench.deliver() is None
    bench.want(body(title="Another"))
    assert bench.deliver().outcome == Landing.LANDED
    assert bench.row.latest_error == ""


def test_a_missing_right_waits_and_names_it(bench, clock):
    words = "Azure does not allow this (AuthorizationFailed: …/automationRules/write)."
    denied = SentinelDenied(words, status=403, code="AuthorizationFailed")
    bench.sentinel.fail_next(denied, verb="put_automation_rule")
    bench.want()
    assert bench.deliver().outcome == Landing.OWED
    assert "automationRules/write" in bench.row.latest_error
    assert Reachability.objects.get(purpose="rules").denied_since
    assert bench.deliver() is None
    clock.go(minutes=6)
    assert bench.deliver().outcome == Landing.LANDED


def test_azures_own_wait_is_kept_even_by_the_gate(bench, clock):
    bench.sentinel.fail_next(
        SentinelThrottled("Azure asks for fewer calls.", retry_after=400),
        verb="put_automation_rule",
    )
    bench.want(urgency=Haste.STOP)
    bench.deliver()
    clock.go(seconds=399)
    assert bench.deliver() is None
    clock.go(seconds=2)
    assert bench.deliver().outcome == Landing.LANDED


def test_a_stop_does_not_wait_for_what_befell_other_calls(bench, clock):
    Reachability.objects.create(
        workspace=bench.workspace, purpose="incidents", not_before=clock.at + timedelta(hours=1)
    )
    bench.want()
    assert bench.deliver() is None
    bench.want(body(days=2), urgency=Haste.STOP)
    assert bench.deliver().outcome == Landing.LANDED


def test_a_lost_answer_is_found_again_and_written_once(bench, clock, monkeypatch):
    put = bench.sentinel.put_automation_rule

    def lost(name, properties, *, etag=""):
        put(name, properties, etag=etag)
        raise SentinelUnavailable("Azure cannot be reached.")

    monkeypatch.setattr(bench.sentinel, "put_automation_rule", lost)
    bench.want()
    assert bench.deliver().outcome == Landing.OWED
    monkeypatch.setattr(bench.sentinel, "put_automation_rule", put)
    bench.want(body(days=2))  # meanwhile more is wanted, and what is there is known as ours
    clock.go(minutes=10)
    assert bench.deliver().outcome == Landing.LANDED
    assert bench.there == body(days=2)


def test_an_edit_between_reading_and_writing_is_noticed(bench):
    bench.want()
    bench.deliver()
    bench.sentinel.before_next(lambda: bench.edit(order=9), verb="put_automation_rule")
    bench.want(body(days=2))
    assert bench.deliver().outcome == Landing.HELD
    assert bench.there["order"] == 9


def test_what_is_wanted_while_a_worker_writes_comes_next(bench):
    bench.want()
    more = body(days=2)
    bench.sentinel.before_next(lambda: bench.want(more), verb="put_automation_rule")
    assert bench.deliver().outcome == Landing.LANDED
    assert bench.row.outcome == Landing.OWED and not bench.row.is_as_wanted
    assert bench.deliver().outcome == Landing.LANDED
    assert bench.there == more and bench.row.is_as_wanted


def test_a_stop_takes_the_row_from_a_worker_that_may_be_dead(bench):
    bench.want()
    WantedRule.objects.update(state=State.RUNNING, fence=1)
    WantedRule.objects.update(lease_until=NOON + timedelta(minutes=2))
    assert bench.deliver() is None
    bench.want(body(days=2), urgency=Haste.STOP, insists=True)
    assert bench.deliver(stops_only=True).outcome == Landing.LANDED


def test_a_full_workspace_gets_no_other_rule(bench, monkeypatch):
    monkeypatch.setattr(registry, "_quotas", [lambda held: ["It is full."] if held > 1 else []])
    for n in range(2):
        bench.sentinel.put_automation_rule(f"foreign-{n}", body())
    bench.want()
    done = bench.deliver()
    assert (done.outcome, done.note, bench.there) == (Landing.REFUSED, "It is full.", None)


def test_a_paused_workspace_gets_nothing_new_but_can_be_stopped(bench):
    bench.want()
    bench.deliver()
    Workspace.objects.update(state=Workspace.State.PAUSED)
    bench.want(body(days=2))
    assert bench.deliver() is None
    bench.want_none()
    assert bench.deliver().outcome == Landing.LANDED
    assert bench.there is None


def test_the_gate_goes_first_and_one_workspace_does_not_hold_up_another(bench, sentinel):
    other = Bench(make_workspace("porto"), sentinel)
    bench.want(urgency=Haste.LEASE)
    other.want(urgency=Haste.STOP)
    assert bench.deliver().rule.workspace == other.workspace
    sentinel.fail_next(SentinelUnavailable("Away."), verb="get_automation_rule")
    assert bench.deliver().outcome == Landing.OWED
    other.want(body(days=2))
    assert bench.deliver().outcome == Landing.LANDED


def test_upper_rooms_hear_how_it_ended(bench, monkeypatch):
    heard = []
    monkeypatch.setattr(registry, "_rule_listeners", [heard.append])
    bench.want()
    bench.deliver()
    bench.want_none()
    bench.deliver()
    assert [(one.outcome, one.rule.landed is None) for one in heard] == [
        (Landing.LANDED, False), (Landing.LANDED, True),
    ]  # fmt: skip


def test_command_and_wake_up_bring_rules_there_too(bench, capsys):
    bench.want()
    with standing_in(bench.sentinel):
        call_command("deliver", "gdansk", "--json")
        assert json.loads(capsys.readouterr().out)["rules"]["landed"] == 1
        bench.want_none()
        deliver_due_rules.run(asked_by="a later version")
    assert bench.there is None


def test_an_upper_room_can_have_a_rule_wait_but_not_what_is_taken_away(bench, monkeypatch, clock):
    bench.want()
    bench.deliver()
    monkeypatch.setattr(registry, "_rule_checks", [lambda *_: "It is switched off."])
    bench.want(body(days=2))
    assert bench.deliver().note == "It is switched off."
    assert bench.there == body()
    bench.want_none()
    assert bench.deliver().outcome == Landing.LANDED


@pytest.mark.django_db(transaction=True)
def test_gates_of_many_workspaces_do_not_wait_for_each_other(bench, sentinel):
    slow, quick = bench, Bench(make_workspace("porto"), sentinel)
    slow.want(urgency=Haste.STOP)
    quick.want(urgency=Haste.STOP)
    hangs = threading.Event()

    class Slow:
        def __getattr__(self, name):
            assert hangs.wait(20)
            return getattr(sentinel, name)

    def connect(workspace, purpose):
        return Slow() if workspace == slow.workspace else sentinel

    began = time.monotonic()
    push_rules(workspace_ids=[slow.workspace.pk, quick.workspace.pk], connect=connect, now=NOON,
               seconds=2, stops_only=True)  # fmt: skip
    assert time.monotonic() - began < 5
    assert quick.row.is_as_wanted and not slow.row.is_as_wanted
    hangs.set()
    wait_until = time.monotonic() + 20
    while not slow.row.is_as_wanted and time.monotonic() < wait_until:
        time.sleep(0.05)
    assert slow.row.is_as_wanted, "what hung lands when it can"
    time.sleep(0.2)  # its connection is closed after that
