"""The watchlist of a workspace: off until both sides sign, in step with live rules, shut by one
row, and silent by itself once nobody keeps it.
"""

from datetime import timedelta
from uuid import uuid4

import pytest

from alerts.outbox.engine.labels import ROUTINE_LIST
from alerts.outbox.models import Landing, WantedRule
from alerts.outbox.services import rule_drift
from alerts.rules.guards.signing import SigningSide
from alerts.rules.rule import Clause
from alerts.rules.watchlist import lease_of_gate
from alerts.sentinel.client.azure import AzureSentinelClient
from alerts.sentinel.services.reach import note_fresh
from alerts.sentinel.wire.watchlists import read_watchlist_items
from alerts.suppression.deploying import watchlist_rows, watchlist_switch
from alerts.suppression.deploying.compare_automation_rules import compare_automation_rules
from alerts.suppression.deploying.kill_switch import switch_off, switch_on
from alerts.suppression.deploying.leases import renew_leases
from alerts.suppression.deploying.watchlist_rows import (
    changes_this_month,
    listed_rules,
    reason_against_renewal,
    reason_to_shut,
)
from alerts.suppression.deploying.watchlist_switch import (
    CannotSwitchWatchlist,
    end_watchlist,
    hash_of_exclusion,
    is_watchlist_on,
    propose_watchlist,
    sign_watchlist,
)
from alerts.suppression.models import (
    RuleVersion,
    WatchlistPeriod,
    WatchlistRequest,
)
from portal.audit.models import Entry
from simulator.running import running_simulator
from tests.alerts.suppression.deploying.plant import signed
from tests.alerts.suppression.deploying.watchlists import BOTH, pairs
from tests.conftest import NOON
from tests.factories.azure import connection_to, secret_of
from tests.factories.incidents import make_alert, make_incident

# ------------------------------------------------------------------------------------ the switch


def test_it_is_off_until_both_sides_have_signed(version, workspace, oda, leo, lists):
    lists.round()
    assert lists.writes == []
    request = propose_watchlist(workspace=workspace, side=SigningSide.OT, by=oda, now=NOON)
    seen = {"request_id": request.pk, "seen_hash": request.text_hash, "now": NOON}
    sign_watchlist(**seen, side=SigningSide.OT, by=oda, proved_at=NOON)
    lists.round()
    assert lists.writes == [] and not is_watchlist_on(workspace)
    sign_watchlist(**seen, side=SigningSide.SOC, by=leo, proved_at=NOON)
    lists.round()
    assert is_watchlist_on(workspace)
    assert lists.pairs == BOTH
    assert lists.lease == NOON + timedelta(days=1)
    actions = set(Entry.objects.values_list("action", flat=True))
    assert {"suppression.watchlist.proposed", "suppression.watchlist.signed"} <= actions


def test_one_person_cannot_sign_for_both_nor_what_was_not_on_the_screen(
    workspace, version, oda, leo, make_person, site
):
    request = propose_watchlist(workspace=workspace, side=SigningSide.OT, by=oda, now=NOON)
    seen = {"request_id": request.pk, "seen_hash": request.text_hash, "now": NOON}
    with pytest.raises(CannotSwitchWatchlist):
        sign_watchlist(**seen, side=SigningSide.SOC, by=oda, proved_at=NOON)
    with pytest.raises(CannotSwitchWatchlist):
        sign_watchlist(
            **seen | {"seen_hash": "0" * 64}, side=SigningSide.SOC, by=leo, proved_at=NOON
        )
    with pytest.raises(CannotSwitchWatchlist):
        sign_watchlist(**seen, side=SigningSide.SOC, by=leo, proved_at=NOON - timedelta(minutes=6))
    with pytest.raises(CannotSwitchWatchlist):
        sign_watchlist(**seen, side=SigningSide.SOC, by=leo, proved_at=NOON, kind="token")
    with pytest.raises(CannotSwitchWatchlist, match="already"):
        propose_watchlist(workspace=workspace, side=SigningSide.SOC, by=leo, now=NOON)
    assert not request.signatures.exists()


def test_with_another_text_the_signatures_hold_no_longer(
    request_on, first_round, lists, workspace, monkeypatch
):
    assert lists.lease
    monkeypatch.setattr(watchlist_switch.kql, "exclusion", lambda: "| where true\n")
    assert hash_of_exclusion(workspace) != request_on.text_hash
    lists.round(minutes=1)
    assert (lists.lease, lists.pairs) == (None, [])


def test_any_right_hand_ends_it_and_the_gate_goes_before_all_else(first_round, lists, oda):
    before = len(lists.writes)
    end_watchlist(workspace=lists.workspace, by=oda, reason="A doubt.", now=NOON)
    lists.far.deliver()
    assert [call.verb for call in lists.writes[before:]] == ["put_watchlist_item"]
    assert lists.lease is None
    lists.round(minutes=1)
    assert lists.pairs == []
    assert WatchlistRequest.objects.get().state == "ended"


# -------------------------------------------------------------------------------- in step, shut


def test_only_what_differs_is_written_and_counted(request_on, lists, workspace, clock):
    lists.far.sentinel.moving_reads = 3
    for _ in range(4):
        lists.round(seconds=20)
    count = len(lists.writes)
    assert [call.verb for call in lists.writes].count("put_watchlist") == 1
    assert changes_this_month(workspace.pk, now=clock.at) == 3  # two pairs and the gate
    for _ in range(5):
        lists.round(minutes=10)
    assert len(lists.writes) == count, "nothing changed, so nothing is written"
    lists.round(hours=4)
    assert [call.verb for call in lists.writes[count:]] == ["put_watchlist_item"]
    assert lists.lease > NOON + timedelta(hours=27)


def test_the_lease_ends_by_itself_where_tagout_is_blind(first_round, lists):
    first = lists.lease
    for _ in range(8):
        lists.round(hours=4, fresh=False)
    assert lists.lease == first, "nobody would notice what goes wrong"


def test_a_rule_that_is_paused_expires_or_has_an_end_leaves_the_list(
    first_round, version, lists, clock
):
    rows = [row for row in lists.rows if row["Kind"] == "pair"]
    assert {row["Until"] for row in rows} == {"2026-10-24T12:00:00Z"} or rows[0]["Until"]
    RuleVersion.objects.filter(pk=version.pk).update(state="paused")
    lists.round(minutes=1)
    assert lists.pairs == []
    RuleVersion.objects.filter(pk=version.pk).update(state="live")
    lists.round(minutes=1)
    assert lists.pairs == BOTH


def test_a_canary_is_not_in_the_list(request_on, version, lists):
    RuleVersion.objects.filter(pk=version.pk).update(state="canary")
    lists.round()
    assert lists.pairs == []


def test_the_kill_switch_shuts_the_list_with_one_row(first_round, lists, oda, leo, workspace):
    before = len(lists.writes)
    (stop,) = switch_off(by=oda, now=NOON)
    lists.far.deliver()
    assert [call.verb for call in lists.writes[before:]] == ["put_watchlist_item"]
    assert lists.lease is None and lists.pairs == BOTH
    lists.round(minutes=1)
    assert lists.lease is None, "no round opens it again"
    switch_on(stop_id=stop.pk, by=leo, reason="It was the clock.", now=NOON)
    lists.round(minutes=1)
    assert lists.lease


def test_while_a_row_cannot_be_taken_away_the_lease_does_not_grow(
    first_round, version, lists, clock
):
    first = lists.lease
    RuleVersion.objects.filter(pk=version.pk).update(state="paused")
    clock.go(hours=5)
    note_fresh(workspace_id=lists.workspace.pk, now=clock.at)
    renew_leases(now=clock.at)
    renew_leases(now=clock.at)
    gate = WantedRule.objects.get(kind="listgate")
    assert lease_of_gate(gate.wanted) == first
    lists.round(minutes=1)
    assert lists.lease > first


# ------------------------------------------------------------------------------------- guards


def test_safety_systems_and_devices_of_open_cases_are_no_rows(
    request_on, lists, workspace, site, oda, leo
):
    grave = pairs(destinations=Clause("destination_device", "is", ("SIS-01",)))
    signed(grave, by=(oda, leo), workspaces=[workspace], sites=[site])
    lists.round()
    assert lists.pairs == BOTH
    (_, kept_out) = listed_rules(workspace, now=NOON)
    assert kept_out.rows == {} and kept_out.reasons[0].code == "never.asset"
    case = make_incident(workspace, classification="TruePositive", status=1)
    make_alert(case, site=site, destination_device="PLC-21", source_device="LAPTOP-9")
    lists.round(minutes=1)
    assert lists.pairs == BOTH[:1]


def test_a_rule_that_the_list_cannot_say_stays_out_with_its_reason(
    request_on, lists, workspace, site, oda, leo
):
    planned = pairs(Clause("planned_work", "within", ("backup",)))
    signed(planned, by=(oda, leo), workspaces=[workspace], sites=[site])
    lists.round()
    (_, other) = listed_rules(workspace, now=NOON)
    assert [reason.code for reason in other.reasons] == ["watchlist.line"]
    assert lists.pairs == BOTH


def test_what_a_hand_changed_or_added_shuts_the_list(first_round, lists, workspace, clock):
    sentinel = lists.far.sentinel
    row = WantedRule.objects.filter(kind="pair").first()
    sentinel.edit_item(ROUTINE_LIST, str(row.name), Destination="PLC-99")
    clock.go(minutes=11)
    assert rule_drift.check_one_workspace(now=clock.at, connect=lambda *_: sentinel)
    lists.round(minutes=1)
    row.refresh_from_db()
    assert row.outcome == Landing.CHANGED_BY_HAND and lists.lease is None
    sentinel.edit_item(ROUTINE_LIST, str(row.name), Destination=row.landed["Destination"])


def test_a_gate_that_a_hand_shut_is_not_opened_without_new_signatures(
    request_on, first_round, lists, workspace, clock
):
    sentinel, gate = lists.far.sentinel, WantedRule.objects.get(kind="listgate")
    sentinel.edit_item(ROUTINE_LIST, str(gate.name), Until="")
    clock.go(minutes=11)
    assert rule_drift.check_one_workspace(now=clock.at, connect=lambda *_: sentinel)
    for _ in range(3):
        lists.round(hours=1)
    request_on.refresh_from_db()
    assert (request_on.state, lists.lease, lists.pairs) == ("ended", None, [])
    assert "by hand" in request_on.end_reason


def test_while_a_row_is_there_in_an_older_form_the_lease_does_not_grow(
    first_round, lists, workspace, clock
):
    first = lists.lease
    row = WantedRule.objects.filter(kind="pair").first()
    wanted = {**row.wanted, "Version": "2"}
    WantedRule.objects.filter(pk=row.pk).update(wanted=wanted, outcome=Landing.REFUSED)
    clock.go(hours=5)
    note_fresh(workspace_id=workspace.pk, now=clock.at)
    assert "changed" in reason_against_renewal(workspace, now=clock.at)
    assert lease_of_gate(WantedRule.objects.get(kind="listgate").wanted) == first


def test_a_row_that_nobody_signed_shuts_the_list_until_it_is_gone(
    first_round, lists, workspace, clock
):
    sentinel, stranger = lists.far.sentinel, "11111111-2222-4333-8444-555555555555"
    sentinel.edit_item(ROUTINE_LIST, stranger, Kind="pair", Source="X", Destination="Y")

    def look():
        clock.go(minutes=11)
        assert rule_drift.check_one_workspace(now=clock.at, connect=lambda *_: sentinel)
        lists.round(minutes=1)

    look()
    assert lists.lease is None and "1 rows" in reason_to_shut(workspace)
    del sentinel.watchlist_items[ROUTINE_LIST][stranger]
    look()
    assert lists.lease is not None and reason_to_shut(workspace) == ""


def use_up_changes(workspace, count):
    WatchlistPeriod.objects.create(
        workspace=workspace, name=uuid4(), body={}, began_at=NOON, ended_at=NOON, changes=count
    )


def test_near_the_limit_of_a_month_rows_only_leave(request_on, version, lists, workspace, clock):
    use_up_changes(workspace, watchlist_rows.MAX_CHANGES - 1)
    lists.round()
    assert len(lists.pairs) == 1
    RuleVersion.objects.filter(pk=version.pk).update(state="paused")
    lists.round(minutes=1)
    assert lists.pairs == []


def test_near_the_limit_of_a_month_a_row_that_should_change_leaves(
    first_round, version, lists, workspace
):
    use_up_changes(workspace, watchlist_rows.MAX_CHANGES)
    row = WantedRule.objects.filter(kind="pair").first()
    older = {**row.wanted, "Version": "0"}
    WantedRule.objects.filter(pk=row.pk).update(wanted=older, landed=older)
    lists.round(minutes=1)
    assert len(lists.pairs) == 1


def test_a_restore_does_not_look_for_rows_among_automation_rules(first_round, lists, monkeypatch):
    assert lists.pairs == BOTH
    place = "alerts.suppression.deploying.compare_automation_rules.automation_rules_of"
    monkeypatch.setattr(place, lambda _workspace: [])
    (found,) = compare_automation_rules(NOON)
    assert found.missing == ("gate",), "that one is an automation rule"


# ------------------------------------------------------------------- against the pretend Sentinel


def test_the_pretend_sentinel_holds_exactly_what_is_wanted(request_on, lists, clock, workspace):
    with running_simulator(now=NOON) as running, secret_of(running):
        client = AzureSentinelClient(connection_to(running))
        lists.far.sentinel = client
        for _ in range(3):  # the list is made while the first rounds pass
            lists.round(seconds=20)
            running.control.advance(20)
        items, _ = read_watchlist_items(client.list_watchlist_items(ROUTINE_LIST))
        wanted = WantedRule.objects.filter(kind__in=("pair", "listgate"), wanted__isnull=False)
        assert {item.name: item.properties for item in items} == {
            str(row.name): row.wanted for row in wanted
        }
        assert len(items) == 3
        assert all(row.is_as_wanted for row in wanted)
        clock.go(minutes=11)
        assert rule_drift.check_one_workspace(now=clock.at, connect=lambda *_: client)
        assert reason_to_shut(workspace) == "", "nobody has changed anything"
        client.close()
