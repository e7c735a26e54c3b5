"""A plant, its people, and incidents that touch it."""

import uuid
from datetime import timedelta
from functools import partial

import pytest

from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import Alert, IncidentAlert, Severity
from alerts.reviews.services.questions import ask_ot
from alerts.reviews.services.verdicts import give_verdict
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_workspace
from tests.reuse import reuse_rows

PATTERN = uuid.UUID(int=7)
QUESTION = "Was this planned?"


@reuse_rows
def workspace(db):
    return make_workspace()


def make_alike(workspace, site, n=1, *, at=NOON - timedelta(minutes=20), **columns):
    """`n` alike incidents at the site, each with one alert, grouped."""
    rows = []
    for i in range(n):
        when = at + timedelta(minutes=i)
        defaults = {
            "site_ids": [site.pk],
            "place": f"{site.name}, Packaging 2",
            "pattern": PATTERN,
            "source": "ENG-WS-04",
            "destination": "PLC-PL2-07",
            "severity": Severity.HIGH,
            "created_at": when,
        }
        row = make_incident(workspace, **(defaults | columns))
        alert = Alert.objects.create(
            workspace=workspace,
            key=str(uuid.uuid4()),
            site=site,
            alert_type=row.alert_type,
            severity=row.severity,
            source_device=row.source,
            destination_device=row.destination,
            at=when,
            plant_weekday=when.weekday(),
            plant_minute=when.hour * 60 + 60 + when.minute,
        )
        IncidentAlert.objects.create(incident=row, alert=alert)
        rows.append(row)
    regroup([row.pk for row in rows], now=NOON)
    for row in rows:
        row.refresh_from_db()
    return rows


@pytest.fixture
def make(workspace, site):
    """`make(n)` makes n alike incidents at the site, each with one alert, grouped."""
    return partial(make_alike, workspace, site)


@reuse_rows
def incident(workspace, site):
    return make_alike(workspace, site)[0]


@pytest.fixture
def ask(site, oda, sam):
    """`ask(incidents)` has Sam ask OT of the site."""

    def asked(incidents, *, by=sam, now=NOON, question=QUESTION, at=site):
        ids = [incident.pk for incident in incidents]
        return ask_ot(incident_ids=ids, site_id=at.pk, question=question, by=by, now=now)

    return asked


@reuse_rows
def question(site, oda, sam, incident):
    """Sam has asked about the incident, and Oda is there to answer."""
    return ask_ot(incident_ids=[incident.pk], site_id=site.pk, question=QUESTION, by=sam, now=NOON)


def answer_of(person, question=None, **more):
    """The person says that it was maintenance, unless something else is said."""
    values = {
        "by": person,
        "key": uuid.uuid4(),
        "verdict": "maintenance",
        "now": NOON,
        "cause": "plc-programming-window",
        "question_id": question.pk if question else None,
    } | more
    return give_verdict(**values)


@pytest.fixture
def answer(oda):
    """`answer(review)` has Oda say that it was maintenance."""
    return partial(answer_of, oda)


@reuse_rows
def suspicious(incident, oda):
    """Oda called it suspicious."""
    values = {"verdict": "suspicious", "cause": "other", "note": "Odd."}
    return answer_of(oda, incident_ids=[incident.pk], **values)
