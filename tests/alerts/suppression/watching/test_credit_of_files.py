"""What a trial counts of verdicts from a file that a lead of OT has confirmed."""

from datetime import timedelta

import pytest

from alerts.incidents.models import Incident, IncidentStatus, Severity
from alerts.reviews.models import FileConfirmation, Verdict, VerdictFile
from alerts.suppression.watching.credit import credited_incidents
from alerts.suppression.watching.credit_sources import credit_by_source
from alerts.suppression.watching.looks import LookSource, harmless_looks, looks_for
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_site
from tests.factories.rewriting import rewrite

pytestmark = pytest.mark.django_db


@pytest.fixture
def pia(make_person, site):
    """Pia leads OT at the site; nobody else of the tests does."""
    return make_person(cast.PIA, (Role.OT_SITE_LEAD, GrantScope.SITE, site.uuid))


@pytest.fixture
def by_file(workspace, site):
    """`by_file(n, by=…)` makes n downloads that a file says were harmless."""

    def made(n, *, by):
        rows = [
            rules.incident_of(
                workspace,
                site,
                at=rules.TUESDAY - k * timedelta(minutes=1),
                alert_type=rules.POLLING,
                severity=Severity.MEDIUM,
                status=IncidentStatus.NEW,
                classification="",
                classification_reason="",
            )
            for k in range(n)
        ]
        file = VerdictFile.objects.create(
            name="past.csv", imported_at=NOON, imported_by_label="command line"
        )
        pks = [verdict.pk for verdict in rules.judge(rows, by=by)]
        verdicts = Verdict.objects.filter(pk__in=pks)
        rewrite(verdicts, came_by="file", imported_at=NOON, file=file.pk)
        return rows, file

    return made


def confirmed(file, site, by):
    return FileConfirmation.objects.create(file=file, site=site, by=by, confirmed_at=NOON)


def test_a_confirmed_file_counts_and_its_sources_name_it(canary, people, by_file, site, pia):
    rows, file = by_file(3, by=people.olaf)
    ids = [row.pk for row in rows]
    assert not harmless_looks(ids), "nobody stands for it yet"
    row = confirmed(file, site, pia)
    assert credited_incidents(canary, now=NOON) == ids
    assert credit_by_source(ids) == {"file": 3}
    FileConfirmation.objects.filter(pk=row.pk).update(withdrawn_at=NOON)
    assert credit_by_source(ids) == {"gone": 3}


def test_nobody_stands_alone_for_their_own_verdict(people, by_file, site, pia):
    (row,), file = by_file(1, by=pia)
    confirmed(file, site, pia)
    assert not harmless_looks([row.pk])


def test_of_two_sites_both_leads_are_needed(people, by_file, site, pia):
    (row,), file = by_file(1, by=people.olaf)
    porto = make_site("Porto")
    Incident.objects.filter(pk=row.pk).update(site_ids=[site.pk, porto.pk])
    confirmed(file, site, pia)
    assert not harmless_looks([row.pk])
    confirmed(file, porto, pia)
    assert harmless_looks([row.pk])


def test_a_file_that_the_proposer_confirmed_gives_half_of_it_at_most(canary, people, by_file, site):
    rows, file = by_file(7, by=people.olaf)
    confirmed(file, site, canary.proposed_by)
    assert credited_incidents(canary, now=NOON) == [row.pk for row in rows[:4]]


def test_a_strict_rule_counts_no_file(people, by_file, site, pia):
    (row,), file = by_file(1, by=people.olaf)
    confirmed(file, site, pia)
    looks = harmless_looks([row.pk])
    assert looks[row.pk].source == LookSource.FILE
    assert not looks_for(looks, is_strict=True)


def test_a_suspicion_takes_it_away(people, by_file, site, pia):
    (row,), file = by_file(1, by=people.olaf)
    confirmed(file, site, pia)
    rules.judge([row], by=people.oda, verdict="suspicious")
    assert not harmless_looks([row.pk])
