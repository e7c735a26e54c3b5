"""A trial that saw too little ends by a decision of both owners, never by itself."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from alerts.incidents.models import Severity
from alerts.sites.models import Criticality
from alerts.suppression.models import PromotionApproval, RuleVersion, Step, VersionState
from alerts.suppression.watching.lifecycle import pause_rule, resume_rule, retire_rule
from alerts.suppression.watching.promotion import (
    CannotApprovePromotion,
    approve_promotion,
)
from alerts.suppression.watching.trials import trial_lines, trial_progress_of
from alerts.suppression.watching.watch import watch_rules
from portal.accounts.models import GrantScope, Role, User
from portal.accounts.services.people import grant_role
from portal.audit.models import Entry
from portal.notifications.models import Notification
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_device
from tests.reuse import reuse_rows

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
END = NOON + 28 * DAY
POLLING = {"alert_type": rules.POLLING, "source": "HIST-GD-01", "destination": "GW-MOD-03"}


@reuse_rows
def history(workspace, site, people):
    """Polling that OT judged, older than what a trial counts."""
    weeks = rules.routine(workspace, site, until=rules.TUESDAY - 35 * DAY, weeks=8, **POLLING)
    rules.noise(workspace, site)
    verdicts = rules.judge(weeks[:4], by=people.oda) + rules.judge(weeks[4:], by=people.olaf)
    return SimpleNamespace(incidents=weeks, verdicts=verdicts)


@reuse_rows
def canary(people, history):
    """A rule without hours: only ten matches end its trial."""
    definition = rules.polling(
        enforcement="tagout",
        all_of=(
            rules.clause("site", "is", "Gdańsk"),
            rules.clause("alert_type", "is", rules.POLLING),
            rules.clause("source_device", "is", "HIST-GD-01"),
        ),
        expires_at=NOON + 90 * DAY,
    )
    draft = rules.draft(definition, by=people.oda, evidence=history.verdicts, now=NOON)
    proposal = rules.propose(draft, by=people.oda, now=NOON)
    return rules.sign(proposal, by=people.leo, now=NOON)


def approve(version, by, *, now=END, **more):
    values = {"reason": "We know these two.", "proved_at": now, "kind": "person"} | more
    return approve_promotion(version_id=version.pk, by=by, now=now, **values)


def state_of(version):
    return RuleVersion.objects.get(pk=version.pk).state


def asked():
    return Notification.objects.filter(kind="suppression.trial-asked")


def test_both_owners_are_asked_after_28_days_and_once_a_week(canary, people):
    watch_rules(now=END - timedelta(seconds=1))
    assert not asked().exists()
    for days in (0, 1, 6.9):
        watch_rules(now=END + days * DAY)
    assert {notification.to for notification in asked()} == {people.oda, people.leo}
    assert asked().count() == 2
    assert asked()[0].path == f"/rules/{canary.uuid}/"
    assert "Nothing has matched, neither in this trial nor in the weeks before" in asked()[0].body
    watch_rules(now=END + 7 * DAY)
    assert asked().count() == 4
    assert state_of(canary) == VersionState.IN_TRIAL, "neither happens by itself"


def test_owners_are_asked_in_the_working_hours_of_their_plant_alone(canary, site):
    assert site.time_zone == "Europe/Warsaw", "an hour before UTC"
    for hours in (4, 17.9, 4 * 24):  # from Tuesday 13:00: at 17:00, at 6:54, on Saturday
        watch_rules(now=END + timedelta(hours=hours))
        assert not asked().exists(), hours
    watch_rules(now=END + timedelta(hours=18))
    assert asked().count() == 2


def test_nobody_is_asked_where_the_trial_ends_by_itself(canary, workspace, site):
    rules.tag(canary, workspace, site, 10)
    watch_rules(now=END)
    assert state_of(canary) == VersionState.LIVE
    assert not asked().exists()


def test_one_owner_alone_does_nothing_and_both_let_it_live(canary, people):
    approve(canary, people.oda)
    assert state_of(canary) == VersionState.IN_TRIAL
    approve(canary, people.leo, now=END + DAY)
    assert state_of(canary) == VersionState.LIVE
    step = Step.objects.filter(version=canary).latest("pk")
    assert "Oda Nowak: We know these two." in step.reason
    assert Entry.objects.filter(action="suppression.promotion.approved").count() == 2
    watch_rules(now=END + 8 * DAY)
    assert state_of(canary) == VersionState.LIVE
    assert not asked().exists()


def test_any_of_them_may_retire_it_instead(canary, people):
    watch_rules(now=END)
    retire_rule(rule_id=canary.rule_id, by=people.leo, reason="Nothing comes.", now=END)
    with pytest.raises(CannotApprovePromotion, match="not in its trial"):
        approve(canary, people.oda)


@pytest.mark.parametrize(
    ("who", "more", "reason"),
    [
        ("olaf", {}, "Only the two owners"),
        ("sam", {}, "Only the two owners"),
        ("ada", {}, "Only the two owners"),
        ("leo", {"reason": "  "}, "Say why"),
        ("leo", {"proved_at": None}, "password again"),
        ("leo", {"proved_at": END - timedelta(minutes=6)}, "password again"),
        ("leo", {"proved_at": END + timedelta(minutes=1)}, "password again"),
        ("leo", {"kind": "token"}, "Only people who have signed in"),
        ("leo", {"kind": "superuser"}, "Only people who have signed in"),
        ("leo", {"now": END - timedelta(seconds=1)}, "28 days"),
    ],
)
def test_who_may_not_decide_is_refused_and_that_is_on_record(canary, people, who, more, reason):
    with pytest.raises(CannotApprovePromotion, match=reason):
        approve(canary, getattr(people, who), **more)
    assert not PromotionApproval.objects.exists()
    assert Entry.objects.get(action="suppression.promotion.refused").details["reasons"]


def test_who_gave_evidence_does_not_promote_for_the_soc(canary, people, history):
    canary.evidence.add(*rules.judge(history.incidents[:1], by=people.leo))
    with pytest.raises(CannotApprovePromotion, match="for OT only"):
        approve(canary, people.leo)


def test_nobody_decides_twice(canary, people):
    approve(canary, people.oda)
    with pytest.raises(CannotApprovePromotion, match="decided already"):
        approve(canary, people.oda, now=END + DAY)


@pytest.mark.abuse("A19")
def test_one_person_who_owns_both_sides_cannot_decide_alone(canary, people):
    body = canary.body | {"owner_soc": people.oda.email}
    RuleVersion.objects.filter(pk=canary.pk).update(body=body)
    grant_role(
        to=people.oda, role=Role.SOC_LEAD, scope=GrantScope.ALL, scope_uuid=None, by="t", now=NOON
    )
    approve(canary, people.oda)
    with pytest.raises(CannotApprovePromotion, match="decided already"):
        approve(canary, people.oda)
    assert state_of(canary) == VersionState.IN_TRIAL


def test_a_word_counts_for_seven_days(canary, people):
    approve(canary, people.oda)
    approve(canary, people.leo, now=END + 7 * DAY + timedelta(seconds=1))
    assert state_of(canary) == VersionState.IN_TRIAL
    approve(canary, people.oda, now=END + 8 * DAY)
    assert state_of(canary) == VersionState.LIVE


def test_a_word_of_before_a_pause_does_not_count(canary, people):
    approve(canary, people.oda)
    pause_rule(rule_id=canary.rule_id, by=people.oda, reason="Wait.", now=END)
    resume_rule(version_id=canary.pk, by=people.leo, reason="Go on.", now=END + DAY)
    with pytest.raises(CannotApprovePromotion, match="28 days"):
        approve(canary, people.leo, now=END + 2 * DAY)


def test_the_word_of_an_owner_who_has_left_since_does_not_count(canary, people):
    approve(canary, people.oda)
    User.objects.filter(pk=people.oda.pk).update(is_active=False)
    approve(canary, people.leo)
    assert state_of(canary) == VersionState.IN_TRIAL


def test_an_owner_who_lost_the_right_to_sign_does_not_decide(canary, people):
    people.leo.grants.all().delete()
    with pytest.raises(CannotApprovePromotion, match="Only the two owners"):
        approve(canary, User.objects.get(pk=people.leo.pk))


def test_a_true_positive_is_nothing_that_owners_can_agree_on(canary, people, workspace, site):
    rules.tag(canary, workspace, site, 1, ending="true_positive")
    with pytest.raises(CannotApprovePromotion, match="true positives: 1"):
        approve(canary, people.oda)


def test_with_a_true_positive_the_question_says_that_nobody_can_promote_it(canary, workspace, site):
    rules.tag(canary, workspace, site, 1, ending="true_positive")
    watch_rules(now=END)
    assert "nobody can promote it" in asked()[0].body


def test_the_back_test_has_the_last_word(canary, people, workspace, site):
    approve(canary, people.oda)
    new = rules.incident_of(workspace, site, at=END - DAY, severity=2, **POLLING)
    rules.judge([new], by=people.olaf, verdict="suspicious")
    with pytest.raises(CannotApprovePromotion, match="not routine"):
        approve(canary, people.leo)
    assert state_of(canary) == VersionState.IN_TRIAL
    assert PromotionApproval.objects.count() == 1


def test_what_the_guards_no_longer_allow_is_not_promoted(canary, people, site):
    approve(canary, people.oda)
    make_device(site, "HIST-GD-01", "10.1.2.7", criticality=Criticality.SAFETY)
    with pytest.raises(CannotApprovePromotion, match="safety system"):
        approve(canary, people.leo)


def test_the_lines_say_how_far_it_is(canary, workspace, site):
    RuleVersion.objects.filter(pk=canary.pk).update(credited_incident_ids=[1, 2, 3, 4, 5])
    rules.tag(canary, workspace, site, 3)
    canary.refresh_from_db()
    lines = trial_lines(trial_progress_of(canary), now=NOON + 3 * DAY)
    assert lines == [
        "Day 4 of 7",
        "3 fresh matches and 5 from the weeks before; at least 10 are needed",
    ]
    assert (
        trial_lines(trial_progress_of(canary), now=NOON + 7 * DAY)[0]
        == "Day 8: the 7 days are over"
    )


@reuse_rows
def downloads(workspace, site, people):
    """A strict rule that says the scans of the same station, too: soft alerts."""
    weeks = rules.routine(workspace, site, weeks=12)
    rules.noise(workspace, site)
    verdicts = rules.judge(weeks[:6], by=people.oda) + rules.judge(weeks[6:], by=people.olaf)
    usual = rules.downloads()
    definition = replace(
        usual,
        all_of=(
            usual.all_of[0],
            rules.clause("alert_type", "is_one_of", rules.DOWNLOAD, rules.POLLING),
            *usual.all_of[2:],
        ),
    )
    draft = rules.draft(definition, by=people.oda, evidence=verdicts, now=NOON)
    proposal = rules.propose(draft, by=people.oda, now=NOON)
    return rules.sign(proposal, by=people.leo, now=NOON)


def test_soft_alerts_of_a_strict_rule_do_not_end_its_trial(downloads, workspace, site):
    RuleVersion.objects.filter(pk=downloads.pk).update(credited_incident_ids=[])
    downloads.refresh_from_db()
    soft = {"at": NOON, "alert_type": rules.POLLING, "severity": Severity.MEDIUM}
    for incident in rules.incidents_of(workspace, site, [soft] * 10):
        rules.tag(downloads, workspace, site, 1, incident=incident)
    for entry in rules.tag(downloads, workspace, site, 2):
        rules.alert_of(entry.incident, site, alert_type=rules.POLLING)
    progress = trial_progress_of(downloads)
    assert (progress.trial.matches, progress.kept) == (2, 10)
    lines = trial_lines(progress, now=NOON + 7 * DAY)
    assert "2 fresh matches; at least 10 are needed" in lines
    assert "10 more were kept open: they hold none of the alerts that need hours" in lines
