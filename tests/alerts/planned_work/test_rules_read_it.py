"""Rules read what is known now; a back-test reads what was known when the alert came."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from alerts.incidents.models import Alert
from alerts.rules import sql
from alerts.rules.match import holds
from alerts.suppression.queries import facts_of
from tests.alerts.suppression.samples import clause, rule

pytestmark = pytest.mark.django_db

ELEVEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
AFTER = ELEVEN + timedelta(hours=1)
BEFORE = ELEVEN - timedelta(days=1)
FIRMWARE = rule(clause("site", "is", "Gdańsk"), clause("planned_work", "within", "firmware"))


def matching():
    """Whether the rule matches now, and whether a back-test finds the alert."""
    (alert,) = Alert.objects.all()
    piece = sql.rule_condition_sql(FIRMWARE)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT a.id FROM incidents_alert a WHERE {piece.text}", piece.params)
        found = [row[0] for row in cursor.fetchall()]
    return holds(FIRMWARE, facts_of([alert.pk])[alert.pk]), found == [alert.pk]


def test_work_told_before_the_alert_counts_in_both(planned, happen):
    planned(now=BEFORE)
    happen(ELEVEN)
    assert matching() == (True, True)


def test_work_told_after_the_alert_is_no_evidence_of_the_past(planned, happen):
    happen(ELEVEN)
    planned(now=AFTER)
    assert matching() == (False, False)


def test_whoever_weighs_the_past_reads_what_was_known_then(planned, happen):
    happen(ELEVEN)
    planned(now=AFTER)
    (alert,) = Alert.objects.values_list("pk", flat=True)
    assert facts_of([alert])[alert].planned_work == ("firmware",)
    assert facts_of([alert], as_of_alert=True)[alert].planned_work == ()


def test_rules_look_again_at_an_open_incident_when_the_plan_changes(planned, happen, site):
    incident = happen(ELEVEN)
    planned(now=AFTER, devices=(), zone_id=site.zones.get().pk)  # the rank stays
    incident.refresh_from_db()
    assert incident.changed_at == AFTER


def test_work_of_another_kind_does_not_count(planned, happen):
    planned(now=BEFORE, kind="backup")
    happen(ELEVEN)
    assert matching() == (False, False)


def test_work_cancelled_before_the_alert_counts_in_neither(planned, happen, oda):
    from alerts.planned_work.services.work import cancel_work

    work = planned(now=BEFORE)
    cancel_work(work_id=work.pk, by=oda, now=BEFORE + timedelta(hours=1))
    happen(ELEVEN)
    assert matching() == (False, False)


def test_work_told_before_and_changed_after_the_alert_stays_evidence(planned, happen, oda):
    from alerts.planned_work.services.work import extend_work

    work = planned(now=BEFORE)
    happen(ELEVEN)
    occurrence = work.occurrences.get(known_until=None)
    extend_work(occurrence_id=occurrence.pk, until=AFTER + timedelta(hours=5), by=oda, now=AFTER)
    assert matching() == (True, True)


def test_what_is_late_or_not_named_is_not_inside(planned, happen):
    planned(now=BEFORE)
    happen(ELEVEN + timedelta(hours=4))
    assert matching() == (False, False)


def test_facts_tell_apart_whether_the_work_names_its_devices(planned, happen, site):
    planned(now=BEFORE)
    planned(now=BEFORE, kind="outage", devices=(), zone_id=site.zones.get().pk)
    happen(ELEVEN)
    (facts,) = facts_of(Alert.objects.values_list("pk", flat=True)).values()
    assert facts.planned_work == ("firmware", "outage")
    assert facts.planned_work_for_hours == ("firmware",)
