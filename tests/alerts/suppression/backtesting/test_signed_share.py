"""What signed rules would have closed without trial, stop or hold, beside what they closed."""

import uuid
from datetime import timedelta

import pytest

from alerts.incidents.models import IncidentStatus, TimelineItem
from alerts.suppression.backtesting.signed_share import signed_share_at
from alerts.suppression.models import LedgerEntry, RuleVersion, Signature
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.rewriting import rewrite

pytestmark = pytest.mark.django_db
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


def signed(version, *, ago):
    rewrite(Signature.objects.filter(version=version.pk), signed_at=NOON - ago)
    return version


def ended(version, state, *, ago):
    RuleVersion.objects.filter(pk=version.pk).update(state=state, state_since=NOON - ago)


def next_of(version):
    """A live version of the same text, signed by the same people."""
    later = RuleVersion.objects.get(pk=version.pk)
    later.pk, later.uuid, later.number, later.state = None, uuid.uuid4(), 2, "live"
    later.save(force_insert=True)
    for row in Signature.objects.filter(version=version.pk):
        row.pk, row.version = None, later
        row.save(force_insert=True)
    return later


def closed_by(version, incident, **columns):
    values = {"rule": version.rule, "version": version, "rule_hash": version.rule_hash}
    values |= {"act": "closed", "where": "tagout", "at": NOON, "landed_at": NOON}
    values |= {"reason": "x", "signed_ot": "Oda", "signed_soc": "Leo"}
    return LedgerEntry.objects.create(incident=incident, **values | columns)


def counts(site):
    found = signed_share_at(site.pk, now=NOON)
    return found.incidents, found.covered, found.closed


def test_without_a_signed_rule_there_is_nothing_to_compare(site, history):
    assert signed_share_at(site.pk, now=NOON) is None


def test_what_came_before_the_signature_is_not_covered_and_a_trial_covers(site, history, canary):
    total = sum(NOON - row.created_at <= 4 * WEEK for row in history.incidents)
    signed(canary, ago=8 * WEEK)
    assert counts(site)[1:] == (total, 0), "a trial closes nothing"
    signed(canary, ago=WEEK + timedelta(hours=1))
    assert counts(site)[1] == sum(
        NOON - row.created_at <= WEEK + timedelta(hours=1) for row in history.incidents
    )


def test_a_stopped_rule_goes_on_covering(site, history, canary):
    signed(canary, ago=8 * WEEK)
    before = counts(site)
    RuleVersion.objects.filter(pk=canary.pk).update(state="paused")
    assert counts(site) == before


def test_a_rule_that_ended_covers_what_came_until_then(site, history, canary):
    signed(canary, ago=8 * WEEK)
    ended(canary, "retired", ago=WEEK + DAY)
    assert counts(site)[1] == sum(
        WEEK + DAY < NOON - row.created_at <= 4 * WEEK for row in history.incidents
    )
    ended(canary, "retired", ago=5 * WEEK)
    assert signed_share_at(site.pk, now=NOON) is None


def test_a_next_version_takes_nothing_from_what_the_one_before_covered(site, history, canary):
    signed(canary, ago=3 * WEEK + DAY)
    ended(canary, "replaced", ago=WEEK + DAY)
    signed(next_of(canary), ago=WEEK + DAY)
    for row in history.incidents[2:4]:
        closed_by(canary, row)
    assert counts(site)[1:] == (4, 2)


def test_what_a_person_worked_on_at_once_is_not_covered(site, history, canary, people):
    signed(canary, ago=8 * WEEK)
    before = counts(site)
    row = history.incidents[0]
    TimelineItem.objects.create(
        incident=row, at=row.created_at, side="soc", by=people.leo, code="closed"
    )
    assert counts(site) == (before[0], before[1] - 1, 0)


def test_what_rules_closed_counts_unless_it_was_wrong(site, history, canary):
    signed(canary, ago=8 * WEEK)
    first, second, third = history.incidents[:3]
    closed_by(canary, first)
    closed_by(canary, second, ending="linked")
    closed_by(canary, third, ending="reopened")
    assert counts(site)[2] == 2


def test_an_alert_that_no_rule_matches_leaves_its_incident_out(site, workspace, history, canary):
    signed(canary, ago=8 * WEEK)
    before = counts(site)
    row = rules.incident_of(
        workspace, site, at=rules.TUESDAY, status=IncidentStatus.NEW, classification=""
    )
    assert counts(site) == (before[0] + 1, before[1] + 1, 0)
    rules.alert_of(row, site, destination="PLC-9")
    assert counts(site) == (before[0] + 1, before[1], 0)
