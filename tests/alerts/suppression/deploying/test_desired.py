"""What stands in Sentinel follows the states of a rule: signed, exact, leased, or nothing."""

from datetime import datetime, timedelta

import pytest

from alerts.outbox.models import Landing, WantedRule
from alerts.outbox.queries import withdrawn_rules
from alerts.sentinel.client.port import SentinelRefused
from alerts.sentinel.services.reach import note_fresh, note_success
from alerts.suppression.deploying.deployments import deployments_of_rule, withdrawn_forms
from alerts.suppression.deploying.desired import bring_in_line
from alerts.suppression.deploying.kill_switch import switch_off
from alerts.suppression.deploying.leases import renew_due_leases, renew_leases
from alerts.suppression.models import RuleVersion
from alerts.suppression.watching.lifecycle import pause_rule
from portal.jobs.models import Job
from portal.notifications.models import Notification
from tests.alerts.suppression.deploying.plant import know_analytics_rules, polls, signed
from tests.conftest import NOON
from tests.factories.incidents import make_device, make_workspace, put_in_portal
from tests.factories.rewriting import rewrite
from tests.reuse import reuse_rows


@reuse_rows
def version(workspace, site, oda, leo):
    return signed(polls(), by=(oda, leo), workspaces=[workspace], sites=[site])


def settle(version, far, **columns):
    RuleVersion.objects.filter(pk=version.pk).update(**columns)
    bring_in_line(version_id=version.pk, now=far.clock.at)
    return far.deliver()


def ends(properties):
    return datetime.fromisoformat(properties["triggeringLogic"]["expirationTimeUtc"])


def wanted(version):
    return WantedRule.objects.get(about=version.rule.uuid)


def test_a_live_rule_stands_there_with_its_lease_and_says_who_signed(version, far):
    settle(version, far)
    configuration = far.rule["actions"][0]["actionConfiguration"]
    assert configuration["status"] == "Closed" and far.rule["triggeringLogic"]["isEnabled"]
    text = configuration["classificationComment"]
    for part in ("R-12, version 1", "Oda Nowak", "Leo Hartmann (SOC)", version.rule_hash):
        assert part in text
    assert ends(far.rule) == NOON + timedelta(hours=24)
    assert wanted(version).is_as_wanted


def test_the_gate_comes_before_the_rule_and_is_disabled(version, far):
    settle(version, far)
    puts = [c for c in far.sentinel.writes if c.verb == "put_automation_rule"]
    names = [c.body["properties"]["displayName"] for c in puts]
    assert [name.split(":")[0] for name in names] == ["Tagout gate", names[1]]
    assert far.gate["triggeringLogic"]["isEnabled"] is False
    assert far.gate["order"] < far.rule["order"]


def test_where_the_gate_is_refused_no_rule_acts(version, far):
    far.sentinel.fail_next(SentinelRefused("Azure refuses this."), verb="put_automation_rule")
    settle(version, far)
    assert far.rules == {}
    assert wanted(version).latest_error == "The gate that could stop it is not in place yet."


def test_a_canary_only_labels_and_becomes_live_under_the_same_name(version, far):
    settle(version, far, state="canary")
    (name,) = [n for n in far.sentinel.rules if far.sentinel.rules[n]["properties"] == far.rule]
    assert far.rule["actions"][0]["actionConfiguration"] == {
        "labels": [{"labelName": "tagout:would-close:R-12"}]
    }
    settle(version, far, state="live")
    live = far.sentinel.rules[name]["properties"]
    assert live["actions"][0]["actionConfiguration"]["status"] == "Closed"


def test_while_a_rule_lives_the_trial_of_its_next_version_does_not_touch_it(version, far, oda, leo):
    settle(version, far)
    before = far.rule
    definition = version.definition
    again = signed(
        polls("HIST-GD-01", "DB-GD-01"),
        by=(oda, leo),
        state="canary",
        number=2,
        rule=version.rule,
        workspaces=[wanted(version).workspace],
    )
    settle(again, far)
    assert far.rule == before and definition == version.definition


@pytest.mark.parametrize("state", ["paused", "expired", "retired", "replaced"])
def test_what_does_not_act_any_more_is_deleted(version, far, state):
    settle(version, far)
    settle(version, far, state=state)
    assert far.rule is None and far.gate is not None
    assert wanted(version).reason.startswith("R-12 is ")


def test_a_person_who_pauses_it_takes_it_away(version, far, leo):
    settle(version, far)
    pause_rule(rule_id=version.rule_id, by=leo, reason="Looks odd.", now=NOON)
    far.deliver()
    assert far.rule is None


def test_what_is_past_its_end_is_not_put_there(version, far, clock):
    clock.go(days=61)
    settle(version, far)
    assert far.rules == {}


def test_without_two_signatures_of_exactly_this_nothing_stands_there(version, far):
    version.signatures.filter(side="soc").update(void_at=NOON)
    settle(version, far)
    assert far.rule is None
    rewrite(version.signatures.filter(side="soc"), void_at=None, forms=["another"])
    settle(version, far)
    assert far.rule is None


def test_a_text_that_is_not_the_signed_one_does_not_stand_there(version, far):
    body = version.body | {"title": "Everything"}
    settle(version, far, body=body)
    assert far.rule is None


def test_a_plant_that_has_changed_takes_it_away_because_another_form_was_signed(version, far, site):
    settle(version, far)
    make_device(site, "SIS-02", "10.20.9.2", criticality="safety")
    renew_leases(now=NOON)
    far.deliver()
    assert far.rule is None
    assert "SIS-02 has become a safety system" in wanted(version).reason
    notifications = Notification.objects.filter(kind="suppression.taken-out")
    assert sorted(notification.to.name for notification in notifications) == [
        "Leo Hartmann",
        "Oda Nowak",
    ]


@pytest.mark.parametrize("state", ["canary", "live"])
def test_a_form_that_changed_before_it_was_ever_there_leaves_a_row_and_a_message(
    version, far, site, workspace, oda, state
):
    """Else nobody would enforce the rule, and nobody would know."""
    make_device(site, "SIS-02", "10.20.9.2", criticality="safety")
    settle(version, far, state=state)
    assert far.rule is None
    row = wanted(version)
    assert row.wanted is None and "SIS-02 has become a safety system" in row.reason
    assert withdrawn_rules(workspace.pk) == {version.rule.uuid}, "Tagout's own worker enforces it"
    note = Notification.objects.get(to=oda, kind="suppression.taken-out")
    assert "SIS-02" in note.body and "Tagout's own worker enforces it there" in note.body
    renew_leases(now=NOON)
    assert Notification.objects.filter(to=oda, kind="suppression.taken-out").count() == 1
    (form,) = withdrawn_forms(
        RuleVersion.objects.get(pk=version.pk), deployments_of_rule(version.rule), now=NOON
    )
    assert (form.workspace, form.against_worker) == ("gdansk", "")


def test_where_suppression_is_off_nobody_acts_and_the_page_has_why(
    version, far, site, workspace, leo, client
):
    make_device(site, "SIS-02", "10.20.9.2", criticality="safety")
    settle(version, far)
    client.force_login(leo)
    page = client.get(f"/rules/{version.uuid}/").content.decode()
    assert "In gdansk Tagout's own worker enforces the rule." in page
    assert "SIS-02 has become a safety system or a crown jewel" in page
    switch_off(by=leo, now=NOON)
    page = client.get(f"/rules/{version.uuid}/").content.decode()
    assert "In gdansk nobody closes by this rule." in page
    assert "Suppression is switched off there." in page


def test_a_name_that_became_ambiguous_takes_it_away(version, far, site):
    settle(version, far)
    make_device(site, "HIST-GD-01", "10.20.3.200")
    renew_leases(now=NOON)
    far.deliver()
    assert far.rule is None
    assert "exactly one device" in wanted(version).reason


def test_rules_of_tagouts_own_worker_want_nothing_there(workspace, site, oda, leo, far):
    definition = polls(enforcement="tagout")
    version = signed(definition, by=(oda, leo), workspaces=[workspace], sites=[site])
    settle(version, far)
    assert far.rules == {}


def test_a_lease_grows_every_four_hours_and_only_then(version, far, workspace, clock):
    settle(version, far)
    for hours, until in ((3.9, 24), (0.2, 28.1), (3.5, 28.1), (1, 32.6)):
        clock.go(hours=hours)
        note_fresh(workspace_id=workspace.pk, now=clock.at)
        renew_leases(now=clock.at)
        far.deliver()
        assert ends(far.rule) == NOON + timedelta(hours=until)
    assert wanted(version).is_as_wanted


def test_a_lease_never_goes_past_the_end_that_was_signed(workspace, site, oda, leo, far, clock):
    end = NOON + timedelta(hours=26)
    definition = polls(expires_at=end)
    version = signed(definition, by=(oda, leo), workspaces=[workspace], sites=[site])
    settle(version, far)
    clock.go(hours=2.5)
    note_fresh(workspace_id=workspace.pk, now=clock.at)
    renew_leases(now=clock.at)
    far.deliver()
    assert ends(far.rule) == end
    clock.go(hours=6)
    note_fresh(workspace_id=workspace.pk, now=clock.at)
    assert renew_leases(now=clock.at)["changed"] == 0


def test_where_we_know_too_little_leases_are_left_to_end(version, far, workspace, clock):
    settle(version, far)
    clock.go(hours=5)
    assert renew_leases(now=clock.at)["changed"] == 0
    far.deliver()
    assert ends(far.rule) == NOON + timedelta(hours=24)
    note_fresh(workspace_id=workspace.pk, now=clock.at)
    renew_leases(now=clock.at)
    far.deliver()
    assert ends(far.rule) == NOON + timedelta(hours=29)


def test_a_paused_workspace_lets_them_end_and_a_removed_one_gives_them_back(
    version, far, workspace, clock
):
    settle(version, far)
    clock.go(hours=5)
    note_fresh(workspace_id=workspace.pk, now=clock.at)
    workspace.state = "paused"
    workspace.save()
    assert renew_leases(now=clock.at)["changed"] == 0
    workspace.state = "removed"
    workspace.save()
    renew_leases(now=clock.at)
    far.deliver()
    assert far.rules == {}


def test_a_refusal_is_shown_in_azures_words_told_once_and_not_live_as_a_whole(
    version, far, workspace, leo, clock
):
    renew_leases(now=NOON)  # the gate first
    far.deliver()
    WantedRule.objects.filter(about=version.rule.uuid).delete()
    far.sentinel.rules = {n: r for n, r in far.sentinel.rules.items() if "gate" in str(r)}
    refusal = SentinelRefused("Azure refuses this (BadRequest: too many).", code="BadRequest")
    far.sentinel.fail_next(refusal, verb="put_automation_rule")
    settle(version, far)
    row = wanted(version)
    assert row.outcome == Landing.REFUSED and not row.is_as_wanted
    assert row.latest_error == "Azure refuses this (BadRequest: too many)."
    notification = Notification.objects.get(to=leo)
    assert "R-12" in notification.subject and "too many" in notification.body
    clock.go(hours=5)
    note_fresh(workspace_id=workspace.pk, now=clock.at)
    renew_leases(now=clock.at)
    assert far.deliver() == []


def test_a_rule_changed_by_hand_is_left_so_and_told(version, far, workspace, leo, clock):
    settle(version, far)
    far.sentinel.edit_rule(str(wanted(version).name), order=3)
    for _ in range(2):
        clock.go(hours=5)
        note_fresh(workspace_id=workspace.pk, now=clock.at)
        renew_leases(now=clock.at)
        far.deliver()
    assert far.rule["order"] == 3 and wanted(version).outcome == Landing.CHANGED_BY_HAND
    assert Notification.objects.filter(to=leo).count() == 1


def test_the_round_comes_once_a_minute_and_rests_where_there_is_nothing(version, far, clock):
    assert renew_due_leases(now=clock.at) is not None
    far.deliver()
    assert renew_due_leases(now=clock.at) is None
    clock.go(seconds=61)
    assert renew_due_leases(now=clock.at) is not None
    RuleVersion.objects.update(state="retired")
    WantedRule.objects.update(wanted=None)
    assert renew_due_leases(now=clock.at) is None
    assert Job.objects.get(kind="suppression.leases").state == "done"


def test_each_workspace_has_its_own_standing(version, far, workspace, site, oda, leo, clock):
    porto = make_workspace("porto", capabilities=workspace.capabilities)
    note_fresh(workspace_id=porto.pk, now=NOON)
    RuleVersion.objects.filter(pk=version.pk).update(workspace_ids=[workspace.pk, porto.pk])
    settle(version, far)
    assert WantedRule.objects.filter(about=version.rule.uuid).count() == 1, "exact in one only"


def test_a_rule_is_taken_away_when_its_workspace_moves_and_tagout_takes_over(
    version, far, workspace, oda
):
    """What was signed compares titles. The form of the portal was signed by nobody."""
    know_analytics_rules(workspace, "AlertName")
    settle(version, far)
    assert "IncidentTitle" in str(far.rule) and withdrawn_rules(workspace.pk) == set()
    put_in_portal(workspace)
    renew_leases(now=NOON)
    assert withdrawn_rules(workspace.pk) == set(), "not before it is seen to be gone"
    far.deliver()
    assert far.rule is None
    assert withdrawn_rules(workspace.pk) == {version.rule.uuid}
    note = Notification.objects.get(to=oda, kind="suppression.taken-out")
    assert "Tagout's own worker enforces it there" in note.body
    found = deployments_of_rule(version.rule)
    (form,) = withdrawn_forms(version, found, now=NOON)
    assert (form.workspace, form.against_worker) == ("gdansk", "")
    assert "moved to the Defender portal" in str(form.reasons[0])


def test_a_rule_signed_for_the_portal_stands_there_without_a_title(
    workspace, site, oda, leo, clock, far
):
    know_analytics_rules(workspace, "AlertName")
    put_in_portal(workspace)
    version = signed(polls(), by=(oda, leo), workspaces=[workspace], sites=[site])
    settle(version, far)
    conditions = str(far.rule["triggeringLogic"]["conditions"])
    assert "Title" not in conditions and "IncidentRelatedAnalyticRuleIds" in conditions
    assert wanted(version).is_as_wanted


def test_right_after_time_has_jumped_it_looks_again_in_a_moment(version, far, workspace, clock):
    settle(version, far)
    note_success(workspace_id=workspace.pk, now=clock.go(hours=12))  # somebody reads, not done yet
    assert renew_due_leases(now=clock.at)["stale"] == 1
    note_fresh(workspace_id=workspace.pk, now=clock.go(seconds=3))
    assert renew_due_leases(now=clock.at)["changed"] == 1
    clock.go(hours=12)  # nobody reads: no hurry
    assert renew_due_leases(now=clock.at)["stale"] == 0
    clock.go(seconds=3)
    assert renew_due_leases(now=clock.at) is None


def test_one_rule_that_cannot_be_read_does_not_end_the_others(
    version, far, workspace, oda, leo, clock
):
    settle(version, far)
    broken = signed(polls("DB-GD-01"), by=(oda, leo), workspaces=[workspace])
    RuleVersion.objects.filter(pk=broken.pk).update(body={"version": 99})
    RuleVersion.objects.filter(pk=version.pk).update(rule=version.rule)
    clock.go(hours=5)
    note_fresh(workspace_id=workspace.pk, now=clock.at)
    assert renew_leases(now=clock.at)["changed"] == 1
