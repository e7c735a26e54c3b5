"""Off in one click by any right hand, gates first; on again by the SOC lead only."""

import pytest

from alerts.incidents.ingest.groups import regroup
from alerts.outbox.models import WantedRule
from alerts.sentinel.client.port import SentinelRefused
from alerts.sites.models import Site
from alerts.suppression.deploying.desired import bring_in_line
from alerts.suppression.deploying.kill_switch import (
    CannotSwitchOff,
    CannotSwitchOn,
    stops_in_force,
    switch_off,
    switch_on,
)
from alerts.suppression.deploying.leases import renew_leases
from alerts.suppression.models import Stop
from alerts.suppression.queries import is_off
from portal.accounts.models import GrantScope, Role
from portal.audit.models import Entry
from portal.notifications.models import Notification
from tests import cast
from tests.alerts.suppression.deploying.plant import polls, signed
from tests.conftest import NOON
from tests.factories.incidents import make_incident, make_site, make_workspace
from tests.reuse import reuse_rows


@reuse_rows
def version(workspace, site, oda, leo, far, clocks):
    made = signed(polls(), by=(oda, leo), workspaces=[workspace], sites=[site])
    with clocks.in_force():
        bring_in_line(version_id=made.pk, now=NOON)
        far.deliver()
    assert far.rule
    return made


def test_the_stop_is_in_force_at_once_and_the_gate_goes_out_first(
    version, workspace, far, oda, leo
):
    before = len(far.sentinel.writes)
    (stop,) = switch_off(by=oda, reason="Something is odd.", now=NOON)
    assert is_off(workspace.pk) and stop.workspace == workspace
    far.deliver()
    first, *others = far.sentinel.writes[before:]
    assert first.verb == "put_automation_rule"
    assert first.body["properties"]["triggeringLogic"]["isEnabled"] is True
    assert [call.verb for call in others] == ["delete_automation_rule"]
    assert far.gate["triggeringLogic"]["isEnabled"] and far.rule is None
    assert Entry.objects.get(action="suppression.switch.off").details["reason"]
    notification = Notification.objects.get(to=leo, kind="suppression.off")
    assert "Oda Nowak" in notification.body and "Something is odd." in notification.body


def test_the_gate_is_enabled_over_what_a_hand_did_to_it(version, far, oda, workspace):
    gate = WantedRule.objects.get(kind="gate")
    far.sentinel.edit_rule(str(gate.name), order=999)
    switch_off(by=oda, now=NOON)
    far.deliver()
    assert far.gate["order"] == 500 and far.gate["triggeringLogic"]["isEnabled"]


@pytest.mark.abuse("A25")
def test_pressed_twice_it_is_one_stop(version, oda, leo, far):
    one, two = switch_off(by=oda, now=NOON), switch_off(by=leo, now=NOON)
    assert one == two and Stop.objects.count() == 1


def test_while_off_nothing_comes_back(version, far, workspace, oda):
    switch_off(by=oda, workspace_id=workspace.pk, now=NOON)
    far.deliver()
    bring_in_line(version_id=version.pk, now=NOON)
    renew_leases(now=NOON)
    far.deliver()
    assert far.rule is None and far.gate["triggeringLogic"]["isEnabled"]


def test_what_was_on_its_way_when_it_was_switched_off_does_not_arrive(version, far, workspace, oda):
    WantedRule.objects.filter(kind="rule").update(outcome="", state="waiting", landed=None)
    far.sentinel.rules = {}
    Stop.objects.create(workspace=workspace, stopped_by_label="x", stopped_at=NOON)
    far.deliver()
    assert far.rule is None


def test_on_again_takes_the_lead_and_a_reason(version, far, oda, leo, workspace):
    (stop,) = switch_off(by=oda, workspace_id=workspace.pk, now=NOON)
    far.deliver()
    with pytest.raises(CannotSwitchOn, match="SOC lead"):
        switch_on(stop_id=stop.pk, by=oda, reason="Fine.", now=NOON)
    with pytest.raises(CannotSwitchOn, match="why"):
        switch_on(stop_id=stop.pk, by=leo, reason=" ", now=NOON)
    switch_on(stop_id=stop.pk, by=leo, reason="It was the clock.", now=NOON)
    far.deliver()
    assert not is_off(workspace.pk) and far.rule
    assert far.gate["triggeringLogic"]["isEnabled"] is False
    with pytest.raises(CannotSwitchOn, match="already"):
        switch_on(stop_id=stop.pk, by=leo, reason="Again.", now=NOON)


def test_a_stop_of_everything_is_lifted_by_a_lead_of_everything(version, far, oda, leo):
    (stop,) = switch_off(by=None, by_label="command line", now=NOON)
    with pytest.raises(CannotSwitchOn, match="all workspaces"):
        switch_on(stop_id=stop.pk, by=leo, reason="Fine.", now=NOON)


def test_where_another_stop_holds_the_gate_stays(version, far, oda, leo, workspace):
    switch_off(by=None, by_label="command line", now=NOON)
    (stop,) = switch_off(by=oda, workspace_id=workspace.pk, now=NOON)
    switch_on(stop_id=stop.pk, by=leo, reason="Fine here.", now=NOON)
    far.deliver()
    assert is_off(workspace.pk) and far.gate["triggeringLogic"]["isEnabled"] and not far.rule


def test_managers_and_administrators_switch_nothing(version, make_person):
    for person, role in ((cast.MIA, "manager"), (cast.ADA, "administrator")):
        with pytest.raises(CannotSwitchOff):
            switch_off(by=make_person(person, (role, "all", None)), now=NOON)
    assert not Stop.objects.exists()


def test_a_refused_gate_is_tried_again_at_each_press_and_each_round(version, far, oda):
    refusal = SentinelRefused("Azure refuses this.")
    far.sentinel.fail_next(refusal, verb="put_automation_rule", times=2)
    switch_off(by=oda, now=NOON)
    far.deliver()
    assert WantedRule.objects.get(kind="gate").outcome == "refused"
    switch_off(by=oda, now=NOON)
    far.deliver()
    assert WantedRule.objects.get(kind="gate").outcome == "refused"
    renew_leases(now=NOON)
    far.deliver()
    assert far.gate["triggeringLogic"]["isEnabled"]


def test_off_everywhere_by_ot_of_one_site_reaches_what_they_see_and_no_more(
    version, workspace, oda, leo, make_person
):
    elsewhere = make_workspace("porto")
    (stop,) = switch_off(by=oda, now=NOON)
    assert stop.workspace == workspace
    assert is_off(workspace.pk) and not is_off(elsewhere.pk)
    assert stops_in_force(oda) == stops_in_force(leo) == [stop]
    pia = make_person(cast.PIA, (Role.OT_ENGINEER, GrantScope.SITE, make_site("Porto").uuid))
    assert stops_in_force(pia) == []
    with pytest.raises(CannotSwitchOff, match="no workspace"):
        switch_off(by=pia, now=NOON)
    with pytest.raises(CannotSwitchOff, match="no workspace"):
        switch_off(by=oda, workspace_id=elsewhere.pk, now=NOON)
    make_incident(elsewhere, site_ids=[Site.objects.get(name="Porto").pk])
    regroup(list(elsewhere.incidents.values_list("pk", flat=True)), now=NOON)
    assert [version.workspace for version in switch_off(by=pia, now=NOON)] == [elsewhere]


def test_off_everywhere_by_a_lead_of_everything_holds_for_workspaces_to_come(version, make_person):
    lead = make_person(cast.SAM, (Role.SOC_LEAD, GrantScope.ALL, None))
    (stop,) = switch_off(by=lead, now=NOON)
    assert stop.workspace is None
    assert is_off(make_workspace("porto").pk)
