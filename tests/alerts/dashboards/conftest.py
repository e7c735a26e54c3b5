"""Two workspaces, two plants, the whole cast, and an answered and a waiting question."""

import uuid
from datetime import timedelta
from functools import partial

import pytest

from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import Severity
from alerts.intake.models import Cursor
from alerts.reviews.services.questions import ask_ot
from alerts.reviews.services.verdicts import give_verdict
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_incident, make_workspace
from tests.reuse import reuse_rows


@reuse_rows
def workspace(db):
    made = make_workspace(added_at=NOON - timedelta(days=2))
    Cursor.objects.create(
        workspace=made,
        backfilled_until=NOON - timedelta(days=90),
        fresh_at=NOON - timedelta(seconds=38),
    )
    return made


@reuse_rows
def porto_workspace(db):
    made = make_workspace("porto", added_at=NOON - timedelta(days=1))
    Cursor.objects.create(
        workspace=made,
        backfilled_until=NOON - timedelta(days=90),
        fresh_at=NOON - timedelta(seconds=12),
    )
    return made


@pytest.fixture
def fixed_clocks(noon, monkeypatch):
    """Both clocks stand still."""
    monkeypatch.setattr("portal.clock.unshifted", lambda: NOON)
    return noon


def make_alike(n=1, *, where, at, **columns):
    """`n` alike open incidents at a site, each with one alert, grouped."""
    values = {
        "site_ids": [at.pk] if at else [],
        "place": f"{at.name}, Packaging 2" if at else "",
        "pattern": uuid.uuid4(),
        "source": "ENG-WS-04",
        "destination": "PLC-PL2-07",
        "severity": Severity.HIGH,
        "priority": 92,
        "created_at": NOON - timedelta(minutes=20),
    } | columns
    rows = [make_incident(where, **values) for _ in range(n)]
    for row in rows:
        make_alert(row, site=at)
    regroup([row.pk for row in rows], now=NOON)
    for row in rows:
        row.refresh_from_db()
    return rows


def ask_about(
    incidents, *, site, by, now=NOON - timedelta(minutes=30), question="Was this planned?"
):
    """A person asks OT of the site."""
    ids = [incident.pk for incident in incidents]
    return ask_ot(incident_ids=ids, site_id=site.pk, question=question, by=by, now=now)


def answer_as(person, question, *, now=NOON - timedelta(minutes=10), **more):
    """The person says that it was maintenance, unless something else is said."""
    arguments = {
        "by": person,
        "key": uuid.uuid4(),
        "verdict": "maintenance",
        "now": now,
        "cause": "plc-programming-window",
        "question_id": question.pk,
    } | more
    return give_verdict(**arguments)


@pytest.fixture
def make(workspace, site):
    """`make(n)` makes n alike open incidents at the site, each with one alert, grouped."""
    return partial(make_alike, where=workspace, at=site)


@pytest.fixture
def ask(site, oda, sam):
    """`ask(incidents)` has Sam ask OT of the site."""
    return partial(ask_about, site=site, by=sam)


@pytest.fixture
def answer(oda):
    """`answer(review)` has Oda say that it was maintenance."""
    return partial(answer_as, oda)
