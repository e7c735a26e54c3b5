"""What a plant does again and again is found as processes, with rhythm, verdicts and worth."""

from datetime import timedelta
from uuid import uuid4

import pytest

from alerts.incidents.models import Alert, DetailsState, Incident, PlannedAlert
from alerts.patterns.engine.sides import Rung
from alerts.patterns.models import Mining, Pattern, PatternState, SiteMining
from alerts.patterns.services.decide import rule_of_pattern
from alerts.patterns.services.mine_patterns import CannotMinePatterns, mine_patterns
from alerts.patterns.web.headline import pattern_headline
from alerts.patterns.web.width import width_rows
from alerts.rules.sql import rule_condition_sql
from alerts.sites.models import Criticality, Device
from alerts.suppression.backtesting.history_sql import fetch_rows
from tests.alerts.patterns.conftest import NOISE, POLLING, SCAN, store
from tests.alerts.suppression.past import PROGRAMMING, close_by, judge, routine
from tests.conftest import NOON
from tests.factories.incidents import (
    copy_without_incident,
    make_alert,
    make_device,
    make_incident,
    make_site,
    new_incident,
)

pytestmark = pytest.mark.django_db


def codes(row):
    return [code for code, _ in row.obstacles]


def reason(row, part):
    return next(entry for entry in row.reasons if entry["part"] == part)


def test_one_source_and_its_targets_of_one_kind_are_one_process(polling, run_mining):
    polling(4)
    (row,) = run_mining()
    process = row.process
    assert (process.source.members, process.destination.rung) == (("HIST-01",), Rung.GROUP)
    assert (process.destination.kinds, process.destination.zones) == (
        ("Gateway",),
        ("Packaging 2",),
    )
    assert (row.alerts, row.incidents, row.days_seen) == (80, 80, 21)
    assert (process.is_directed, process.hours, row.alert_types) == (True, None, [POLLING])
    assert (row.site.name, row.workspace.name) == ("Gdańsk", "gdansk")


def test_each_rung_says_why_it_was_taken(polling, run_mining):
    polling(4)
    (row,) = run_mining()
    assert reason(row, "source")["code"] == "single"
    wide = reason(row, "destination")
    assert (wide["code"], wide["detail"]) == ("group", {"seen": 4, "known": 5})
    assert reason(row, "types")["code"] == "one"
    assert reason(row, "hours")["code"] == "any"


def test_a_crown_jewel_of_the_group_is_named_as_left_out(polling, gateways, run_mining):
    polling(5)
    gateways[4].criticality = Criticality.CROWN_JEWEL
    gateways[4].save()
    (row,) = run_mining()
    left_out = reason(row, "exceptions")
    assert (left_out["code"], left_out["detail"]["names"]) == ("critical", ["GW-5"])
    assert row.alerts == 80


def test_two_sites_are_two_processes(workspace, site, run_mining):
    routine(workspace, site)
    routine(workspace, make_site("Ulm"))
    assert sorted(row.site.name for row in run_mining()) == ["Gdańsk", "Ulm"]
    assert [
        (site_mining.site.name, site_mining.incidents)
        for site_mining in SiteMining.objects.order_by("site__name")
    ] == [("Gdańsk", 30), ("Ulm", 30)]


def test_the_rhythm_is_of_the_plants_week(programming, run_mining):
    (row,) = run_mining()
    assert sum(row.rhythm) == 30
    assert {at % 24 for at, count in enumerate(row.rhythm) if count} == {7}
    hours = row.process.hours
    assert (hours.start, hours.length, len(hours.weekdays)) == (6, 3, 7)  # an hour of slack
    assert (row.latest_at - row.first_at).days == 29


def test_alerts_without_direction_name_their_two_devices(workspace, site, run_mining):
    for back in range(6):
        at = NOON - timedelta(days=back + 1, hours=back * 5 % 24)
        incident = make_incident(workspace, title=POLLING, created_at=at, site_ids=[site.pk])
        make_alert(
            incident,
            site=site,
            any_device=["HIST-01", "SCAN-1"],
            source_device="",
            destination_device="",
        )
    (row,) = run_mining()
    process = row.process
    assert not process.is_directed
    assert process.source.members + process.destination.members == ("HIST-01", "SCAN-1")


def test_verdicts_are_trials_and_bound_what_could_be_suspicious(programming, oda, run_mining):
    judge(programming[:10], oda)
    for incident in programming[10:29]:
        judge([incident], oda, "maintenance", cause="maint-planned")
    judge(programming[29:], oda, "not-sure")
    (row,) = run_mining()
    assert row.verdicts == {"routine": 1, "maintenance": 19, "suspicious": 0, "not-sure": 1}
    assert (row.judged, row.cause, codes(row)) == (20, "maint-planned", [])
    assert row.limit == pytest.approx(0.139, abs=0.001)
    assert (row.people, row.has_enough_evidence, len(row.verdict_uuids)) == (1, True, 20)


def test_evidence_is_pooled_and_says_what_is_still_to_be_judged(polling, oda, run_mining):
    by_gateway = polling(4)
    judge(by_gateway["GW-1"][:1], oda)
    judge(by_gateway["GW-2"][:1], oda)
    (row,) = run_mining()
    assert (row.judged, row.judged_share, row.has_enough_evidence) == (2, 0.5, False)
    assert row.open_units == [
        {"kind": "target", "name": "GW-3", "zone": "", "alerts": 20},
        {"kind": "target", "name": "GW-4", "zone": "", "alerts": 20},
    ]
    judge(by_gateway["GW-3"][:1], oda)
    (row,) = run_mining()
    assert (row.judged_share, row.has_enough_evidence) == (0.75, True)


def test_a_closing_by_the_soc_is_half_evidence_and_no_verdict(polling, run_mining):
    polling(4)
    (row,) = run_mining()
    assert (row.closings, row.judged, row.has_enough_evidence) == (80, 0, False)


def test_rank_is_minutes_times_the_least_share_that_is_routine(
    workspace, site, oda, leo, run_mining
):
    much, less = routine(workspace, site), routine(workspace, site, days=25, source="HMI-1")
    for incident in less:
        judge([incident], oda)
    judge(much[:1], oda)
    close_by(leo, much, after=timedelta(minutes=12))
    best, other = run_mining()
    assert (best.process.source.members, other.process.source.members) == (
        ("HMI-1",),
        ("ENG-WS-04",),
    )
    assert (best.minutes_each, best.minutes_month) == (12, 300)
    assert best.rank == pytest.approx(300 * (1 - best.limit), abs=0.01)


def test_no_minutes_are_claimed_where_too_few_closings_were_measured(programming, leo, run_mining):
    close_by(leo, programming[:19], after=timedelta(minutes=12))
    (row,) = run_mining()
    assert (row.minutes_each, row.minutes_month) == (None, None)


def test_what_is_suspicious_at_one_member_is_left_out_by_name(polling, oda, run_mining):
    by_gateway = polling(4)
    for name in ("GW-1", "GW-2", "GW-3"):
        judge(by_gateway[name][:1], oda)
    judge(by_gateway["GW-4"][:1], oda, "suspicious")
    (row,) = run_mining()
    assert row.process.exceptions == ("GW-4",)
    assert (row.suspicious, row.obstacles, row.has_enough_evidence) == (0, [], True)
    assert reason(row, "exceptions")["code"] == "suspicious"


def test_what_is_suspicious_of_a_single_pair_forbids_a_rule(programming, oda, run_mining):
    judge(programming[:1], oda, "suspicious")
    (row,) = run_mining()
    assert codes(row) == ["suspicious"]
    assert row.plan_order is None


def test_what_did_harm_outside_its_hours_forbids_no_rule(
    workspace, site, programming, oda, run_mining
):
    judge(programming[:3], oda)
    night = [
        new_incident(
            workspace,
            source="ENG-WS-04",
            destination="PLC-4",
            site_ids=[site.pk],
            created_at=NOON - timedelta(days=back, hours=10),
            status=3,
            classification="TruePositive",
        )
        for back in range(1, 4)
    ]
    store(night, site)
    judge(night[:1], oda, "suspicious")
    (row,) = run_mining()
    assert (row.process.hours.start, row.process.hours.length) == (6, 3)
    assert (row.true_positives, row.suspicious, row.routine, row.obstacles) == (0, 0, 1, [])


def test_what_did_harm_inside_its_hours_forbids_a_rule(programming, oda, run_mining):
    judge(programming[:3], oda)
    Incident.objects.filter(pk=programming[10].pk).update(classification="TruePositive")
    (row,) = run_mining()
    assert codes(row) == ["true_positive"]


def test_what_the_guards_hold_against_the_rule_is_said(workspace, site, run_mining):
    routine(workspace, site, title="Unauthorized PLC Programming", source="HMI-B", hour=1)
    for back in range(1, 11):
        for hour in (3, 9, 16, 22):
            at = (NOON - timedelta(days=back)).replace(hour=hour)
            incident = make_incident(
                workspace, created_at=at, site_ids=[site.pk], source="HMI-C", destination="PLC-4"
            )
            make_alert(incident, site=site)
    codes_by_source = {row.process.source.members[0]: codes(row) for row in run_mining()}
    assert codes_by_source["HMI-C"] == ["needs_hours"]
    assert "box.hours" not in codes_by_source["HMI-B"]  # it needs hours and has them


def test_types_of_the_never_list_and_safety_systems_make_no_pattern(workspace, site, run_mining):
    routine(workspace, site, title="Profinet Device Factory Reset", source="HMI-A")
    make_device(site, "PLC-9", "10.0.0.9", criticality=Criticality.SAFETY)
    routine(workspace, site, title=SCAN, source="HMI-D", destination="PLC-9")
    assert run_mining() == []


def test_what_takes_more_of_the_site_than_a_rule_may_says_so(polling, noise, oda, run_mining):
    for rows in polling(4).values():
        judge(rows[:1], oda)
    for incident in noise[:100]:
        incident.alerts.all().delete()
    (row,) = run_mining()
    assert codes(row) == ["wide.share"]
    assert row.plan_order is None


def test_mined_again_decisions_stay_although_members_grow(polling, gateways, run_mining):
    polling(3)
    (row,) = run_mining()
    Pattern.objects.filter(pk=row.pk).update(state=PatternState.REJECTED, state_reason="No.")
    polling(4)
    (again,) = run_mining()
    assert (again.pk, again.uuid, again.key) == (row.pk, row.uuid, row.key)
    assert (again.state, again.state_reason) == (PatternState.REJECTED, "No.")
    assert len(again.process.destination.members) == 4 > len(row.process.destination.members)


def test_an_open_pattern_that_is_found_no_more_goes_and_a_decided_one_stays(
    workspace, site, noise, run_mining
):
    stays, gone = routine(workspace, site), routine(workspace, site, days=20, source="HMI-1")
    rejected = next(row for row in run_mining() if "ENG-WS-04" in row.title)
    Pattern.objects.filter(pk=rejected.pk).update(state=PatternState.REJECTED, state_reason="No.")
    for incident in (*stays, *gone):
        incident.alerts.all().delete()
    (left,) = run_mining()
    assert (left.pk, left.state, left.plan_order) == (rejected.pk, PatternState.REJECTED, None)


def test_a_site_without_verdicts_gets_questions_and_nothing_to_propose(polling, run_mining):
    polling(4)
    (row,) = run_mining()
    assert (row.has_enough_evidence, row.judged, row.limit) == (False, 0, 1.0)
    assert [unit["name"] for unit in row.open_units] == ["GW-1", "GW-2", "GW-3", "GW-4"]


def test_nonsense_days_are_refused(db):
    with pytest.raises(CannotMinePatterns, match="1 to 400 days"):
        mine_patterns(now=NOON, days=0)


def test_a_run_says_from_how_much_it_drew(programming, judged, run_mining):
    run_mining(days=60)
    mining = Mining.objects.get()
    assert (mining.days, mining.history_days, mining.alerts, mining.verdicts) == (60, 31, 280, 12)
    site = SiteMining.objects.get()
    assert (site.alerts, site.incidents, site.verdicts, site.patterns) == (280, 280, 12, 1)


def test_it_tells_how_far_it_is(programming, workspace, run_mining):
    routine(workspace, make_site("Ulm"))
    steps = []
    run_mining(report=lambda done, total: steps.append((done, total)))
    assert steps == [(0, 2), (1, 2)]


def test_a_strict_process_within_planned_work_says_so(workspace, site, noise, oda, run_mining):
    rows = [
        new_incident(
            workspace,
            title=PROGRAMMING,
            source="ENG-WS-04",
            destination="PLC-4",
            site_ids=[site.pk],
            created_at=NOON - timedelta(days=n, hours=n * 5 % 24),
        )
        for n in range(1, 20)
    ]
    store(rows, site)
    (row,) = run_mining()
    assert codes(row) == ["needs_hours"]
    for alert in Alert.objects.filter(source_device="ENG-WS-04"):
        PlannedAlert.objects.create(
            alert=alert,
            occurrence=uuid4(),
            work=uuid4(),
            fit="inside",
            kind="vendor-visit",
            names_devices=True,
            boxes=True,
            title="Visit",
            ends_at=alert.at,
            inside_until=alert.at,
            known_from=alert.at - timedelta(days=1),
        )
    judge(rows[:1], oda)
    (row,) = run_mining()
    assert (row.process.planned_work, row.process.hours) == ("vendor-visit", None)
    assert reason(row, "hours")["code"] == "planned_work"
    assert (row.routine, row.plan_gain) == (1, 19)


def test_alerts_without_an_incident_add_nothing_to_what_a_pattern_gains(polling, run_mining):
    polling(4)

    def gains():
        (row,) = run_mining()
        assert row.plan_gain > 0
        worth = (row.minutes_each, row.minutes_month, row.rank)
        return row.incidents, row.plan_gain, row.plan_share, row.judged_share, *worth

    before = gains()
    assert copy_without_incident() > 80
    assert gains() == before


def test_a_weekly_scanner_is_given_the_workstations_of_the_inventory(
    workspace, site, noise, run_mining
):
    names = [f"WS-{n:02}" for n in range(30)]
    for name in names:
        make_device(site, name, f"10.9.0.{int(name[3:])}", kind="Workstation")
    Device.objects.filter(name="WS-29").update(criticality="crown-jewel")
    Device.objects.filter(name="WS-28").update(first_seen_at=NOON - timedelta(days=1))  # a stranger
    scans = [
        new_incident(
            workspace,
            title=SCAN,
            severity=4,
            source="SCAN-01",
            destination=names[week * 4 + n],
            site_ids=[site.pk],
            details_state=DetailsState.FETCHED,
            created_at=NOON - timedelta(days=7 * week + 2, hours=10, minutes=n),
        )
        for week in range(6)
        for n in range(4)
    ]
    store(
        scans,
        site,
        source_kind="Scanner",
        source_zone="Operations",
        destination_kind="Workstation",
        destination_zone="Packaging 2",
    )
    (row,) = [row for row in run_mining() if row.process.source.members == ("SCAN-01",)]
    assert (row.process.is_strict, row.obstacles) == (True, [])
    assert row.process.destination.members == tuple(names[:28])
    assert reason(row, "destination") == {
        "part": "destination",
        "code": "inventory",
        "detail": {"seen": 24, "known": 28},
    }
    words = {line.part: line.why for line in width_rows(row)}
    assert "24 so far: listed by name are all 28 of these kinds" in words["destination"]


def test_visitors_that_come_once_are_pinned_by_the_sensor_of_their_zone(
    workspace, site, noise, run_mining
):
    for n in range(12):
        make_device(site, f"LAP-{n:02}", f"10.8.0.{n + 1}", kind="Laptop")
    visits = [
        new_incident(
            workspace,
            title=POLLING,
            source=f"LAP-{n:02}",
            destination="",
            site_ids=[site.pk],
            details_state=DetailsState.FETCHED,
            created_at=NOON - timedelta(days=n + 1),
        )
        for n in range(12)
    ]
    store(visits, site, source_kind="Laptop", source_zone="Packaging 2", sensor="SENSOR-GUEST")
    (row,) = [row for row in run_mining() if row.process.sensors]
    assert row.process.sensors == ("SENSOR-GUEST",)
    assert "wide.asset" not in {code for code, _ in row.obstacles}
    assert "Every Laptop of Packaging 2" in pattern_headline(row)
    assert "where SENSOR-GUEST watches" in pattern_headline(row)
    words = {line.part: line.why for line in width_rows(row)}
    assert "the rule names who watches their place: SENSOR-GUEST" in words["source"]
    rule = rule_condition_sql(rule_of_pattern(row, now=NOON))
    ((matched,),) = fetch_rows(
        f"SELECT count(*) FROM incidents_alerts a WHERE {rule.text}", rule.params
    )
    assert matched == 12


def test_a_storm_is_no_routine_and_its_closings_are_no_evidence(polling, run_mining, oda):
    by_gateway = polling(4)
    (before,) = run_mining()
    burst = [row for rows in by_gateway.values() for row in rows[:10]]
    judge(burst[:1], oda)
    Incident.objects.filter(pk__in=[row.pk for row in burst]).update(storm=uuid4())
    (row,) = run_mining()
    assert (before.alerts, row.alerts) == (80, 40)
    assert (before.closings, row.closings, row.judged) == (80, 40, 0)
    assert SiteMining.objects.latest("pk").incidents == 80 + NOISE, "they reached people"


def test_what_came_in_storms_only_is_no_pattern(polling, run_mining):
    Incident.objects.filter(pk__in=[row.pk for rows in polling(4).values() for row in rows]).update(
        storm=uuid4()
    )
    assert run_mining() == []


def test_what_was_suspicious_in_a_storm_is_left_out_all_the_same(polling, run_mining, oda):
    by_gateway = polling(5)
    judge(by_gateway["GW-1"][:1], oda, "suspicious")
    Incident.objects.filter(pk=by_gateway["GW-1"][0].pk).update(storm=uuid4())
    (row,) = run_mining()
    assert row.process.exceptions == ("GW-1",)
