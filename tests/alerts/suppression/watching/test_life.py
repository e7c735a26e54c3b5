"""A rule ends its trial, lives, and stops: by its end, by a guard, by a person."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from alerts.sites.models import Criticality
from alerts.suppression.models import Ending, LedgerAct, LedgerEntry, Step, VersionState, Where
from alerts.suppression.watching.lifecycle import (
    CannotRenewRule,
    CannotResumeRule,
    CannotStopRule,
    pause_rule,
    renew_rule,
    resume_rule,
    retire_rule,
    stop_by_itself,
)
from alerts.suppression.watching.trials import reasons_to_wait
from alerts.suppression.watching.watch import watch_rules
from portal.accounts.models import User
from portal.notifications.models import Notification
from portal.ui.moments import date_of, moment_words
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_device
from tests.reuse import reuse_rows

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


def _tag(version, workspace, site, n, *, ending=""):
    for _ in range(n):
        LedgerEntry.objects.create(
            incident=rules.incident_of(workspace, site, at=NOON),
            rule=version.rule,
            version=version,
            rule_hash=version.rule_hash,
            act=LedgerAct.TAGGED,
            where=Where.TAGOUT,
            at=NOON,
            reason="routine",
            signed_ot="Oda",
            signed_soc="Leo",
            ending=ending,
        )


def _state(version):
    version.refresh_from_db()
    return version.state


@reuse_rows
def canary(proposal, people):
    """The rule about downloads, signed by Leo as well: four of its Tuesdays are credited."""
    return rules.sign(proposal, by=people.leo, now=NOON)


@pytest.fixture
def live(canary, workspace, site):
    _tag(canary, workspace, site, 10)
    assert watch_rules(now=NOON + WEEK)["promoted"] == 1
    canary.refresh_from_db()
    return canary


def test_a_ripe_canary_lives_by_itself_and_both_signers_hear(live, people):
    assert live.state == VersionState.LIVE
    notifications = Notification.objects.filter(kind="suppression.live")
    assert {notification.to for notification in notifications} == {people.oda, people.leo}


def test_six_days_are_no_trial(canary, workspace, site):
    _tag(canary, workspace, site, 50)
    watch_rules(now=NOON + WEEK - timedelta(seconds=1))
    assert _state(canary) == VersionState.IN_TRIAL


def test_nine_matches_wait_for_two_rounds_of_the_week(canary, workspace, site):
    assert len(canary.credited_incident_ids) == 4, "the Tuesdays of four weeks, all judged"
    _tag(canary, workspace, site, 5)
    watch_rules(now=NOON + WEEK)
    assert _state(canary) == VersionState.IN_TRIAL
    assert "9 of 10" in " ".join(reasons_to_wait(canary, now=NOON + WEEK))
    watch_rules(now=NOON + 2 * WEEK)
    assert _state(canary) == VersionState.LIVE


def test_a_true_positive_in_the_trial_keeps_it_a_trial(canary, workspace, site):
    _tag(canary, workspace, site, 20)
    _tag(canary, workspace, site, 1, ending=Ending.TRUE_POSITIVE)
    watch_rules(now=NOON + 2 * WEEK)
    assert _state(canary) == VersionState.IN_TRIAL


def test_a_fresh_back_test_that_is_not_clean_keeps_it_a_trial(canary, workspace, site, people):
    _tag(canary, workspace, site, 12)
    new = rules.incident_of(workspace, site, at=rules.TUESDAY + WEEK)
    rules.judge([new], by=people.olaf, verdict="suspicious")
    watch_rules(now=NOON + WEEK + timedelta(days=1))
    assert _state(canary) == VersionState.IN_TRIAL
    assert Notification.objects.filter(kind="suppression.canary", body__contains="not routine")


def test_the_old_version_lives_until_its_successor_does(live, people, workspace, site):
    now = NOON + WEEK
    draft = renew_rule(rule_id=live.rule_id, by=people.oda, now=now)
    assert draft.expires_at > live.expires_at
    second = rules.sign(rules.propose(draft, by=people.oda, now=now), by=people.leo, now=now)
    assert (_state(live), second.state) == (VersionState.LIVE, VersionState.IN_TRIAL)
    _tag(second, workspace, site, 10)
    watch_rules(now=now + WEEK)
    assert (_state(live), _state(second)) == (VersionState.REPLACED, VersionState.LIVE)


def test_a_rule_ends_at_its_end(live):
    watch_rules(now=live.expires_at - timedelta(seconds=1))
    assert _state(live) == VersionState.LIVE
    watch_rules(now=live.expires_at)
    assert _state(live) == VersionState.EXPIRED


def test_both_owners_are_warned_once_for_each_warning(live, people):
    for days in (14, 13, 7, 6, 1, 0.5):
        watch_rules(now=live.expires_at - timedelta(days=days))
    notifications = Notification.objects.filter(
        kind="suppression.live", body__contains="It ends on"
    )
    assert notifications.filter(to=people.oda).count() == 3
    assert notifications.filter(to=people.leo).count() == 3


def test_a_warning_names_the_end_on_the_plants_clock_in_the_readers_language(live, people):
    User.objects.filter(pk=people.leo.pk).update(language="de")
    watch_rules(now=live.expires_at - timedelta(days=1))
    end = live.expires_at.astimezone(ZoneInfo("Europe/Warsaw"))
    words = moment_words(end, end, zone=end.tzinfo)
    bodies = {
        notification.to: notification.body
        for notification in Notification.objects.filter(kind="suppression.live")
    }
    assert f"It ends on {date_of(end)}, {words}. Renew it" in bodies[people.oda]
    with translation.override("de"):
        assert f"Sie endet am {date_of(end)}, {words}." in bodies[people.leo]


def test_a_device_that_becomes_a_safety_system_stops_the_rule(live, site):
    make_device(site, "PLC-PL2-07", "10.1.2.7", criticality=Criticality.SAFETY)
    assert watch_rules(now=NOON + WEEK)["stopped"] == 1
    assert _state(live) == VersionState.PAUSED
    assert live.needs_approval


def test_what_stopped_by_itself_needs_a_new_approval(live, people):
    assert stop_by_itself(version_id=live.pk, reasons=["Reopened."], now=NOON + WEEK)
    assert not stop_by_itself(version_id=live.pk, reasons=["Reopened."], now=NOON + WEEK)
    with pytest.raises(CannotResumeRule, match="new version"):
        resume_rule(version_id=live.pk, by=people.leo, reason="Fine again.", now=NOON + WEEK)
    notifications = Notification.objects.filter(kind="suppression.paused")
    assert {notification.to for notification in notifications} == {people.oda, people.leo}


def test_any_right_hand_pauses_and_a_signer_lets_it_go_on(live, people):
    now = NOON + WEEK
    pause_rule(rule_id=live.rule_id, by=people.sam, reason="Odd traffic.", now=now)
    assert _state(live) == VersionState.PAUSED and live.paused_from == VersionState.LIVE
    with pytest.raises(CannotResumeRule, match="may sign"):
        resume_rule(version_id=live.pk, by=people.sam, reason="Fine.", now=now)
    resume_rule(version_id=live.pk, by=people.leo, reason="It was a drill.", now=now)
    assert _state(live) == VersionState.LIVE
    heard = Notification.objects.filter(kind="suppression.live", body__contains="a drill")
    assert [notification.to for notification in heard] == [people.oda]
    reasons = Step.objects.filter(version=live).order_by("pk").values_list("reason", flat=True)
    assert list(reasons)[-2:] == ["Odd traffic.", "It was a drill."]


def test_a_pause_remembers_the_canary(canary, people):
    pause_rule(rule_id=canary.rule_id, by=people.oda, reason="Wait.", now=NOON)
    resume_rule(version_id=canary.pk, by=people.leo, reason="Go on.", now=NOON)
    assert _state(canary) == VersionState.IN_TRIAL


def test_the_time_of_a_pause_is_no_time_of_trial(canary, people, workspace, site):
    _tag(canary, workspace, site, 20)
    later = NOON + timedelta(days=6)
    pause_rule(rule_id=canary.rule_id, by=people.oda, reason="Wait.", now=later)
    resume_rule(version_id=canary.pk, by=people.leo, reason="Go on.", now=later + WEEK)
    watch_rules(now=later + WEEK + timedelta(days=1))
    assert _state(canary) == VersionState.IN_TRIAL


@pytest.mark.parametrize("who", ["mia", "ada"])
def test_managers_and_administrators_stop_no_rule(live, people, who):
    for act in (pause_rule, retire_rule):
        with pytest.raises(CannotStopRule, match="Only OT and SOC people"):
            act(rule_id=live.rule_id, by=getattr(people, who), reason="No.", now=NOON)


def test_a_retired_rule_does_nothing_more_and_is_not_renewed(live, people):
    retire_rule(rule_id=live.rule_id, by=people.oda, reason="Line is gone.", now=NOON + WEEK)
    assert _state(live) == VersionState.RETIRED
    with pytest.raises(CannotRenewRule):
        renew_rule(rule_id=live.rule_id, by=people.oda, now=NOON + WEEK)
    with pytest.raises(CannotStopRule, match="not active"):
        pause_rule(rule_id=live.rule_id, by=people.oda, reason="Again.", now=NOON + WEEK)
