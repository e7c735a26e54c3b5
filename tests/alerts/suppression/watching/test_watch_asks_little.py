"""A round of the watch asks as little of the database for many rules as for few."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alerts.incidents.models import IncidentStatus
from alerts.suppression.watching.closed_incidents import watch_closed_incidents
from alerts.suppression.watching.watch import watch_rules
from portal.jobs.models import Job
from tests.conftest import NOON
from tests.factories import rule_rows, rules
from tests.factories.incidents import make_incident

pytestmark = pytest.mark.django_db


@pytest.fixture
def make(people, workspace, site):
    """`make(n, state)` makes n rules in a state that end so many days from now."""

    def made(n, state="live", *, ends=60, **columns):
        definition = replace(rules.polling(), expires_at=NOON + timedelta(days=ends))
        return [
            rule_rows.make_version(
                state,
                of=definition,
                ot=people.oda,
                soc=people.leo,
                workspace=workspace,
                site=site,
                **columns,
            )
            for _ in range(n)
        ]

    return made


def _asked():
    with CaptureQueriesContext(
        connection,
    ) as asked:
        watch_rules(now=NOON)
    return len(asked)


@pytest.mark.parametrize(
    ("state", "ends", "columns"),
    [
        ("live", 60, {}),
        ("live", 10, {}),  # warned of their end, once
        ("canary", 60, {}),
        ("canary", 60, {"state_since": NOON - timedelta(days=40)}),  # asked about, once a week
    ],
    ids=["live", "ending", "on trial", "trials without end"],
)
def test_many_rules_are_watched_with_as_many_questions_as_few(make, state, ends, columns):
    make(2, state, ends=ends, **columns)
    watch_rules(now=NOON)
    few = _asked()
    make(12, state, ends=ends, **columns)
    for _ in range(3):
        watch_rules(now=NOON)
    assert _asked() == few


def test_a_round_writes_about_a_few_rules_and_the_next_about_the_rest(make):
    make(12, ends=10)
    assert [watch_rules(now=NOON)["warned"] for _ in range(4)] == [5, 5, 2, 0]
    make(6, "canary", state_since=NOON - timedelta(days=40))
    assert [watch_rules(now=NOON)["asked"] for _ in range(3)] == [5, 1, 0]


def test_how_far_a_trial_has_come_is_not_asked_before_it_may_end(make):
    def are_matches_counted():
        with CaptureQueriesContext(connection) as asked:
            watch_rules(now=NOON)
        return any("suppression_ledgerentry" in query["sql"] for query in asked)

    make(2, "canary", state_since=NOON - timedelta(days=6))
    assert not are_matches_counted()
    make(1, "canary", state_since=NOON - timedelta(days=8))
    assert are_matches_counted()


def _asked_about_closes():
    Job.objects.all().delete()  # the first round looks at all
    with CaptureQueriesContext(connection) as asked:
        watch_closed_incidents(now=NOON)
    assert any("incidents_entity" in query["sql"] for query in asked), "the case holds devices"
    return len(asked)


def test_what_holds_the_devices_of_many_closes_is_asked_once(make, workspace, site):
    (version,) = make(1)
    values = {"workspace": workspace, "site": site, "landed_at": NOON - timedelta(hours=2)}
    make_incident(
        workspace,
        site_ids=[site.pk],
        status=IncidentStatus.ACTIVE,
        classification="TruePositive",
        created_at=NOON - timedelta(hours=1),
        source="HMI-99",
        destination="PLC-99",
    )
    rule_rows.make_entry(version, **values)
    few = _asked_about_closes()
    for _ in range(6):
        rule_rows.make_entry(version, **values)
    assert _asked_about_closes() <= few
