"""What the trial of a rule counts from the weeks before it: only what a person saw and found
harmless, and what the rule would have closed.
"""

import uuid
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from alerts.incidents.acts.close import close_incidents
from alerts.incidents.models import (
    Alert,
    Incident,
    IncidentStatus,
    PlannedAlert,
    Severity,
    TimelineItem,
)
from alerts.planned_work.engine.matching import WorkSide
from alerts.planned_work.engine.recurrence import Schedule
from alerts.planned_work.services.occurrences import cover_alerts
from alerts.planned_work.services.plan import DeviceOfPlan, WorkPlan
from alerts.planned_work.services.work import plan_work
from alerts.reviews.models import Verdict
from alerts.sites.models import Criticality
from alerts.suppression.enforcing.judging import blocking_devices
from alerts.suppression.models import RuleVersion, VersionState
from alerts.suppression.queries import facts_by_incident
from alerts.suppression.watching.credit import credited_incidents
from alerts.suppression.watching.looks import harmless_looks
from alerts.suppression.watching.trials import trial_progress_of
from alerts.suppression.watching.watch import watch_rules
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_device
from tests.factories.rewriting import rewrite
from tests.factories.rule_rows import signed_version
from tests.program import Program
from tests.reuse import reuse_rows

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
DAY = timedelta(days=1)


@reuse_rows
def history(workspace, site, people):
    """Evidence that is older than what a trial counts, and other noise."""
    weeks = rules.routine(workspace, site, until=rules.TUESDAY - 4 * WEEK, weeks=8)
    rules.noise(workspace, site)
    rules.noise(workspace, site, until=rules.TUESDAY - DAY)
    verdicts = rules.judge(weeks[:5], by=people.oda) + rules.judge(weeks[5:], by=people.olaf)
    return SimpleNamespace(incidents=weeks, verdicts=verdicts)


@pytest.fixture
def recent(workspace, site):
    """`recent(n)` makes n downloads of the last Tuesday, one a minute, all open."""

    def made(n=1, **columns):
        values = {
            "status": IncidentStatus.NEW,
            "classification": "",
            "classification_reason": "",
        } | columns
        return [
            rules.incident_of(
                workspace, site, at=rules.TUESDAY - k * timedelta(minutes=1), **values
            )
            for k in range(n)
        ]

    return made


def _credit(proposal, people):
    version = rules.sign(proposal, by=people.leo, now=NOON)
    assert version.state == VersionState.IN_TRIAL
    return list(RuleVersion.objects.get(pk=version.pk).credited_incident_ids)


def test_what_ot_judged_harmless_counts_the_newest_first(proposal, people, recent):
    rows = recent(3)
    rules.judge(rows[:2], by=people.oda)
    rules.judge(rows[2:], by=people.olaf, verdict="maintenance")
    assert _credit(proposal, people) == [row.pk for row in rows]


def test_what_nobody_judged_does_not_count(proposal, people, recent):
    recent(3)
    assert _credit(proposal, people) == []


def test_at_most_eight_count(proposal, people, recent):
    rules.judge(recent(12), by=people.olaf)
    assert len(_credit(proposal, people)) == 8


def test_one_answer_counts_once_however_many_incidents_it_covers(proposal, people, recent):
    rows = recent(5)
    answer = rules.judge(rows[:1], by=people.oda)[0]
    answer.incidents.add(*rows)
    assert _credit(proposal, people) == [rows[0].pk]


@pytest.mark.parametrize(
    ("closing", "counts"),
    [
        ({"owner_name": "Sam Kowalski"}, True),
        ({"owner_id": "1e0"}, True),
        ({}, False),  # nobody had taken it: a playbook, or another product's rule
        ({"owner_name": "Sam", "closed_by": "R-7"}, False),
        ({"owner_name": "Sam", "classification": "TruePositive"}, False),
        ({"owner_name": "Sam", "classification": "Undetermined"}, False),
        ({"owner_name": "Sam", "status": IncidentStatus.ACTIVE}, False),
        ({"owner_name": "Sam", "merged_into": 7}, False),
    ],
)
def test_the_socs_closing_counts_where_a_person_made_it(proposal, people, recent, closing, counts):
    recent(1, **{"status": IncidentStatus.CLOSED, "classification": "BenignPositive"} | closing)
    assert bool(_credit(proposal, people)) is counts


def test_one_act_of_closing_in_tagout_counts_once(proposal, people, recent):
    rows = recent(3, status=IncidentStatus.CLOSED, classification="BenignPositive")
    act = uuid.uuid4()
    for row in rows:
        TimelineItem.objects.create(
            incident=row, at=NOON, side="soc", by=people.sam, code="closed", act=act
        )
    assert _credit(proposal, people) == [rows[0].pk]


def test_what_a_token_closed_does_not_count_whoever_owns_it(people, recent):
    by_token, by_page = recent(2, owner_name="Sam")
    _close(by_page, by=people.sam)
    people.sam.via_token = Program(people.sam, "incidents:write").token
    _close(by_token, by=people.sam)
    assert set(harmless_looks([by_token.pk, by_page.pk])) == {by_page.pk}


def _close(row, *, by):
    close_incidents(
        incident_ids=[row.pk],
        classification="BenignPositive",
        reason="SuspiciousButExpected",
        by=by,
        now=NOON,
    )


def test_a_suspicion_a_withdrawal_a_reopening_and_an_attack_take_a_look_away(people, recent):
    doubted, withdrawn, reopened, attack, kept = rows = recent(5)
    rules.judge(rows, by=people.oda)
    rules.judge([doubted], by=people.olaf, verdict="suspicious")
    Verdict.objects.filter(incidents=withdrawn).update(withdrawn_at=NOON)
    TimelineItem.objects.create(incident=reopened, at=NOON, side="soc", code="reopened")
    Incident.objects.filter(pk=attack.pk).update(classification="TruePositive")
    assert set(harmless_looks([row.pk for row in rows])) == {kept.pk}


def test_a_suspicion_about_the_same_devices_holds_all_of_them(proposal, people, recent):
    doubted, other = recent(2)
    rules.judge([other], by=people.oda)
    version = rules.sign(proposal, by=people.leo, now=NOON)
    assert credited_incidents(version, now=NOON) == [other.pk]
    rules.judge([doubted], by=people.olaf, verdict="suspicious")
    assert credited_incidents(version, now=NOON) == []


def test_a_flood_of_verdicts_counts_no_more_than_as_evidence(proposal, people, recent):
    rows = recent(4)
    flood = [
        Verdict(
            kind="routine",
            cause="c",
            by=people.olaf,
            given_at=NOON - DAY,
            key=uuid.uuid4(),
            act=uuid.uuid4(),
        )
        for _ in range(60)
    ]
    Verdict.objects.bulk_create(flood)
    rules.judge(rows, by=people.olaf)
    rewrite(Verdict.objects.filter(incidents__in=rows), given_at=NOON - DAY)
    assert _credit(proposal, people) == []


def test_what_came_before_the_28_days_does_not_count(proposal, people, workspace, site):
    edge = NOON - timedelta(days=28)
    day = edge.replace(hour=5, minute=30)  # inside the rule's hours, on a Tuesday
    old = rules.incident_of(workspace, site, at=day, status=IncidentStatus.NEW)
    new = rules.incident_of(workspace, site, at=day + WEEK, status=IncidentStatus.NEW)
    rules.judge([old, new], by=people.oda)
    assert _credit(proposal, people) == [new.pk]


def test_an_incident_with_an_alert_of_another_kind_does_not_count(proposal, people, recent, site):
    (row,) = recent(1, alerts_count=2)
    rules.alert_of(row, site, alert_type="Port Scan Detected", severity=1)
    rules.judge([row], by=people.oda)
    assert _credit(proposal, people) == []


@pytest.mark.parametrize(
    "columns",
    [
        {"product_names": ["Azure Security Center for IoT", "Microsoft Defender for Endpoint"]},
        {"product_names": []},
        {"entities_count": 501},
        {"labels": ["tagout-off"]},
        {"flags": ["status:unknown"]},
        {"alerts_count": 2},
        {"details_state": "pending"},
    ],
    ids=[
        "second product",
        "no product",
        "too many entities",
        "gate",
        "unknown word",
        "unread alert",
        "pending",
    ],
)
def test_what_a_guard_would_have_kept_open_does_not_count(proposal, people, recent, columns):
    rules.judge(recent(1, **columns), by=people.oda)
    assert _credit(proposal, people) == []


def test_soft_alerts_prove_nothing_of_a_strict_rule(people, recent, history):
    usual = rules.downloads()
    definition = replace(
        usual,
        all_of=(
            usual.all_of[0],
            rules.clause("alert_type", "is_one_of", rules.DOWNLOAD, rules.POLLING),
            *usual.all_of[2:],
        ),
    )
    draft = rules.draft(definition, by=people.oda, evidence=history.verdicts, now=NOON)
    version = rules.sign(rules.propose(draft, by=people.oda, now=NOON), by=people.leo, now=NOON)
    soft, strict = recent(1, alert_type=rules.POLLING, severity=Severity.MEDIUM), recent(1)
    rules.judge(soft, by=people.oda)
    rules.judge(strict, by=people.oda)
    assert credited_incidents(version, now=NOON) == [strict[0].pk]


def test_what_touches_a_crown_jewel_does_not_count(proposal, people, recent, site):
    rows = recent(1)
    rules.judge(rows, by=people.oda)
    version = rules.sign(proposal, by=people.leo, now=NOON)
    assert credited_incidents(version, now=NOON) == [rows[0].pk]
    make_device(site, "PLC-PL2-07", "10.1.2.7", criticality=Criticality.CROWN_JEWEL)
    assert credited_incidents(version, now=NOON) == []


def test_a_true_positive_that_was_closed_since_takes_no_credit_away(proposal, people, recent):
    rows = recent(3)
    rules.judge(rows, by=people.olaf)
    (case,) = recent(
        1,
        status=IncidentStatus.CLOSED,
        classification="TruePositive",
        modified_at=NOON - timedelta(hours=1),
    )
    version = rules.sign(proposal, by=people.leo, now=NOON)
    later = rows[0]
    alerts = facts_by_incident([later.pk])[later.pk].values()
    assert blocking_devices(later, alerts=alerts, now=NOON).by_closed_cases, "held from now on"
    version.refresh_from_db()
    assert version.credited_incident_ids == [row.pk for row in rows]
    assert case.pk not in version.credited_incident_ids


def test_what_an_open_case_would_have_kept_open_does_not_count(proposal, people, recent):
    rules.judge(recent(1), by=people.oda)
    version = rules.sign(proposal, by=people.leo, now=NOON)
    Incident.objects.filter(pk=recent(1)[0].pk).update(classification="TruePositive")
    assert credited_incidents(version, now=NOON) == []


def test_two_fresh_matches_and_eight_of_the_weeks_before_end_a_trial_after_seven_days(
    proposal, people, recent, workspace, site
):
    rules.judge(recent(12), by=people.olaf)
    version = rules.sign(proposal, by=people.leo, now=NOON)
    rules.tag(version, workspace, site, 1)
    watch_rules(now=NOON + WEEK)
    version.refresh_from_db()
    assert version.state == VersionState.IN_TRIAL
    rules.tag(version, workspace, site, 1)
    watch_rules(now=NOON + WEEK - timedelta(seconds=1))
    version.refresh_from_db()
    assert version.state == VersionState.IN_TRIAL
    watch_rules(now=NOON + WEEK)
    version.refresh_from_db()
    assert version.state == VersionState.LIVE


def test_what_was_credited_is_settled_when_the_trial_begins(proposal, people, recent):
    version = rules.sign(proposal, by=people.leo, now=NOON)
    rules.judge(recent(3), by=people.oda)
    assert trial_progress_of(version).trial.credit == 0


@pytest.mark.parametrize("alert_type", [rules.DOWNLOAD, rules.POLLING], ids=["strict", "soft"])
@pytest.mark.parametrize("source", ["planned", "imported-afterwards", "both"])
def test_the_last_two_occurrences_of_its_planned_work_count_however_long_ago(
    people, workspace, site, history, source, alert_type
):
    severity = Severity.MEDIUM if alert_type == rules.POLLING else Severity.HIGH
    zone, visits = site.zones.order_by("pk").first(), []
    for days in (100, 70, 40):  # a vendor who comes every month or so
        at = rules.TUESDAY - days * DAY
        row = rules.incident_of(workspace, site, at=at, alert_type=alert_type, severity=severity)
        visits.append(row)
        row.alerts.update(source_zone=zone.name, source_address="10.20.1.7")
        plan = WorkPlan(
            title="Visit",
            kind="vendor-visit",
            schedule=Schedule(at.replace(tzinfo=None), timedelta(hours=4), "UTC"),
            devices=(DeviceOfPlan(WorkSide.ANY, zone.pk, "10.20.1.7", "ENG-WS-04"),),
        )
        plan_work(site=site, plan=plan, by=people.oda, now=at - DAY)
    cover_alerts(alert_ids=Alert.objects.values_list("pk", flat=True), now=NOON)
    verdicts = rules.judge(visits[:2], by=people.oda) + rules.judge(visits[2:], by=people.olaf)
    left = ("time", "alert_type")
    lines = tuple(clause for clause in rules.downloads().all_of if clause.field not in left)
    kind = rules.clause("alert_type", "is", alert_type)
    definition = rules.downloads(
        all_of=(*lines, kind, rules.clause("planned_work", "within", "vendor-visit"))
    )
    draft = rules.draft(definition, by=people.oda, evidence=verdicts, now=NOON)
    proposal = rules.propose(draft, by=people.oda, now=NOON)
    # What only a file says of work that it brought later proves nothing.
    if source == "both":
        again = list(PlannedAlert.objects.all())
        for row in again:
            row.pk, row.occurrence, row.is_after_fact = None, uuid.uuid4(), True
        PlannedAlert.objects.bulk_create(again)
    elif source == "imported-afterwards":
        PlannedAlert.objects.update(is_after_fact=True)
    expected = [] if source == "imported-afterwards" else [visits[2].pk, visits[1].pk]
    assert _credit(proposal, people) == expected


def test_what_a_token_or_a_file_judged_does_not_count(proposal, people, recent):
    by_token, by_file, by_page = rows = recent(3)
    verdicts = rules.judge(rows, by=people.olaf)
    given = Verdict.objects.filter
    rewrite(given(pk=verdicts[0].pk), came_by="token")
    rewrite(given(pk=verdicts[1].pk), came_by="file", imported_at=NOON)
    assert set(harmless_looks([by_token.pk, by_file.pk, by_page.pk])) == {by_page.pk}
    assert _credit(proposal, people) == [by_page.pk]


def test_of_the_proposers_own_looks_at_most_half_of_the_credit_counts(proposal, people, recent):
    assert proposal.proposed_by == people.oda
    rows = recent(11)
    rules.judge(rows[:9], by=people.oda)
    rules.judge(rows[9:], by=people.olaf)
    assert _credit(proposal, people) == [row.pk for row in rows[:4] + rows[9:]]


def test_what_another_rule_alone_may_close_does_not_count(canary, people, recent):
    """Of High severity, which the other closes in its hours and this one never."""
    timed = replace(
        rules.downloads(),
        all_of=(*canary.definition.all_of, rules.clause("time", "within", rules.TUESDAYS)),
    )
    signed_version(timed, by=(people.oda, people.leo), at=NOON - WEEK)
    high = recent(2, alert_type=rules.POLLING, severity=Severity.HIGH)
    rules.judge(high, by=people.olaf)
    assert credited_incidents(canary, now=NOON) == []
