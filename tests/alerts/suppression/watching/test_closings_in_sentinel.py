"""Credit of a trial for what people closed in Sentinel: with a name that is known to be a person's
it counts, whoever had taken the incident; what a machine closed does not.
"""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.incidents.engine.closers import is_person
from alerts.incidents.ingest.closers import Closer, store_closers
from alerts.incidents.models import IncidentCloser, IncidentStatus, Severity
from alerts.suppression.watching.credit import credited_incidents
from alerts.suppression.watching.looks import LookSource, harmless_looks, looks_for
from tests.conftest import NOON
from tests.factories import rules

pytestmark = pytest.mark.django_db
DAY, WEEK = timedelta(days=1), timedelta(days=7)
ANALYST = "marta.kowalczyk@soc.baltaqua.example"
COLLEAGUE = "jan.nowak@soc.baltaqua.example"
MACHINES = (
    "Automation rule - Close what is Low",
    "Playbook - Close-By-Watchlist",
    "Incident created from alert",
    "Alert Grouping",
    "Microsoft Defender XDR - alert correlation",
    "Microsoft Sentinel",
    "API-App:admin@contoso.com",
    "0a1b2c3d-1111-2222-3333-444455556666",
    "tagout",
    "Marta Kowalczyk",  # an application may bear any name
    "",
)


@pytest.fixture
def closed(workspace, site):
    """`closed("by", …)` closes one incident a day without an owner, each by this name."""

    def made(*names, took=timedelta(hours=2), apart=DAY, **columns):
        values = {
            "alert_type": rules.POLLING,
            "severity": Severity.MEDIUM,
            "status": IncidentStatus.CLOSED,
            "classification": "BenignPositive",
            "classification_reason": "SuspiciousButExpected",
        } | columns
        rows = [
            rules.incident_of(workspace, site, at=rules.TUESDAY - k * apart, **values)
            for k in range(len(names))
        ]
        closers = [
            Closer(row.name, name, row.created_at + took)
            for row, name in zip(rows, names, strict=True)
            if name
        ]
        store_closers(workspace_id=workspace.pk, closers=closers)
        return rows

    return made


def test_eight_closings_by_people_who_took_nothing_are_eight_of_eight(canary, closed):
    rows = closed(*[ANALYST, COLLEAGUE] * 5)
    assert credited_incidents(canary, now=NOON) == [row.pk for row in rows[:8]]


def test_one_name_gives_half_of_it_at_most_however_it_is_spelt(canary, closed):
    rows = closed(*[ANALYST, ANALYST.upper()] * 3, COLLEAGUE)
    assert credited_incidents(canary, now=NOON) == [row.pk for row in [*rows[:4], rows[6]]]


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_or_nobody_known_has_not_looked(canary, closed, name):
    closed(name)
    assert not is_person(name)
    assert credited_incidents(canary, now=NOON) == []


@pytest.mark.parametrize("name", MACHINES[:-1])
def test_a_machine_that_assigns_somebody_and_closes_has_not_looked_either(canary, closed, name):
    closed(name, owner_name="Sam Kowalski")
    assert credited_incidents(canary, now=NOON) == []


@pytest.mark.parametrize(
    "columns",
    [
        {"classification_reason": ""},
        {"classification": "Undetermined"},
        {"classification": "TruePositive"},
        {"classification": "FalsePositive"},
        {"closed_by": "R-7"},
        {"took": timedelta(seconds=119)},  # a playbook that runs on a person's account
    ],
    ids=lambda columns: "-".join(f"{key}:{value}" for key, value in columns.items()),
)
def test_only_a_close_with_a_reason_and_time_to_read_is_a_look(canary, closed, columns):
    closed(ANALYST, **columns)
    assert credited_incidents(canary, now=NOON) == []


def test_what_one_person_closes_within_a_minute_is_one_look(canary, closed):
    rows = closed(*[ANALYST] * 3, apart=timedelta(seconds=1))
    assert credited_incidents(canary, now=NOON) == [rows[0].pk]
    (act,) = {look.act for look in harmless_looks([row.pk for row in rows]).values()}
    assert ANALYST in act


def test_beyond_sixty_closings_an_hour_nobody_looks(canary, closed):
    rows = closed(*[ANALYST] * 61, apart=timedelta(seconds=50))
    looks = harmless_looks([row.pk for row in rows])
    assert rows[0].pk not in looks and rows[1].pk in looks  # the newest is the 61st


def test_the_sixty_of_an_hour_are_one_persons(closed):
    rows = closed(*[ANALYST, COLLEAGUE] * 31, apart=timedelta(seconds=50))
    assert set(harmless_looks([row.pk for row in rows])) == {row.pk for row in rows}


def counts_of_closers(captured):
    texts = [query["sql"] for query in captured]
    return [text for text in texts if '"incidents_incidentcloser"."name" IN' in text]


def test_closings_of_machines_are_not_counted(closed):
    rows = closed(*[MACHINES[0]] * 3)
    keys = [row.pk for row in rows]
    with CaptureQueriesContext(connection) as captured:
        assert harmless_looks(keys) == {}
    assert counts_of_closers(captured) == []
    (row,) = closed(ANALYST)
    with CaptureQueriesContext(connection) as captured:
        assert set(harmless_looks([*keys, row.pk])) == {row.pk}
    (counting,) = counts_of_closers(captured)
    assert ANALYST in counting and MACHINES[0] not in counting


def test_the_proposers_own_closings_are_half_of_it_at_most(canary, closed, people):
    assert canary.proposed_by == people.oda
    rows = closed(*[people.oda.email] * 6)
    assert credited_incidents(canary, now=NOON) == [row.pk for row in rows[:4]]


def test_a_strict_rule_counts_only_what_its_owner_closed(closed):
    (loose,) = closed(ANALYST)
    (of_other,) = closed(ANALYST, owner_name="Jan", owner_email=COLLEAGUE, owner_id="1e0")
    (of_nobody_known,) = closed(ANALYST, owner_name="Marta", owner_id="1e1")
    (taken,) = closed(ANALYST.title(), owner_name="Marta", owner_email=ANALYST)
    rows = [loose, of_other, of_nobody_known, taken]
    looks = harmless_looks([row.pk for row in rows])
    found = [looks[row.pk].source for row in rows]
    assert found == [LookSource.CLOSER] * 3 + [LookSource.TAKEN]
    assert set(looks_for(looks, is_strict=True)) == {taken.pk}
    assert set(looks_for(looks, is_strict=False)) == {row.pk for row in rows}


def test_the_latest_closing_holds_and_unknown_incidents_are_passed_over(workspace, closed):
    (row,) = closed("Playbook - Close")
    later = row.created_at + DAY
    again = [
        Closer(row.name.upper(), ANALYST, later),
        Closer(row.name, "Alert Grouping", later - timedelta(minutes=1)),
        Closer("no-such-incident", ANALYST, later),
    ]
    assert store_closers(workspace_id=workspace.pk, closers=again) == 1
    assert store_closers(workspace_id=workspace.pk, closers=again[1:]) == 0
    stored = IncidentCloser.objects.get()
    assert (stored.incident_id, stored.name, stored.closed_at) == (row.pk, ANALYST, later)
