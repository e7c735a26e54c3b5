"""What a list held back: only what its rows covered while Sentinel held them and an open gate."""

from datetime import timedelta

from alerts.incidents.engine.catalogue import all_types
from alerts.incidents.models import IncidentAlert
from alerts.suppression.deploying.kill_switch import switch_off, switch_on
from alerts.suppression.deploying.left_out_alerts import count_left_out_alerts, left_out_in
from alerts.suppression.deploying.watchlist_periods import changes_this_month, remove_old_periods
from alerts.suppression.deploying.watchlist_switch import end_watchlist
from alerts.suppression.models import LedgerEntry, LeftOutAlert, RuleVersion, WatchlistPeriod
from tests.conftest import NOON
from tests.factories.incidents import make_incident

SELECTED = "Modbus Address Range Violation"  # by a rule of the solution


def count(clock, **later):
    clock.go(**later)
    return count_left_out_alerts(now=clock.at)


def test_one_line_for_each_alert_that_a_row_covered(first_round, version, raw, clock, workspace):
    alert, soon = raw(), raw(at=NOON + timedelta(hours=3))
    assert count(clock, hours=2) == 0, "its incident may still come"
    assert count(clock, hours=2) == 1
    line = LeftOutAlert.objects.get()
    assert (line.alert, line.rule, line.version) == (alert, version.rule, version)
    assert count(clock) == 0
    assert count(clock, hours=3) == 1 and LeftOutAlert.objects.filter(alert=soon).exists()
    assert not LedgerEntry.objects.exists(), "nothing was closed"


def test_what_no_row_covered_is_a_finding_and_what_no_rule_selects_is_none(
    first_round, raw, clock, workspace
):
    other = raw(alert_type=SELECTED, source_device="LAPTOP-9")
    high = raw(alert_type=SELECTED, severity=4)
    raw(alert_type=next(kind.title for kind in all_types() if not kind.becomes_incident))
    assert count(clock, hours=4) == 2
    findings = LeftOutAlert.objects.filter(rule=None)
    assert {line.alert for line in findings} == {other, high}
    case = make_incident(workspace)
    IncidentAlert.objects.create(incident=case, alert=other)
    rows = left_out_in([workspace.pk], since=NOON)
    assert [line.alert for line in rows] == [high], "an incident came of the other after all"


def test_nothing_counts_before_it_was_on_nor_after_it_ended(
    first_round, raw, clock, workspace, oda
):
    raw(at=NOON - timedelta(minutes=1))
    clock.go(hours=2)
    end_watchlist(workspace=workspace, by=oda, reason="", now=clock.at)
    raw(at=NOON + timedelta(hours=3))
    before = raw()
    assert count(clock, hours=6) == 1
    assert LeftOutAlert.objects.get().alert == before


def hours(count):
    return NOON + timedelta(hours=count)


def test_while_a_rule_was_paused_its_rows_held_nothing_back(
    first_round, version, raw, lists, clock
):
    lists.round(hours=2)
    RuleVersion.objects.filter(pk=version.pk).update(state="paused")
    lists.round(minutes=1)
    lists.round(hours=4)
    RuleVersion.objects.filter(pk=version.pk).update(state="live", state_since=clock.at)
    lists.round(minutes=1)
    before, during, after = raw(at=hours(1)), raw(at=hours(4)), raw(at=hours(7))
    assert count(clock, hours=6) == 2
    assert {line.alert for line in LeftOutAlert.objects.all()} == {before, after}
    assert not LeftOutAlert.objects.filter(alert=during).exists()


def test_while_the_gate_was_shut_or_its_lease_over_nothing_was_held_back(
    first_round, raw, lists, clock, oda, leo, workspace
):
    clock.go(hours=2)
    (stop,) = switch_off(by=oda, now=clock.at)
    lists.round(minutes=1)
    during, selected = raw(at=hours(4)), raw(at=hours(4), alert_type=SELECTED)
    clock.go(hours=4)
    switch_on(stop_id=stop.pk, by=leo, reason="It is over.", now=clock.at)
    lists.round(minutes=1)
    after, late = raw(at=hours(8)), raw(at=hours(40))
    for _ in range(9):  # nobody reads the workspace: the lease ends a day after
        lists.round(hours=4, fresh=False)
    assert count(clock) == 2
    assert LeftOutAlert.objects.get(rule__isnull=False).alert == after
    assert LeftOutAlert.objects.get(rule=None).alert == selected
    assert not LeftOutAlert.objects.filter(alert__in=[during, late]).exists()


def test_before_the_rows_have_landed_nothing_is_held_back(request_on, raw, clock):
    raw()
    assert count(clock, hours=4) == 0


def test_an_alert_is_looked_at_within_an_hour_and_a_row_that_went_counts_a_little_longer(
    first_round, raw, lists, clock, oda, workspace
):
    clock.go(hours=3)
    end_watchlist(workspace=workspace, by=oda, reason="", now=clock.at)
    lists.round(minutes=1)
    in_copy = raw(at=hours(2.9))
    assert count(clock, hours=4) == 1 and LeftOutAlert.objects.get().alert == in_copy


def test_periods_are_kept_for_two_months(first_round, lists, version, clock, workspace):
    RuleVersion.objects.filter(pk=version.pk).update(state="paused")
    lists.round(minutes=1)
    assert changes_this_month(workspace.pk, now=clock.at) == 5  # two rows came and went, the gate
    assert WatchlistPeriod.objects.filter(ended_at=None).count() == 1
    clock.go(days=63)
    assert changes_this_month(workspace.pk, now=clock.at) == 0
    assert remove_old_periods(now=clock.at, is_dry_run=True) == 2
    assert remove_old_periods(now=clock.at, is_dry_run=False) == 2
    assert WatchlistPeriod.objects.count() == 1
