"""What signed rules would have closed without trial, stop or hold, beside what they closed."""

from datetime import timedelta

import pytest

from alerts.incidents.models import IncidentStatus
from alerts.suppression.backtesting.signed_share import signed_share_at
from alerts.suppression.models import LedgerEntry, RuleVersion, Signature
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.rewriting import rewrite

pytestmark = pytest.mark.django_db
WEEK = timedelta(weeks=1)


def signed(version, *, ago):
    rewrite(Signature.objects.filter(version=version.pk), signed_at=NOON - ago)
    return version


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
    RuleVersion.objects.filter(pk=canary.pk).update(state="retired")
    assert signed_share_at(site.pk, now=NOON) is None


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
