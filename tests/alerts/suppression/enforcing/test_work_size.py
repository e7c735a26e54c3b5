"""Planned work that stands for the hours of a rule holds for half of a week at most (S1)."""

from datetime import timedelta

import pytest

from alerts.incidents.models import Alert
from alerts.planned_work.engine.matching import WorkSide
from alerts.planned_work.engine.recurrence import Schedule
from alerts.planned_work.services.confirm import confirm_work
from alerts.planned_work.services.occurrences import cover_alerts
from alerts.planned_work.services.plan import DeviceOfPlan, WorkPlan
from alerts.planned_work.services.work import plan_work
from alerts.rules.match import matches
from alerts.rules.sql import rule_condition_sql
from alerts.suppression.backtesting.history_sql import fetch_rows
from alerts.suppression.enforcing.acting_rules import load_acting
from alerts.suppression.enforcing.judging import decide_incident
from alerts.suppression.models import RuleVersion, VersionState
from alerts.suppression.queries import facts_by_incident
from alerts.suppression.signing.propose import CannotProposeRule
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.rule_rows import signed_version

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SIZE = {"never.work", "never.work_size"}


def session(zone, *, start, hours, rule=""):
    return WorkPlan(
        title="Session",
        kind="vendor-session",
        schedule=Schedule(start.replace(tzinfo=None), hours * HOUR, "UTC", rule),
        devices=(DeviceOfPlan(WorkSide.ANY, zone.pk, "10.20.1.7", "ENG-WS-04"),),
    )


def download(workspace, site, at):
    """An incident of the device that the sessions name."""
    row = rules.incident_of(workspace, site, at=at)
    zone = site.zones.order_by("pk").first()
    row.alerts.update(source_zone=zone.name, source_address="10.20.1.7")
    return row


@pytest.fixture
def draft(workspace, site, people, history):
    """A rule about downloads that takes vendor sessions for its hours; three are behind."""
    rows, zone = [], site.zones.order_by("pk").first()
    for days in (100, 70, 40):
        at = rules.TUESDAY - days * DAY
        rows.append(download(workspace, site, at))
        plan_work(site=site, plan=session(zone, start=at, hours=4), by=people.oda, now=at - DAY)
    cover_alerts(alert_ids=Alert.objects.values_list("pk", flat=True), now=NOON)
    verdicts = rules.judge(rows[:2], by=people.oda) + rules.judge(rows[2:], by=people.olaf)
    lines = tuple(clause for clause in rules.downloads().all_of if clause.field != "time")
    work = rules.clause("planned_work", "within", "vendor-session")
    definition = rules.downloads(all_of=(*lines, work))
    return rules.draft(definition, by=people.oda, evidence=verdicts, now=NOON)


@pytest.fixture
def version(draft, people):
    """Signed by two people while no more was planned, and live since."""
    proposal = rules.propose(draft, by=people.oda, now=NOON)
    signed = rules.sign(proposal, by=people.leo, now=NOON)
    lives = {"state": VersionState.LIVE, "state_since": rules.TUESDAY - 10 * DAY}
    RuleVersion.objects.filter(pk=signed.pk).update(**lives)
    return signed


@pytest.fixture
def plan_sessions(site, people):
    """`plan_sessions(hours)`: every day so many hours, by Oda; confirmed by Olaf, or by nobody."""

    def make(hours, *, is_confirmed=True, start=rules.TUESDAY - 8 * DAY, rule="FREQ=DAILY"):
        plan = session(site.zones.order_by("pk").first(), start=start, hours=hours, rule=rule)
        before = start - DAY
        work = plan_work(site=site, plan=plan, by=people.oda, now=before)
        if is_confirmed:
            confirm_work(work_id=work.pk, revision=1, by=people.olaf, now=before)

    return make


def codes(version, workspace, site):
    """Why the work, or its size, keeps an incident of the last Tuesday open."""
    row = download(workspace, site, rules.TUESDAY + HOUR)
    cover_alerts(alert_ids=list(row.alerts.values_list("pk", flat=True)), now=NOON)
    judgement = decide_incident(
        row,
        alerts=facts_by_incident([row.pk])[row.pk],
        acting=load_acting(RuleVersion.objects.filter(pk=version.pk)),
        now=NOON,
    )
    assert judgement.cover.is_whole
    return {reason.code for reason in judgement.reasons} & SIZE


@pytest.mark.parametrize(("hours", "expected"), [(11, set()), (12, {"never.work_size"})])
def test_beyond_half_of_a_week_the_incident_stays_open(
    version, workspace, site, plan_sessions, hours, expected
):
    plan_sessions(hours)
    assert codes(version, workspace, site) == expected


def test_overlapping_works_of_many_days_are_one_box_that_is_too_wide(
    version, workspace, site, plan_sessions
):
    for days in (3, 6, 9):  # each of them shorter than half of a week
        plan_sessions(60, start=rules.TUESDAY - days * DAY, rule="")
    plan_sessions(20, start=rules.TUESDAY, rule="", is_confirmed=False)
    assert codes(version, workspace, site) == {"never.work_size"}


def test_a_newer_rule_with_hours_closes_what_is_too_wide_for_the_older(
    version, workspace, site, plan_sessions, people
):
    plan_sessions(12)
    by, since = (people.oda, people.leo), rules.TUESDAY - 10 * DAY
    timed = signed_version(rules.downloads(), by=by, at=since)
    row = download(workspace, site, rules.TUESDAY + HOUR)
    cover_alerts(alert_ids=list(row.alerts.values_list("pk", flat=True)), now=NOON)
    judgement = decide_incident(
        row,
        alerts=facts_by_incident([row.pk])[row.pk],
        acting=load_acting(RuleVersion.objects.filter(pk__in=[version.pk, timed.pk])),
        now=NOON,
    )
    (chosen,) = judgement.cover.versions
    assert chosen.version_id == timed.pk
    assert SIZE.isdisjoint(reason.code for reason in judgement.reasons)


def test_what_nobody_else_has_confirmed_is_no_box(version, workspace, site, plan_sessions):
    """The rule does not meet the alert at all: no back-test and no trial counts it either."""
    plan_sessions(2, is_confirmed=False)
    row = download(workspace, site, rules.TUESDAY + HOUR)
    cover_alerts(alert_ids=list(row.alerts.values_list("pk", flat=True)), now=NOON)
    (facts,) = facts_by_incident([row.pk])[row.pk].values()
    assert facts.planned_work == ("vendor-session",)
    assert matches(version.definition, facts).why.code == "never.work"
    piece = rule_condition_sql(version.definition)
    ids = fetch_rows(f"SELECT a.id FROM incidents_alerts a WHERE {piece.text}", piece.params)
    assert row.alerts.get().pk not in {pk for (pk,) in ids}
    assert len(ids) == 3, "those of the sessions that are behind"


def test_a_rule_whose_works_take_more_is_not_proposed(draft, people, plan_sessions):
    plan_sessions(23)
    words = r"takes up to 168 hours of a week\. For .* at most 84 are allowed"
    with pytest.raises(CannotProposeRule, match=words):
        rules.propose(draft, by=people.oda, now=NOON)
