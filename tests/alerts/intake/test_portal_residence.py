"""Whether a workspace lives in the Defender portal: found out at each poll and kept once."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command

from alerts.intake.services.portal_residence import read_portal_residence
from alerts.intake.services.slices import POLL, run_one_slice
from alerts.sentinel.models import PortalResidence
from alerts.sentinel.queries import is_in_defender_portal
from portal.audit.models import Entry
from tests.conftest import NOON
from tests.factories.incidents import make_listed_incident, make_workspace
from tests.memory_sentinel import MemorySentinel

OWN, XDR = "Azure Sentinel", "Microsoft XDR"
ELSEWHERE = (
    "/subscriptions/s/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces"
    "/gdansk-2/providers/Microsoft.SecurityInsights/alertRules/r-1"
)


@pytest.fixture
def ask(workspace):
    """Ask as a poll does, and return what everybody is told then."""

    def asked(now=NOON):
        read_portal_residence(workspace=workspace, now=now)
        return is_in_defender_portal(workspace.pk)

    return asked


def test_without_an_incident_of_a_rule_it_is_not_known(ask, workspace):
    assert is_in_defender_portal(workspace.pk) is None
    assert ask() is None
    row = PortalResidence.objects.get(workspace=workspace)
    assert (row.is_in_portal, row.asked_at, row.since) == (None, NOON, None)


@pytest.mark.parametrize(
    ("provider", "rules"),
    [
        (XDR, ()),  # the connector of Defender XDR brings these without any onboarding
        (XDR, (ELSEWHERE,)),
        (XDR, ("/subscriptions/s/alertRules/r-1",)),
        ("", ("r-1",)),
    ],
)
def test_what_no_rule_of_the_workspace_made_shows_nothing(ask, workspace, provider, rules):
    make_listed_incident(workspace, provider=OWN)
    assert ask() is False
    make_listed_incident(workspace, provider=provider, rules=rules)
    assert ask() is False


def test_the_newest_incident_of_a_rule_decides(ask, workspace):
    made_at = NOON - timedelta(hours=3)
    first = make_listed_incident(workspace, provider=OWN, created_at=made_at)
    assert ask() is False
    second = make_listed_incident(workspace, provider=XDR, created_at=NOON - timedelta(hours=2))
    # Older ones change after the newer ones, and stay where they are.
    type(first).objects.filter(pk=first.pk).update(modified_at=NOON)
    assert ask(NOON + timedelta(minutes=1)) is True
    make_listed_incident(workspace, provider=XDR, created_at=NOON)
    assert ask(NOON + timedelta(minutes=2)) is True
    row = PortalResidence.objects.get(workspace=workspace)
    assert row.since == NOON - timedelta(hours=2)
    assert (row.incident_number, row.asked_at) == (second.number + 1, NOON + timedelta(minutes=2))
    found = Entry.objects.filter(action="sentinel.workspace.portal_found").order_by("seq")
    assert [entry.details["is_in_portal"] for entry in found] == [False, True]


def test_the_incident_that_decided_is_asked_again(ask, workspace):
    """At onboarding open incidents are taken over into the portal."""
    incident = make_listed_incident(workspace, provider=OWN)
    assert ask() is False
    incident.raw.body["properties"]["providerName"] = XDR
    incident.raw.save()
    assert ask() is True


def test_a_poll_asks_and_the_command_says_what_it_found(workspace, capsys):
    sentinel = MemorySentinel(starts_at=NOON - timedelta(minutes=30))
    rule = f"{workspace.analytics_rules_id}r-1"
    name = sentinel.add_incident(providerName=XDR, relatedAnalyticRuleIds=[rule.upper()])
    assert run_one_slice(kind=POLL, connect=lambda _: sentinel)
    assert PortalResidence.objects.get(workspace=workspace).incident_name == name
    capsys.readouterr()
    call_command("workspace", "list", "--json")
    (listed,) = json.loads(capsys.readouterr().out)
    assert listed["in_defender_portal"] is True


def test_one_workspace_says_nothing_of_another(ask, workspace):
    other = make_workspace("porto")
    make_listed_incident(other, provider=XDR)
    assert ask() is None
    read_portal_residence(workspace=other, now=NOON)
    assert is_in_defender_portal(other.pk) is True
    assert is_in_defender_portal(workspace.pk) is None
