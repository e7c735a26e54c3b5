"""Patterns stand in the order of what each adds on top of what lives and of those before it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.incidents.models import Incident, IncidentStatus, TimelineItem
from alerts.patterns.models import Pattern, PatternState, SiteMining
from alerts.patterns.policies import obstacles_in_words
from alerts.patterns.queries.patterns import patterns_in_plan
from alerts.patterns.queries.plan import SitePlan, plans_of_all_sites
from alerts.patterns.services.decide import CannotDecidePattern, turn_into_rule
from alerts.patterns.web.plan_rows import curve_of
from alerts.rules.rule import Clause, RuleDefinition
from alerts.suppression.models import RuleVersion
from tests.alerts.patterns.conftest import MALWARE, POLLING, store
from tests.alerts.suppression.past import PROGRAMMING, judge, routine, rule_for
from tests.conftest import NOON
from tests.factories.incidents import make_alert, new_incident
from tests.factories.rule_rows import make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def processes(polling, workspace, site, oda):
    """The historian polls, and two stations program; all was judged but what HMI-2 does."""
    for rows in polling(4).values():
        judge(rows[:1], oda)
    judge(routine(workspace, site)[:1], oda)
    return routine(workspace, site, days=25, source="HMI-2", destination="PLC-7")


def steps():
    rows = patterns_in_plan(Pattern.objects.all())
    return [(row.plan_order, row.process.source.members[0], row.plan_gain) for row in rows]


def test_the_largest_gain_comes_first_and_what_lacks_evidence_last(processes, run_mining):
    run_mining()
    assert steps() == [(1, "HIST-01", 80), (2, "ENG-WS-04", 30), (3, "HMI-2", 25)]
    shares = [round(row.plan_share * 385) for row in patterns_in_plan(Pattern.objects.all())]
    assert shares == [80, 110, 135]
    site = SiteMining.objects.get()
    assert (site.incidents, site.living_incidents, site.plan_incidents) == (385, 0, 135)


def test_rules_that_add_hardly_anything_are_one_step_of_the_chart(
    processes, run_mining, monkeypatch
):
    run_mining()
    (plan,) = plans_of_all_sites()
    assert curve_of(plan, None).count('class="step-bar') == 6, "three, for wide and for narrow"
    monkeypatch.setattr("alerts.patterns.web.plan_rows.SMALL_SHARE", 0.5)
    monkeypatch.setattr("alerts.patterns.web.plan_rows.MIN_TAIL", 2)
    chart = curve_of(plan, plan.steps[0].pattern)
    assert chart.count('class="step-bar') == 4
    assert chart.count("<title>2 more: +28.6 %</title>") == 2, "80 and 30 of 385"
    assert '<text class="axis is-current"' in chart


def test_an_incident_counts_where_every_alert_in_it_is_covered(
    processes, workspace, site, polling, run_mining
):
    at = NOON - timedelta(days=3, hours=6)
    both = new_incident(
        workspace,
        title=PROGRAMMING,
        source="ENG-WS-04",
        destination="PLC-4",
        site_ids=[site.pk],
        created_at=at.replace(hour=6),
    )
    store([both], site)
    make_alert(
        both,
        site=site,
        alert_type=POLLING,
        source_device="HIST-01",
        destination_device="GW-1",
        source_kind="Historian",
        source_zone="Operations",
        destination_kind="Gateway",
        destination_zone="Packaging 2",
    )
    run_mining()
    assert steps()[:2] == [(1, "HIST-01", 80), (2, "ENG-WS-04", 31)]


def test_what_lives_is_counted_first_and_is_no_step_again(
    processes, workspace, site, oda, leo, run_mining
):
    rule = rule_for(
        site,
        Clause("destination_device", "is", ("PLC-4",)),
        Clause("severity", "at_most", ("Medium",)),
        expires_at=NOON + timedelta(days=9),
    )
    make_version("live", of=rule, ot=oda, soc=leo, workspace=workspace, site=site)
    run_mining()
    assert steps() == [(1, "HIST-01", 80), (2, "HMI-2", 25)]
    assert SiteMining.objects.get().living_incidents == 30
    first = patterns_in_plan(Pattern.objects.all())[0]
    assert round(first.plan_share * 385) == 110


def test_alerts_of_a_site_are_read_once_for_all_rules_that_name_it(
    processes, workspace, site, oda, leo, run_mining
):
    more = {"expires_at": NOON + timedelta(days=9)}
    narrow = Clause("severity", "at_most", ("Medium",))
    rules = [
        rule_for(site, narrow, **more),
        rule_for(site, narrow, source="HMI-2", **more),
        RuleDefinition(
            title="Polling at any site",
            enforcement="tagout",
            all_of=(Clause("alert_type", "is", (POLLING,)), narrow),
            **more,
        ),
    ]
    for rule, state in zip(rules, ("live", "live", "canary"), strict=True):
        make_version(state, of=rule, ot=oda, soc=leo, workspace=workspace, site=site)
    with CaptureQueriesContext(connection) as captured:
        run_mining()
    totals = SiteMining.objects.get()
    assert (totals.living_incidents, totals.live_incidents) == (30 + 25 + 80, 30 + 25)
    plan = SitePlan(totals, steps=[], acting=list(RuleVersion.objects.all()))
    chart = curve_of(plan, None)
    assert ">live<" in chart and ">in trial<" in chart and "step-ok" in chart
    assert plan.live_share == pytest.approx(55 / totals.incidents)
    assert plan.live_since_counted == []
    promoted = RuleVersion.objects.get(state="canary")
    RuleVersion.objects.update(state_since=totals.mining.ran_at - timedelta(days=1))
    RuleVersion.objects.filter(pk=promoted.pk).update(
        state="live", state_since=totals.mining.ran_at + timedelta(hours=1)
    )
    plan = SitePlan(totals, steps=[], acting=list(RuleVersion.objects.all()))
    assert plan.live_since_counted == [promoted], "counted as in trial until the next mining"
    reads = [query for query in captured if query["sql"].startswith("INSERT INTO mined_living")]
    assert len(reads) == 2  # the site's, and all alerts for the rule that names no site


@pytest.mark.parametrize("state", [PatternState.REJECTED, PatternState.SNOOZED])
def test_what_people_declined_is_no_step(processes, run_mining, state):
    run_mining()
    Pattern.objects.filter(plan_order=1).update(
        state=state, state_reason="No.", snoozed_until=NOON + timedelta(days=9)
    )
    assert [source for _, source, _ in steps()] == ["ENG-WS-04", "HMI-2"]
    run_mining()
    assert steps() == [(1, "ENG-WS-04", 30), (2, "HMI-2", 25)]


def test_what_was_put_off_comes_back_as_a_step(processes, run_mining):
    run_mining()
    Pattern.objects.filter(plan_order=1).update(state=PatternState.SNOOZED, snoozed_until=NOON)
    run_mining()
    assert Pattern.objects.get(plan_order=1).process.source.members == ("HIST-01",)


def test_what_a_back_test_would_stop_is_not_ready(processes, polling, run_mining, oda):
    odd = Incident.objects.filter(source="HIST-01").first()
    TimelineItem.objects.create(incident=odd, at=NOON, side="sentinel", code="reopened")
    run_mining()
    assert steps() == [(1, "ENG-WS-04", 30), (2, "HMI-2", 25)]
    row = Pattern.objects.get(title__contains="HIST-01")
    assert row.obstacles == [["stops", {"count": "1"}]]
    assert "1 of the alerts that it matches was not routine" in obstacles_in_words(row.obstacles)[0]
    with pytest.raises(CannotDecidePattern, match="not routine"):
        turn_into_rule(pattern_id=row.pk, by=oda, now=NOON)


def test_a_part_of_a_true_positive_stops_it_and_its_end_in_sentinel_does_not(
    processes, workspace, run_mining
):
    odd, other = Incident.objects.filter(source="HIST-01")[:2]
    case = new_incident(workspace, title=MALWARE, status=IncidentStatus.CLOSED, created_at=NOON)
    case.classification = "TruePositive"
    case.save()
    Incident.objects.filter(pk=odd.pk).update(merged_into=case.number)
    Incident.objects.filter(pk=other.pk).update(merged_into=case.number + 1)
    run_mining()
    row = Pattern.objects.get(title__contains="HIST-01")
    assert row.obstacles == [["stops", {"count": "1"}]]


def test_what_is_ready_leaves_room_for_what_adds_more_and_lacks_evidence(
    workspace, site, judged, polling, run_mining, monkeypatch
):
    polling(4)
    monkeypatch.setattr("alerts.patterns.services.store.MAX_RULES", 1)
    run_mining()
    (step,) = Pattern.objects.exclude(plan_order=None)
    assert (step.plan_gain, step.has_enough_evidence) == (80, False), "somebody will be asked"
