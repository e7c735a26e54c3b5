"""What a trial counts of verdicts from a file that a lead of OT has confirmed."""

from datetime import timedelta

import pytest

from alerts.incidents.models import Incident, IncidentStatus, Severity
from alerts.reviews.models import FileConfirmation, Verdict, VerdictFile
from alerts.suppression.watching.credit import credited_incidents
from alerts.suppression.watching.credit_sources import credit_by_source
from alerts.suppression.watching.looks import (
    LookSource,
    count_within_limits,
    harmless_looks,
    looks_for,
)
from alerts.suppression.watching.trials import trial_progress_of
from portal.accounts.models import GrantScope, Role
from portal.accounts.services.people import grant_role
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
def soft(workspace, site):
    """`soft(n)` makes n downloads, one a minute, all open."""

    def made(n):
        return [
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

    return made


@pytest.fixture
def by_file(soft):
    """`by_file(n, by=…)` makes n downloads that a file says were harmless."""

    def made(n, *, by):
        rows = soft(n)
        file = VerdictFile.objects.create(
            name="past.csv", imported_at=NOON, imported_by_label="command line"
        )
        pks = [verdict.pk for verdict in rules.judge(rows, by=by)]
        verdicts = Verdict.objects.filter(pk__in=pks)
        rewrite(verdicts, came_by="file", imported_at=NOON, file=file.pk)
        return rows, file

    return made


def lead_ot(person, site):
    role, scope = Role.OT_SITE_LEAD, GrantScope.SITE
    grant_role(to=person, role=role, scope=scope, scope_uuid=site.uuid, by="t", now=NOON)


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


def test_a_trial_counts_them_only_while_the_confirmation_stands(
    canary, people, by_file, soft, site, pia
):
    rows, file = by_file(3, by=people.olaf)
    (own,) = soft(1)
    rules.judge([own], by=people.oda)
    row = confirmed(file, site, pia)
    canary.credited_incident_ids = [own.pk, *(row.pk for row in rows)]
    assert trial_progress_of(canary).trial.credit == 4
    FileConfirmation.objects.filter(pk=row.pk).update(withdrawn_at=NOON)
    assert trial_progress_of(canary).trial.credit == 1


def test_a_confirmation_counts_while_the_person_leads_ot_there(people, by_file, site, pia):
    (row,), file = by_file(1, by=people.olaf)
    confirmed(file, site, pia)
    assert harmless_looks([row.pk])
    pia.grants.update(revoked_at=NOON)
    assert not harmless_looks([row.pk])


@pytest.mark.abuse("A19")
def test_one_file_gives_half_of_it_at_most_whoever_stands_for_it(
    canary, people, by_file, site, pia
):
    rows, file = by_file(7, by=people.olaf)
    confirmed(file, site, pia)
    assert credited_incidents(canary, now=NOON) == [row.pk for row in rows[:4]]
    assert count_within_limits(harmless_looks([row.pk for row in rows]).values()) == 4


@pytest.mark.abuse("A19")
def test_one_lead_gives_half_of_it_at_most_however_many_files_it_comes_in(
    canary, people, by_file, site, pia
):
    for _ in range(3):
        confirmed(by_file(3, by=people.olaf)[1], site, pia)
    assert len(credited_incidents(canary, now=NOON)) == 4


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
    row_of_porto = confirmed(file, porto, pia)
    assert not harmless_looks([row.pk]), "Pia does not lead OT at Porto"
    lead_ot(pia, porto)
    assert row_of_porto.withdrawn_at is None
    assert harmless_looks([row.pk])


def test_what_the_proposer_confirmed_and_saw_gives_half_of_it_at_most(
    canary, people, by_file, soft, site
):
    _, file = by_file(3, by=people.olaf)
    rules.judge(soft(3), by=canary.proposed_by)
    lead_ot(canary.proposed_by, site)
    confirmed(file, site, canary.proposed_by)
    assert len(credited_incidents(canary, now=NOON)) == 4


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


@pytest.fixture
def kept_open(canary, workspace, site):
    """`kept_open(rows)`: the trial covers these, and a guard kept them open."""

    def made(rows):
        for row in rows:
            rules.tag(canary, workspace, site, 1, incident=row, kept_open=[["never.owner", {}]])

    return made


@pytest.mark.abuse("A19")
def test_matches_of_a_trial_count_half_of_it_at_most_from_one_file(
    canary, people, by_file, kept_open, site, pia
):
    rows, file = by_file(7, by=people.olaf)
    kept_open(rows)
    confirmed(file, site, pia)
    assert trial_progress_of(canary).trial.matches == 4


@pytest.mark.abuse("A19")
def test_one_lead_gives_four_matches_at_most_and_those_of_the_credit_are_among_them(
    canary, people, by_file, soft, kept_open, site, pia
):
    credited, first = by_file(3, by=people.olaf)
    rows, second = by_file(3, by=people.olaf)
    for file in (first, second):
        confirmed(file, site, pia)
    canary.credited_incident_ids = [row.pk for row in credited]
    kept_open(rows)
    trial = trial_progress_of(canary).trial
    assert (trial.credit, trial.matches) == (3, 1)
    answered = soft(6)
    for row in answered:
        rules.judge([row], by=people.oda)
    kept_open(answered)
    assert trial_progress_of(canary).trial.matches == 7, "what people answer here has no such limit"


def test_matches_of_a_file_count_only_while_its_confirmation_stands(
    canary, people, by_file, kept_open, site, pia
):
    rows, file = by_file(2, by=people.olaf)
    kept_open(rows)
    row = confirmed(file, site, pia)
    assert trial_progress_of(canary).trial.matches == 2
    FileConfirmation.objects.filter(pk=row.pk).update(withdrawn_at=NOON)
    assert trial_progress_of(canary).trial.matches == 0
    confirmed(file, site, pia)
    assert trial_progress_of(canary).trial.matches == 2
    pia.grants.update(revoked_at=NOON)
    assert trial_progress_of(canary).trial.matches == 0


def test_what_was_credited_and_is_doubted_since_counts_no_more(canary, people, soft):
    rows = soft(2)
    for row in rows:
        rules.judge([row], by=people.oda)
    canary.credited_incident_ids = [row.pk for row in rows]
    assert trial_progress_of(canary).trial.credit == 2
    rules.judge(rows[:1], by=people.olaf, verdict="suspicious")
    assert trial_progress_of(canary).trial.credit == 1
