"""Automation rules are brought to what is wanted, read back, and never over a person's edit."""

import copy
import uuid
from datetime import timedelta
from types import SimpleNamespace

from alerts.outbox.models import Landing, RuleKind, RulePriority
from alerts.outbox.registry import RuleHandling, RuleListener, RuleQuota
from alerts.outbox.services.set_desired import name_of_rule
from alerts.sentinel.client.port import (
    SentinelConflict,
    SentinelRefused,
    SentinelUnavailable,
)
from alerts.sentinel.client.timeouts import TOTAL_SECONDS
from portal.audit.models import Entry
from portal.jobs.models import JobState
from tests.alerts.outbox.bench import ABOUT, body
from tests.conftest import NOON
from tests.worker_roles import as_another_process


def test_what_is_wanted_lands_once_and_is_read_back(bench):
    bench.set_desired()
    assert bench.deliver().outcome == Landing.LANDED
    assert bench.there == body()
    row = bench.row
    assert row.is_as_wanted and row.landed == body() and row.landed_at == NOON
    assert row.landed_etag == bench.sentinel.rules[str(bench.name)]["etag"]
    assert Entry.objects.filter(action="outbox.rule.landed").count() == 1
    bench.set_desired()
    assert bench.deliver() is None


def test_the_name_is_the_same_for_the_same_rule_and_workspace(bench):
    assert bench.name == name_of_rule(about=ABOUT, workspace=bench.workspace.uuid)
    assert bench.name != name_of_rule(about=ABOUT, workspace=uuid.uuid4())


def test_a_longer_lease_is_put_with_the_etag_that_was_read(bench):
    bench.set_desired()
    bench.deliver()
    etag = bench.row.landed_etag
    bench.set_desired(body(days=2), urgency=RulePriority.LEASE)
    bench.deliver()
    assert bench.sentinel.writes[-1].body["etag"] == etag
    assert bench.there == body(days=2)


def test_what_is_not_wanted_any_more_is_deleted_and_absent_is_as_good(bench):
    assert bench.want_none() is None
    bench.set_desired()
    bench.deliver()
    bench.want_none(reason="Paused.")
    assert bench.deliver().outcome == Landing.LANDED
    assert bench.there is None and bench.row.landed is None and bench.row.is_as_wanted
    bench.set_desired()
    bench.want_none()
    assert bench.deliver().outcome == Landing.LANDED
    assert [call.verb for call in bench.sentinel.writes] == [
        "put_automation_rule",
        "delete_automation_rule",
    ]


def test_a_rule_that_somebody_changed_is_held_and_said(bench):
    bench.set_desired()
    bench.deliver()
    bench.edit(order=7)
    bench.set_desired(body(days=2))
    done = bench.deliver()
    assert done.outcome == Landing.CHANGED_BY_HAND and "order" in done.note
    assert bench.there["order"] == 7
    assert bench.row.latest_error == "Somebody changed this rule in Sentinel: order."
    assert not bench.row.is_as_wanted
    assert bench.deliver() is None


def test_switched_off_or_deleted_by_hand_stays_so(bench):
    bench.set_desired()
    bench.deliver()
    bench.edit(triggeringLogic=body(enabled=False)["triggeringLogic"])
    bench.set_desired(body(days=2))
    assert "isEnabled" in bench.deliver().note
    del bench.sentinel.rules[str(bench.name)]
    bench.set_desired(body(days=3))
    assert bench.deliver().note == "Somebody deleted this rule in Sentinel."
    assert bench.there is None
    bench.want_none()
    assert bench.deliver().outcome == Landing.LANDED
    bench.set_desired()
    assert bench.deliver().outcome == Landing.LANDED, "paused and resumed, it is put there anew"


def test_disabled_by_its_own_end_is_nobodys_edit(bench):
    bench.set_desired()
    bench.deliver()
    bench.edit(triggeringLogic=body(enabled=False)["triggeringLogic"])
    bench.set_desired(body(days=3))
    assert bench.deliver(now=NOON + timedelta(days=2)).outcome == Landing.LANDED
    assert bench.there == body(days=3)


def test_stopping_goes_over_what_a_person_changed_and_says_so(bench):
    bench.set_desired()
    bench.deliver()
    bench.edit(order=7)
    bench.want_none()
    done = bench.deliver()
    assert (done.outcome, bench.there) == (Landing.LANDED, None)
    assert bench.row.note == "Somebody changed this rule in Sentinel: order."


def test_a_rule_under_our_name_that_we_never_wrote_is_left_alone(bench):
    bench.sentinel.put_automation_rule(str(bench.name), body(title="Other"))
    bench.set_desired()
    assert bench.deliver().outcome == Landing.CHANGED_BY_HAND
    assert bench.there == body(title="Other")


def test_what_sentinel_kept_otherwise_than_it_was_sent_is_taken_away(bench, monkeypatch):
    put = bench.sentinel.put_automation_rule

    def lossy(name, properties, *, etag=""):
        kept = copy.deepcopy(properties)
        kept["triggeringLogic"]["conditions"] = []
        return put(name, kept, etag=etag)

    monkeypatch.setattr(bench.sentinel, "put_automation_rule", lossy)
    bench.set_desired()
    done = bench.deliver()
    assert done.outcome == Landing.REFUSED and "triggeringLogic.conditions" in done.note
    assert bench.there is None and not bench.row.is_in_sentinel


def test_a_refusal_is_kept_in_azures_words_and_not_repeated(bench, clock):
    refusal = SentinelRefused("Azure refuses this (BadRequest: order).", status=400, code="Bad")
    bench.sentinel.fail_next(refusal, verb="put_automation_rule")
    bench.set_desired()
    assert bench.deliver().outcome == Landing.REFUSED
    row = bench.row
    assert (row.latest_error, row.error_code) == ("Azure refuses this (BadRequest: order).", "Bad")
    assert row.state == JobState.DEAD and not row.is_as_wanted and not row.is_in_sentinel
    clock.go(days=1)
    bench.set_desired()
    assert bench.deliver() is None
    bench.set_desired(body(title="Another"))
    assert bench.deliver().outcome == Landing.LANDED
    assert bench.row.latest_error == ""


def test_a_lost_answer_is_found_again_and_written_once(bench, clock, monkeypatch):
    put = bench.sentinel.put_automation_rule

    def lost(name, properties, *, etag=""):
        put(name, properties, etag=etag)
        raise SentinelUnavailable("Azure cannot be reached.")

    monkeypatch.setattr(bench.sentinel, "put_automation_rule", lost)
    bench.set_desired()
    assert bench.deliver().outcome == Landing.PENDING
    monkeypatch.setattr(bench.sentinel, "put_automation_rule", put)
    bench.set_desired(body(days=2))  # meanwhile more is wanted, and what is there is known as ours
    clock.go(minutes=10)
    assert bench.deliver().outcome == Landing.LANDED
    assert bench.there == body(days=2)


def test_an_edit_between_reading_and_writing_is_noticed(bench):
    bench.set_desired()
    bench.deliver()
    bench.sentinel.before_next(lambda: bench.edit(order=9), verb="put_automation_rule")
    bench.set_desired(body(days=2))
    assert bench.deliver().outcome == Landing.CHANGED_BY_HAND
    assert bench.there["order"] == 9


def test_no_turn_begins_that_could_outlive_the_lease(bench, monkeypatch):
    elapsed, turns = [0.0], []
    monkeypatch.setattr(
        "alerts.outbox.services.deliver_rules.time", SimpleNamespace(monotonic=lambda: elapsed[0])
    )

    def slow_and_overtaken(*_, **__):
        elapsed[0] += TOTAL_SECONDS
        turns.append(1)
        raise SentinelConflict("Somebody was faster.")

    bench.set_desired()
    monkeypatch.setattr(bench.sentinel, "put_automation_rule", slow_and_overtaken)
    bench.deliver()
    assert len(turns) == 1


def test_what_is_wanted_while_a_worker_writes_comes_next(bench):
    bench.set_desired()
    more = body(days=2)

    def want_more():
        with as_another_process():
            bench.set_desired(more)

    bench.sentinel.before_next(want_more, verb="put_automation_rule")
    assert bench.deliver().outcome == Landing.LANDED
    assert bench.row.outcome == Landing.PENDING and not bench.row.is_as_wanted
    assert bench.deliver().outcome == Landing.LANDED
    assert bench.there == more and bench.row.is_as_wanted


def test_a_full_workspace_gets_no_other_rule(bench, wired):
    wired(RuleQuota, RuleQuota(lambda count: ["It is full."] if count > 1 else []))
    for n in range(2):
        bench.sentinel.put_automation_rule(f"foreign-{n}", body())
    bench.set_desired()
    done = bench.deliver()
    assert (done.outcome, done.note, bench.there) == (Landing.REFUSED, "It is full.", None)


def test_upper_rooms_hear_how_it_ended(bench, wired):
    heard = []
    wired(RuleListener, RuleListener(heard.append))
    bench.set_desired()
    bench.deliver()
    bench.want_none()
    bench.deliver()
    assert [(one.outcome, one.rule.landed is None) for one in heard] == [
        (Landing.LANDED, False),
        (Landing.LANDED, True),
    ]


def test_an_upper_room_can_have_a_rule_wait_but_not_what_is_taken_away(bench, wired, clock):
    bench.set_desired()
    bench.deliver()
    handling = RuleHandling(
        RuleKind.RULE, check=lambda *_, **__: "", wait=lambda *_: "It is switched off."
    )
    wired(RuleHandling, handling)
    bench.set_desired(body(days=2))
    assert bench.deliver().note == "It is switched off."
    for _ in range(6):
        clock.go(seconds=61)
        assert bench.deliver().outcome == Landing.PENDING, "asked again within a minute"
    assert bench.there == body()
    bench.want_none()
    assert bench.deliver().outcome == Landing.LANDED
