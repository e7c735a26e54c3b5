"""A back-test says what the rule would have done, and is kept as it was."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.incidents.engine.catalogue import all_types
from alerts.incidents.models import Incident, TimelineItem
from alerts.rules.fields import SEVERITIES
from alerts.rules.rule import Clause, RuleDefinition, rule_hash
from alerts.suppression.backtesting import backtest
from alerts.suppression.backtesting.backtest import CannotBackTest, preview_backtest, run_backtest
from alerts.suppression.models import BackTestRun
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.alerts.suppression.past import close_by, judge, routine, rule_for
from tests.conftest import NOON
from tests.factories.incidents import (
    copy_without_incident,
    make_alert,
    make_device,
    make_site,
)
from tests.reuse import reuse_rows

pytestmark = pytest.mark.django_db
VERDICTS = ("routine", "maintenance", "suspicious", "not-sure")
MORNING = Clause("time", "within", ("Tue 06:00-08:00 Europe/Warsaw",))


@reuse_rows
def past(workspace, site):
    """Thirty days of routine, twice as much of other traffic at the site."""
    rows = routine(workspace, site)
    routine(workspace, site, source="ENG-WS-02")
    routine(workspace, site, source="HMI-1")
    routine(workspace, site, source="HMI-2")
    return rows


def test_it_is_kept_with_the_hash_of_the_rule_and_its_counts(past, site, oda):
    rule = rule_for(site)
    run = run_backtest(rule=rule, now=NOON, by=oda)
    assert (run.rule_hash, run.ran_by, run.ran_at) == (rule_hash(rule), oda, NOON)
    assert (run.body["alerts"], run.body["incidents"], run.body["total"]) == (30, 30, 120)
    assert run.body["after_each"] == [120, 120, 30]
    assert run.body["sites"] == [{"site": "Gdańsk", "matched": 30, "incidents": 120, "share": 0.25}]
    assert (run.history_days, run.reasons) == (31, [])
    assert sum(count for _, count in run.body["per_day"]) == 30
    assert BackTestRun.objects.get().body == run.body


def test_too_much_of_a_site_and_too_little_history_are_held_against_it(workspace, site):
    routine(workspace, site, days=5)
    run = run_backtest(rule=rule_for(site), now=NOON)
    assert [code for code, _ in run.reasons] == ["wide.history", "wide.share"]


def test_one_annotation_is_one_trial_however_many_alerts_it_covers(past, site, oda):
    judge(past[:10], oda)
    judge(past[10:11], oda, "maintenance")
    judged = run_backtest(rule=rule_for(site), now=NOON).body["judged"]
    assert (judged["trials"], judged["suspicious"]) == (2, 0)
    assert judged["by_verdict"] == {"maintenance": 1, "routine": 1}


def test_a_strict_rule_is_proven_by_what_was_said_of_its_strict_alerts(past, site, oda):
    soft = next(t.title for t in all_types() if (t.guard, t.severity) == ("scoped", "Medium"))
    past[1].alerts.update(alert_type=soft, severity=SEVERITIES.index("Medium"))
    for row in past[:2]:
        judge([row], oda)
    place, what, *rest = rule_for(site).all_of
    both = Clause("alert_type", "is_one_of", (*what.texts, soft))
    rule = replace(rule_for(site), all_of=(place, both, *rest))
    assert run_backtest(rule=rule, now=NOON).body["judged"]["trials"] == 1


def test_a_verdict_taken_back_or_superseded_counts_no_more(past, site, oda):
    withdrawn, corrected = judge(past[:1], oda, "suspicious"), judge(past[1:2], oda, "suspicious")
    withdrawn.withdrawn_at, corrected.superseded_by = NOON, judge(past[1:2], oda)
    withdrawn.save()
    corrected.save()
    body = run_backtest(rule=rule_for(site), now=NOON).body
    assert body["stops"] == []
    assert body["judged"]["trials"] == 1


def test_a_verdict_given_before_the_alerts_came_is_about_all_of_them(past, site, oda):
    judge(past[:1], oda, "suspicious").alerts.clear()
    body = run_backtest(rule=rule_for(site), now=NOON).body
    assert [stop["why"] for stop in body["stops"]] == [["suspicious"]]


def test_true_positives_what_was_merged_into_one_and_reopened_are_stops(past, workspace, site):
    (attack,) = routine(workspace, site, days=1, source="ROGUE-1", destination="PLC-9")
    Incident.objects.filter(pk__in=[past[0].pk, attack.pk]).update(classification="TruePositive")
    Incident.objects.filter(pk=past[3].pk).update(merged_into=attack.number)
    TimelineItem.objects.create(incident=past[20], at=NOON, side="soc", code="reopened")
    run = run_backtest(rule=rule_for(site), now=NOON)
    whys = sorted(tuple(stop["why"]) for stop in run.body["stops"])
    assert whys == [("linked",), ("reopened",), ("true_positive",)]
    assert [code for code, _ in run.reasons] == ["wide.true_positive"]


def test_what_only_shares_a_device_with_a_true_positive_is_looked_at_first(past, workspace, site):
    Incident.objects.filter(pk=past[0].pk).update(classification="TruePositive")
    body = run_backtest(rule=rule_for(site), now=NOON).body
    assert [stop["why"] for stop in body["stops"]] == [["true_positive"]]
    first = body["check_these"][0]
    assert first["why"] == "ENG-WS-04 was in a true positive the day before or after."
    assert (first["case"], first["times"]) == (past[0].pk, 14)


@pytest.mark.parametrize("entity", [True, False], ids=["an entity", "an alert"])
def test_a_device_of_the_same_name_at_another_site_is_another_device(past, workspace, site, entity):
    ulm = make_site("Ulm")
    (attack,) = routine(
        workspace,
        ulm,
        days=1,
        source="ROGUE-1",
        destination="PLC-9" if entity else "PLC-4",
        classification="TruePositive",
    )
    if entity:
        attack.entities.create(
            name="e", kind="IoTDevice", body={}, device=make_device(ulm, "PLC-4", "10.0.0.4")
        )
    body = run_backtest(rule=rule_for(site), now=NOON).body
    assert [check["case"] for check in body["check_these"] if check["case"]] == []


@pytest.mark.parametrize(
    ("hour", "when"),
    [(6, "on the same day"), (23, "the day before or after")],  # midnight at the plant
)
def test_an_entity_of_a_true_positive_counts_as_its_alerts_do(past, workspace, site, hour, when):
    (attack,) = routine(
        workspace,
        site,
        days=1,
        source="ROGUE-1",
        destination="PLC-9",
        classification="TruePositive",
        hour=hour,
    )
    attack.entities.create(
        name="e", kind="IoTDevice", body={}, device=make_device(site, "PLC-4", "10.0.0.4")
    )
    body = run_backtest(rule=rule_for(site), now=NOON).body
    assert body["stops"] == []
    first = body["check_these"][0]
    assert first["why"] == f"PLC-4 was in a true positive {when}."
    assert first["case"] == attack.pk


def test_near_misses_say_which_line_kept_them_out_the_suspicious_first(past, site, oda, workspace):
    other = routine(workspace, site, days=40, source="ENG-WS-02")
    judge(other[:1], oda, "suspicious")
    body = run_backtest(rule=rule_for(site, MORNING), now=NOON).body
    assert body["nearest"][0]["alert"] is not None
    body = run_backtest(rule=rule_for(site), now=NOON).body
    first = body["nearest"][0]
    assert first["incidents"] == [other[0].pk]
    assert "ENG-WS-02" in first["why"]
    assert first["reason"][0] == "miss.other"
    assert (first["stoppers"], first["case"]) == (["suspicious"], None)


def test_a_suspicious_near_miss_is_found_whose_verdict_names_no_alert(past, site, oda, workspace):
    other = routine(workspace, site, days=40, source="ENG-WS-02")
    judge(other[30:31], oda, "suspicious").alerts.clear()
    body = run_backtest(rule=rule_for(site), now=NOON).body
    assert body["nearest"][0]["incidents"] == [other[30].pk]
    assert body["nearest"][0]["stoppers"] == ["suspicious"]


def test_what_people_said_outside_the_hours_is_counted_apart(past, site, oda):
    """The routine of `past` comes every day at seven; the rule keeps to Tuesdays."""
    tuesdays = [row for row in past if row.created_at.weekday() == 1]
    others = [row for row in past if row not in tuesdays]
    judge(tuesdays[:1], oda)
    judge(others[:2], oda, "suspicious")
    judge(others[2:3], oda, "suspicious").alerts.clear()
    judge(others[3:4], oda, "maintenance")
    Incident.objects.filter(pk=others[4].pk).update(classification="TruePositive")
    body = run_backtest(rule=rule_for(site, MORNING), now=NOON).body
    assert body["judged"] | {"words": ""} == {
        "trials": 1,
        "suspicious": 0,
        "by_verdict": {"routine": 1},
        "limit": 0.95,
        "is_little": True,
        "words": "",
    }
    outside = body["outside_hours"]
    assert {name: counts["alerts"] for name, counts in outside.items() if name in VERDICTS} == {
        "routine": 0,
        "maintenance": 1,
        "suspicious": 3,
        "not-sure": 0,
    }
    assert outside["true_positives"] == 1
    assert run_backtest(rule=rule_for(site), now=NOON).body["outside_hours"] is None


def test_an_incident_with_another_alert_is_not_claimed_as_closed(past, site, oda):
    close_by(oda, past[:20], after=timedelta(minutes=10))
    make_alert(past[0], site=site, alert_type="Port Scan Detected")
    body = run_backtest(rule=rule_for(site), now=NOON).body
    assert (body["incidents"], body["shared_incidents"]) == (30, 1)
    assert body["minutes_saved"] == 290
    assert body["handling"] == {"minutes": 10, "closings": 20, "of": "matches"}


def test_minutes_are_claimed_only_from_twenty_closings_of_people(past, site, oda):
    close_by(oda, past[:19], after=timedelta(minutes=10))
    assert run_backtest(rule=rule_for(site), now=NOON).body["minutes_saved"] == 0
    close_by(oda, past[19:20], after=timedelta(days=3))
    body = run_backtest(rule=rule_for(site), now=NOON).body
    assert (body["minutes_per_incident"], body["minutes_saved"]) == (10, 300)


def test_what_sentinel_would_catch_beyond_the_rule_is_counted(workspace, site):
    title = "Unpermitted Usage of Modbus Function Code"
    lines = (
        Clause("site", "is", (site.name,)),
        Clause("alert_type", "is", (title,)),
        Clause("any_device", "is", ("PLC-4",)),
    )
    routine(workspace, site, title=title)
    far = routine(workspace, make_site("Ulm"), days=3, title=title)
    rule = RuleDefinition(title="At one plant only", all_of=lines, enforcement="sentinel")
    (deployment,) = run_backtest(rule=rule, now=NOON).body["deployed"]
    assert (deployment["workspace"], deployment["catches"], deployment["extra"]) == (
        "gdansk",
        "more",
        3,
    )
    assert deployment["incidents"] == sorted((row.pk for row in far), reverse=True)
    assert run_backtest(rule=replace(rule, enforcement="tagout"), now=NOON).body["deployed"] == []


def test_what_is_no_rule_or_a_period_that_is_none_is_refused(site, past):
    with pytest.raises(CannotBackTest, match="no condition"):
        run_backtest(rule=RuleDefinition(title="Nothing at all", all_of=()), now=NOON)
    with pytest.raises(CannotBackTest, match="1 to 400 days"):
        run_backtest(rule=rule_for(site), now=NOON, days=0)


def test_more_matches_than_can_be_judged_are_refused_but_counted(past, site, monkeypatch):
    monkeypatch.setattr(backtest, "MAX_ROWS", 29)
    with pytest.raises(CannotBackTest, match="30 alerts, more than"):
        run_backtest(rule=rule_for(site), now=NOON)
    shown = preview_backtest(rule=rule_for(site), now=NOON)
    assert shown.body is None
    assert shown.counts.after_each == (120, 120, 30)
    assert "Narrow" in shown.problems[0]


def test_a_preview_keeps_nothing(past, site):
    shown = preview_backtest(rule=rule_for(site), now=NOON)
    assert shown.body["alerts"] == 30
    assert not BackTestRun.objects.exists()


def test_lines_of_a_draft_that_say_nothing_yet_are_skipped_and_told(past, site):
    draft = rule_for(site, Clause("destination_device", "is", ()), Clause("protocol", "is", ("S",)))
    draft = replace(draft, all_of=(*draft.all_of, Clause("colour", "is", ("red",))))
    shown = preview_backtest(rule=draft, now=NOON)
    assert shown.body is None
    assert shown.counts.after_each == (120, 120, 30, None, 0, None)
    assert [place for place, _ in shown.counts.skipped] == [3, 5]


def test_a_draft_without_a_line_counts_what_there_is(past):
    shown = preview_backtest(rule=RuleDefinition(title="", all_of=()), now=NOON)
    assert (shown.counts.total, shown.counts.after_each) == (120, ())


def test_history_that_takes_too_long_is_given_up_in_one_sentence(past, site, monkeypatch):
    monkeypatch.setattr(backtest, "MAX_PREVIEW_SECONDS", 0.001)
    monkeypatch.setattr(backtest.history, "_ENDINGS", "SELECT pg_sleep(1), %s, %s, %s::bigint[]")
    assert (
        "could not be read in time" in preview_backtest(rule=rule_for(site), now=NOON).problems[0]
    )


def test_a_person_sees_listed_only_what_is_in_reach(workspace, site, make_person):
    porto = make_site("Porto")
    lines = rule_for(site).all_of[1:]
    pia = make_person(cast.PIA, (Role.OT_ENGINEER, GrantScope.SITE, porto.uuid))
    visible = routine(workspace, porto, days=1)
    routine(workspace, site, days=3, destination="PLC-9")
    shown = preview_backtest(
        rule=RuleDefinition(title="Both plants", all_of=lines), now=NOON, by=pia
    )
    assert shown.body["alerts"] == 4
    assert [look["incidents"] for look in shown.body["check_these"]] == [[visible[0].pk]]
    assert shown.body["hidden"]["check_these"] >= 1


def test_alerts_without_an_incident_add_nothing_to_what_a_back_test_says_a_rule_ends(
    past, site, oda
):
    judge(past[:10], oda)

    def saved():
        run = run_backtest(rule=rule_for(site), now=NOON)
        incidents = [found["incidents"] for found in run.body["sites"]]
        shares = [found["share"] for found in run.body["sites"]]
        return run.reasons, run.body["incidents"], run.body["judged"], incidents, shares

    before = saved()
    assert copy_without_incident() == 120
    assert saved() == before
