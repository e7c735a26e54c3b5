"""An incident says when it was closed, wherever that happened, and forgets it when it opens."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection

from alerts.incidents.acts.apply import undo_act
from alerts.incidents.acts.close import close_incidents, reopen_incidents
from alerts.incidents.models import Incident, IncidentStatus, TimelineItem
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_workspace

BENIGN = {"classification": "BenignPositive", "reason": "SuspiciousButExpected"}
LATER = NOON + timedelta(hours=2)


def closed_at(incident):
    return Incident.objects.values_list("closed_at", flat=True).get(pk=incident.pk)


def test_what_was_closed_before_it_was_read_counts_from_its_latest_change(desk):
    incident = desk.incident(status="Closed", classification="BenignPositive")
    assert incident.closed_at == incident.modified_at is not None


def test_what_is_open_has_no_such_moment(desk):
    assert desk.incident().closed_at is None


def test_what_is_closed_in_sentinel_counts_from_that_change_and_a_later_one_moves_nothing(desk):
    incident = desk.incident()
    desk.sentinel.edit(incident.name, status="Closed", classification="BenignPositive")
    desk.pull()
    incident.refresh_from_db()
    at = incident.closed_at
    assert at == incident.modified_at
    desk.sentinel.edit(incident.name, labels=[{"labelName": "late", "labelType": "User"}])
    desk.pull()
    incident.refresh_from_db()
    assert incident.modified_at > at == incident.closed_at


def test_what_is_opened_again_in_sentinel_has_none_any_more(desk):
    incident = desk.incident(status="Closed", classification="BenignPositive")
    desk.sentinel.edit(incident.name, status="Active", classification=None)
    desk.pull()
    assert closed_at(incident) is None


def test_what_is_closed_here_counts_from_the_click_also_once_sentinel_has_it(desk, sam):
    incident = desk.incident()
    close_incidents(incident_ids=[incident.pk], **BENIGN, by=sam, now=LATER)
    assert closed_at(incident) == LATER
    desk.deliver()
    desk.pull()
    assert closed_at(incident) == LATER


@pytest.mark.parametrize("way", ["undone", "opened again"])
def test_a_close_that_is_taken_back_leaves_none(desk, sam, way):
    incident = desk.incident()
    act = close_incidents(incident_ids=[incident.pk], **BENIGN, by=sam, now=NOON)
    if way == "undone":
        undo_act(act=act, by=sam, now=NOON)
    else:
        reopen_incidents(incident_ids=[incident.pk], by=sam, now=NOON)
    assert closed_at(incident) is None


@pytest.mark.django_db
def test_closings_of_the_past_are_taken_from_the_timeline_else_from_the_latest_change():
    workspace = make_workspace()
    before = NOON - timedelta(days=40)
    shut = {"status": IncidentStatus.CLOSED, "modified_at": NOON}
    watched, imported = (make_incident(workspace, **shut) for _ in range(2))
    elsewhere, still_open = make_incident(workspace, **shut), make_incident(workspace)
    TimelineItem.objects.create(incident=watched, at=before, side="soc", code="closed")
    TimelineItem.objects.create(
        incident=elsewhere, at=before, side="sentinel", code="status", details={"to": "Closed"}
    )
    TimelineItem.objects.create(
        incident=imported, at=before, side="sentinel", code="status", details={"to": "Active"}
    )
    with connection.cursor() as cursor:
        cursor.execute(import_module("alerts.incidents.migrations.0016_closings_of_the_past").FILL)
    found = [closed_at(incident) for incident in (watched, elsewhere, imported, still_open)]
    assert found == [before, before, NOON, None]
