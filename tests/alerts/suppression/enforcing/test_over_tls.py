"""The whole way: a pretend Azure over TLS is read, a rule decides, and its close stands there."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.models import Alert, Incident
from alerts.outbox.models import ChangeOutcome
from alerts.outbox.services.deliver import deliver_one
from alerts.rules.sentinel_comments import reasons_against_closing_text
from alerts.sentinel.client import client_for
from alerts.suppression.enforcing.acting_rules import acting_set
from alerts.suppression.enforcing.decide import decide_new_incidents
from alerts.suppression.models import LedgerEntry
from alerts.suppression.queries import facts_by_incident
from alerts.suppression.watching.closed_incidents import watch_closed_incidents
from portal.accounts.models import GrantScope, Role
from tests import cast
from tests.alerts.suppression.enforcing.floor import Floor
from tests.alerts.suppression.samples import clause, rule
from tests.conftest import NOON

INCIDENTS = 300


@pytest.fixture
def floor(add_azure_workspace, monkeypatch, make_person):
    monkeypatch.setattr("alerts.intake.services.pace.Pace.wait", lambda self: None)
    workspace = add_azure_workspace()
    call_command("sync", "far", "--full", verbosity=0)
    call_command("sync", "far", verbosity=0)
    people = (
        make_person(cast.ODA, (Role.OT_ENGINEER, GrantScope.ALL, None)),
        make_person(cast.LEO, (Role.SOC_LEAD, GrantScope.WORKSPACE, workspace.uuid)),
    )
    return Floor(workspace, None, None, people)


def routine_incident():
    """A new incident whose alerts a rule may close, and the facts of one of them."""
    rows = Incident.objects.filter(status=1, details_state="fetched", owner_id="", labels=[])
    for incident in rows.order_by("-created_at"):
        alerts = list(facts_by_incident([incident.pk])[incident.pk].values())
        types = [alert_type_for(alert.alert_type) for alert in alerts]
        fits = all(one and one.guard == "scoped" for one in types)
        if len(alerts) == 1 and fits and alerts[0].severity < 4 and alerts[0].any_device:
            return incident, alerts[0]
    pytest.fail("the plant has no routine to close")


def test_a_close_by_rule_stands_in_azure_with_its_attribution(floor):
    incident, facts = routine_incident()
    definition = rule(
        clause("alert_type", "is", facts.alert_type),
        clause("site", "is", facts.site),
        clause("any_device", "is", facts.any_device[0]),
        reason="It does so each day.",
    )
    version = floor.rule(definition, number=12, since=NOON - timedelta(days=200))
    assert decide_new_incidents(now=NOON) >= 1
    incident.refresh_from_db()
    assert incident.closed_by == "R-12"
    outcomes = []
    while done := deliver_one(now=NOON, connect=client_for, pause=lambda _: None):
        outcomes.append(done.outcome)
    assert set(outcomes) == {ChangeOutcome.SENT}

    attribution = acting_set().versions[version.pk].attribution
    lines = LedgerEntry.objects.select_related("incident")
    assert lines.count() == len(outcomes)
    client = client_for(floor.workspace)
    for line in lines:
        there = json.loads(client.get_incident(line.incident.name))["properties"]
        assert (there["status"], there["classification"]) == ("Closed", "BenignPositive")
        assert there["classificationComment"] == line.text
        assert reasons_against_closing_text(line.text, attribution) == []
        assert line.landed_at == NOON
        types = Alert.objects.filter(incidents=line.incident).values_list("alert_type", flat=True)
        assert set(types) == {facts.alert_type}, "nothing else was closed with it"
    call_command("sync", "far", verbosity=0)
    assert watch_closed_incidents(now=NOON) == 0
    assert not LedgerEntry.objects.exclude(ending="").exists()
