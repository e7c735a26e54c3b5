"""While a device is held open, Sentinel closes by no rule that may touch it; Tagout does."""

from datetime import timedelta

import pytest

from alerts.incidents.models import Incident, IncidentStatus
from alerts.outbox.models import WantedRule
from alerts.outbox.queries import withdrawn_rules
from alerts.rules.rule import Clause
from alerts.sentinel.services.reach import note_fresh
from alerts.suppression.deploying.decided_rows import reason_against_rule
from alerts.suppression.deploying.deployments import deployments_of_rule, withdrawn_forms
from alerts.suppression.deploying.desired import bring_in_line
from alerts.suppression.deploying.leases import renew_leases
from alerts.suppression.models import RuleVersion
from portal.notifications.models import Notification
from tests.alerts.suppression.deploying.plant import TYPE, polls, signed
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_incident, make_site, make_workspace
from tests.reuse import reuse_rows

BOTH_ENDS = (
    Clause("workspace", "is", ("gdansk",)),
    Clause("alert_type", "is", (TYPE,)),
    Clause("any_device", "is", ("HIST-GD-01",)),
    Clause("any_device", "is", ("DB-GD-01",)),
)


@reuse_rows
def version(workspace, site, oda, leo):
    return signed(polls(), by=(oda, leo), workspaces=[workspace], sites=[site])


@pytest.fixture
def deployed(version, far):
    bring_in_line(version_id=version.pk, now=NOON)
    far.deliver()
    assert far.rule is not None
    return version


def attack(workspace, site, *, device="PLC-21", address="10.20.3.3", at=NOON, **columns):
    """A true positive that the SOC has closed."""
    values = {"status": IncidentStatus.CLOSED, "classification": "TruePositive", "closed_at": at}
    row = make_incident(
        workspace, site_ids=[site.pk], created_at=at, modified_at=at, **values | columns
    )
    names = {"source_device": "HMI-9", "source_address": "10.20.1.9"}
    names |= {"destination_device": device, "destination_address": address}
    make_alert(row, site=site, any_device=[device], **names)
    return row


def round_(far, workspace, *, now):
    note_fresh(workspace_id=workspace.pk, now=now)
    renew_leases(now=now)
    far.deliver()


def test_a_rule_with_an_open_end_is_taken_out_and_comes_back_when_the_case_ends(
    deployed, far, workspace, site, clock
):
    attack(workspace, site)
    round_(far, workspace, now=NOON)
    assert far.rule is None
    assert withdrawn_rules(workspace.pk) == {deployed.rule.uuid}, "Tagout's own worker takes over"
    round_(far, workspace, now=clock.go(hours=71))
    assert far.rule is None
    round_(far, workspace, now=clock.go(hours=2))
    assert far.rule is not None
    assert withdrawn_rules(workspace.pk) == set()


def test_it_is_taken_out_where_it_names_the_device(deployed, far, workspace, site):
    attack(workspace, site, device="HIST-GD-01", address="10.20.3.1")
    round_(far, workspace, now=NOON)
    assert far.rule is None
    assert (
        "what is held open: HIST-GD-01" in WantedRule.objects.get(about=deployed.rule.uuid).reason
    )


def test_so_is_one_that_lists_two_other_devices(far, workspace, site, oda, leo):
    """Sentinel's conditions hold for an incident with these two and the one that is held."""
    version = signed(polls(all_of=BOTH_ENDS), by=(oda, leo), workspaces=[workspace], sites=[site])
    round_(far, workspace, now=NOON)
    assert far.rule is not None
    attack(workspace, site)
    round_(far, workspace, now=NOON)
    assert far.rule is None
    assert RuleVersion.objects.get(pk=version.pk).state == "live"


def test_a_case_of_another_plant_takes_nothing_out(deployed, far, workspace):
    attack(make_workspace("porto"), make_site("Porto"))
    round_(far, workspace, now=NOON)
    assert far.rule is not None


def test_a_case_that_another_workspace_sees_at_the_same_site_counts(deployed, far, workspace, site):
    attack(make_workspace("porto"), site)
    round_(far, workspace, now=NOON)
    assert far.rule is None


def test_a_trial_goes_on_labelling_there(deployed, far, workspace, site):
    RuleVersion.objects.filter(pk=deployed.pk).update(state="canary")
    attack(workspace, site)
    round_(far, workspace, now=NOON)
    assert "labels" in far.rule["actions"][0]["actionConfiguration"]


def test_what_was_on_its_way_does_not_arrive(version, far, workspace, site):
    bring_in_line(version_id=version.pk, now=NOON)
    attack(workspace, site)
    (row,) = WantedRule.objects.filter(about=version.rule.uuid)
    assert "Sentinel cannot leave out what is held open" in reason_against_rule(row, now=NOON)
    far.deliver()
    assert far.rule is None


def test_nobody_is_told_to_have_it_signed_again_and_the_page_says_why(
    deployed, far, workspace, site, leo, client
):
    case = attack(workspace, site)
    round_(far, workspace, now=NOON)
    assert not Notification.objects.filter(kind="suppression.taken-out").exists()
    (form,) = withdrawn_forms(deployed, deployments_of_rule(deployed.rule), now=NOON)
    assert form.is_on_hold
    client.force_login(leo)
    page = client.get(f"/rules/{deployed.uuid}/").content.decode()
    assert f"Sentinel cannot leave out what is held open: #{case.number}." in page
    assert "It is put back into Sentinel by itself when that ends." in page
    assert "draft a new version" not in page


def test_no_query_is_asked_for_each_case(deployed, workspace, site, django_assert_max_num_queries):
    for hours in range(12):
        attack(workspace, site, at=NOON - timedelta(hours=hours))
    from alerts.suppression.deploying.desired import reason_of_holds

    with django_assert_max_num_queries(14):
        assert reason_of_holds(deployed, workspace, now=NOON)
    assert Incident.objects.filter(classification="TruePositive").count() == 12
