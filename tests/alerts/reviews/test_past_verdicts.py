import uuid
from datetime import timedelta

import pytest

from alerts.incidents.ingest.groups import regroup
from alerts.incidents.models import Incident, IncidentStatus, PatternMemory
from alerts.outbox.models import Change
from alerts.reviews.models import Verdict
from alerts.reviews.services.past_verdicts import PastVerdict, record_past_verdicts
from portal.audit.models import Entry
from portal.notifications.models import Notification
from tests import cast
from tests.factories.incidents import make_incident, make_workspace

pytestmark = pytest.mark.django_db
PATTERN = uuid.uuid4()


@pytest.fixture
def happen(db):
    workspace = make_workspace()
    return lambda status: make_incident(workspace, status=status, pattern=PATTERN)


@pytest.fixture
def take_over(make_person, noon):
    oda = make_person(cast.ODA)

    def take_over(*incidents, verdict="routine", note=""):
        verdicts = [
            PastVerdict(incident.pk, verdict, "other", oda, noon - timedelta(days=3), note)
            for incident in incidents
        ]
        return record_past_verdicts(verdicts=verdicts, by="tests", now=noon)

    return take_over


def test_verdicts_of_the_past_count_for_their_pattern_and_owe_nothing(take_over, happen):
    incidents = [happen(IncidentStatus.CLOSED) for _ in range(3)]
    assert take_over(*incidents) == 3
    assert PatternMemory.objects.get(pattern=PATTERN).routine == 3
    assert not Change.objects.exists()
    assert not Notification.objects.exists()
    assert Entry.objects.filter(action="reviews.verdicts.taken_over").count() == 1


def test_open_and_judged_incidents_are_passed_over(take_over, happen):
    closed, still_open = happen(IncidentStatus.CLOSED), happen(IncidentStatus.NEW)
    assert take_over(closed, still_open) == 1
    assert take_over(closed, verdict="maintenance") == 0
    assert Verdict.objects.get().kind == "routine"


def test_open_incidents_of_the_pattern_weigh_less_by_it(take_over, happen, noon):
    still_open = happen(IncidentStatus.NEW)
    regroup([still_open.pk], now=noon)
    before = Incident.objects.get(pk=still_open.pk).priority
    take_over(*[happen(IncidentStatus.CLOSED) for _ in range(15)])
    assert Incident.objects.get(pk=still_open.pk).priority == before - 10


def test_a_verdict_of_the_past_stands_on_the_timeline_when_it_was_given(take_over, happen, noon):
    incident = happen(IncidentStatus.CLOSED)
    take_over(incident, note="Firmware round.")
    [line] = incident.timeline.all()
    assert (line.code, line.side, line.at) == ("answered", "ot", noon - timedelta(days=3))
    assert line.details["verdict"] == "routine"
    assert line.details["note"] == "Firmware round."
