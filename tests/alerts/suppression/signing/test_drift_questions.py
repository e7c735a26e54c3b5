"""A live rule that the plant outgrew: OT is asked by night, and one tap makes an amendment."""

from datetime import timedelta

import pytest

from alerts.patterns.services import drift
from alerts.patterns.services.mine_patterns import mine_patterns
from alerts.rules.guards.signing import SigningSide
from alerts.rules.rule import Clause, NotARule
from alerts.suppression.drafting.drafts import edit_version
from alerts.suppression.drafting.drift_questions import (
    DriftFinding,
    LineFinding,
    ask_about_drift,
    question_digest,
)
from alerts.suppression.drafting.suggested_version import line_changes
from alerts.suppression.models import (
    DriftQuestion,
    LedgerEntry,
    RuleVersion,
    VersionState,
)
from alerts.suppression.signing.answer_drift import CannotAnswerDrift, answer_drift
from alerts.suppression.signing.sign import CannotSignRule
from alerts.suppression.watching.promotion import promote_by_itself
from alerts.suppression.watching.trials import trial_progress_of
from portal import clock
from portal.notifications.models import Mail
from tests.alerts.suppression.drifting import (
    DAY,
    NEW,
    OLD,
    backups,
    live_rule,
    question_of_tonight,
    replaced_server,
)
from tests.conftest import NOON
from tests.factories import rules
from tests.factories.incidents import make_device
from tests.reuse import reuse_rows

pytestmark = pytest.mark.django_db


@reuse_rows
def live(workspace, site, people):
    return live_rule(workspace, site, people)


@reuse_rows
def replacement(live, workspace, site):
    return replaced_server(workspace, site)


def answer(question, by, word, **more):
    values = {"digest": question_digest(question)} | more
    return answer_drift(question=question.uuid, by=by, answer=word, now=NOON, **values)


def test_ot_is_asked_once_about_a_replaced_server(live, replacement):
    question = question_of_tonight()
    assert (question.kind, question.before, question.after) == ("replaced", OLD, NEW)
    assert [code for code, _ in question.against] == ["no_work"]
    (line,) = question.lines.all()
    assert (line.version, line.new_line["values"], line.alerts) == (live, [NEW], 6)
    mine_patterns(now=NOON + DAY / 2)
    assert DriftQuestion.objects.get().uuid == question.uuid


def test_a_question_of_the_night_is_mailed_when_the_plant_works(live, replacement, site):
    assert site.time_zone == "Europe/Warsaw"
    began = clock.unshifted()
    mine_patterns(now=NOON.replace(hour=1))
    mails = Mail.objects.filter(notification__kind="suppression.drift")
    waits = {round((mail.due_at - began) / timedelta(hours=1), 1) for mail in mails}
    assert waits == {5.0}, "from two in the night to seven"


def test_yes_is_a_version_whose_difference_is_one_line(live, replacement, people):
    question = answer(question_of_tonight(), people.oda, "yes")
    amendment = question.lines.get().amendment
    assert (amendment.state, amendment.amends) == (VersionState.PROPOSED, live)
    changed = set(amendment.definition.all_of) ^ set(live.definition.all_of)
    assert {line.field for line in changed} == {"source_device"}
    assert len(changed) == 2
    assert {**amendment.body, "all_of": 0} == {**live.body, "all_of": 0}
    live.refresh_from_db()
    assert live.state == VersionState.LIVE
    assert not amendment.signatures.exists()


def test_who_has_just_proved_who_they_are_signs_for_ot_by_the_same_tap(live, replacement, people):
    question = answer(question_of_tonight(), people.oda, "yes", proved_at=NOON)
    assert question.lines.get().amendment.signatures.get().side == SigningSide.OT


def test_both_sides_sign_the_line_in_one_tap_each_and_it_lives(live, replacement, people):
    amendment = answer(question_of_tonight(), people.oda, "yes").lines.get().amendment
    for side, by in ((SigningSide.OT, people.oda), (SigningSide.SOC, people.leo)):
        amendment = rules.sign(
            amendment, by=by, side=side, now=NOON, note="", checked_evidence=False
        )
    assert (amendment.state, amendment.matches_wanted) == (VersionState.IN_TRIAL, 2)
    assert amendment.newcomers == [NEW.lower()]
    trial = trial_progress_of(amendment).trial
    assert (trial.wanted, trial.credit) == (2, 6)  # what people saw of the new server since it came
    assert promote_by_itself(version_id=amendment.pk, now=NOON + timedelta(minutes=1))
    live.refresh_from_db()
    assert live.state == VersionState.REPLACED


def test_a_replaced_server_is_quiet_before_its_third_day(live, workspace, site, people):
    backups(workspace, site, OLD, [2])
    make_device(site, NEW, "10.1.0.52", kind="Server", first_seen_at=NOON - DAY)
    first = backups(workspace, site, NEW, [1, 0])[0]  # last night and the night before
    amendment = answer(question_of_tonight(), people.oda, "yes", proved_at=NOON).lines.get()
    version = rules.sign(amendment.amendment, by=people.leo, now=NOON + timedelta(hours=3))
    assert promote_by_itself(version_id=version.pk, now=NOON + timedelta(hours=4))
    version.refresh_from_db()
    assert version.state == VersionState.LIVE
    assert version.state_since - first.created_at < 2 * DAY


def test_matches_that_nobody_saw_are_no_trial_of_it(live, workspace, site, people):
    make_device(site, NEW, "10.1.0.52", kind="Server")
    backups(workspace, site, NEW, range(3), owner_name="", classification="Undetermined")
    amendment = answer(question_of_tonight(), people.oda, "yes").lines.get().amendment
    for side, by in ((SigningSide.OT, people.oda), (SigningSide.SOC, people.leo)):
        amendment = rules.sign(amendment, by=by, side=side, now=NOON)
    assert trial_progress_of(amendment).trial.counted == 0
    assert not promote_by_itself(version_id=amendment.pk, now=NOON + 8 * DAY)


def test_one_person_cannot_sign_it_for_both_sides(live, replacement, people):
    amendment = answer(question_of_tonight(), people.oda, "yes", proved_at=NOON).lines.get()
    with pytest.raises(CannotSignRule):
        rules.sign(amendment.amendment, by=people.oda, side=SigningSide.SOC, now=NOON)


def test_no_amends_nothing_and_is_not_asked_again(live, replacement, people):
    answer(question_of_tonight(), people.oda, "no")
    mine_patterns(now=NOON + DAY / 2)
    assert DriftQuestion.objects.get().state == "no"
    assert list(RuleVersion.objects.all()) == [live]
    assert line_changes(live, now=NOON + 9 * DAY) == []


def test_who_is_not_sure_leaves_it_to_the_others(live, replacement, people):
    question = answer(question_of_tonight(), people.oda, "not-sure")
    assert (question.state, question.unsure_ids) == ("waiting", [people.oda.pk])
    assert answer(question, people.olaf, "yes").state == "yes"
    with pytest.raises(CannotAnswerDrift, match="in the meantime"):
        answer(question, people.olaf, "no")


def test_only_ot_of_the_site_answers(live, replacement, people):
    question = question_of_tonight()
    for stranger in (people.leo, people.mia, people.ada):
        with pytest.raises(CannotAnswerDrift):
            answer(question, stranger, "yes")
    assert RuleVersion.objects.count() == 1


def test_what_is_no_longer_so_cannot_be_answered(live, replacement, workspace, site, people):
    question = question_of_tonight()
    backups(workspace, site, OLD, [0])  # the old one wakes up
    mine_patterns(now=NOON + timedelta(hours=1))
    with pytest.raises(CannotAnswerDrift, match="no longer so"):
        answer(question, people.oda, "yes")


def test_a_yes_by_which_no_rule_can_be_amended_is_refused_with_the_reason(
    live, replacement, people
):
    question = question_of_tonight()
    edit_version(version_id=live.pk, by=people.olaf, now=NOON)
    with pytest.raises(CannotAnswerDrift, match="is being made already"):
        answer(question, people.oda, "yes")
    question.refresh_from_db()
    assert (question.state, question.lines.get().amendment) == ("waiting", None)


def test_an_answer_is_one_to_what_was_seen_and_to_nothing_else(live, replacement, people):
    question = question_of_tonight()
    digest = question_digest(question)
    question.lines.update(new_line=live.definition.all_of[0].as_json())
    for word in ("yes", "no", "not-sure"):
        with pytest.raises(CannotAnswerDrift, match="changed since you opened it"):
            answer(question, people.oda, word, digest=digest)
    assert list(RuleVersion.objects.all()) == [live]


def test_who_was_not_sure_is_asked_again_once_more_speaks_against_it(
    live, replacement, workspace, site, people
):
    question = answer(question_of_tonight(), people.oda, "not-sure")
    mine_patterns(now=NOON + timedelta(hours=1))
    question.refresh_from_db()
    assert question.unsure_ids == [people.oda.pk]
    backups(workspace, site, NEW, range(2), targets=("DB-1",))
    mine_patterns(now=NOON + timedelta(hours=2))
    question.refresh_from_db()
    assert question.unsure_ids == []


def test_a_line_whose_amendment_was_rejected_is_not_asked_about_again(live, replacement, people):
    amendment = answer(question_of_tonight(), people.oda, "yes").lines.get().amendment
    RuleVersion.objects.filter(pk=amendment.pk).update(state=VersionState.REJECTED)
    mine_patterns(now=NOON + DAY / 2)
    assert DriftQuestion.objects.get().state == "yes"


def test_no_to_other_hours_of_one_rule_says_nothing_of_another(live, site, people):
    windows = Clause("time", "within", ("Mon 03:00-05:00 Europe/Warsaw",))
    line = LineFinding(version=live, line=windows, new_line=windows, alerts=2, days=2)
    finding = DriftFinding(
        kind="moved",
        before="Mon 02:00-04:00 Europe/Warsaw",
        after=windows.texts[0],
        latest_on=None,
        first_on=NOON.date(),
        against=[],
        in_favour=[],
        lines=[line],
    )
    (first,) = ask_about_drift(site=site, findings=[finding], now=NOON)
    answer(first, people.oda, "no")
    assert not ask_about_drift(site=site, findings=[finding], now=NOON)
    first.lines.all().delete()  # as if it had been another rule
    assert ask_about_drift(site=site, findings=[finding], now=NOON)


class UnreadableVersion:
    """A live version whose body no longer spells a rule."""

    rule_id = 0

    @property
    def definition(self):
        raise NotARule("no rule")


def test_a_rule_that_cannot_be_read_hides_no_other(live, replacement, monkeypatch):
    monkeypatch.setattr(drift, "versions_to_compare", lambda site: [UnreadableVersion(), live])
    assert question_of_tonight().lines.get().version == live


def test_without_questions_of_a_site_the_plan_is_made_all_the_same(live, replacement, monkeypatch):
    def fail(*_args, **_more):
        raise RuntimeError("broken")

    monkeypatch.setattr("alerts.patterns.services.mine_patterns.ask_about_changes", fail)
    assert mine_patterns(now=NOON).patterns


def signed_amendment(question, people):
    amendment = answer(question, people.oda, "yes").lines.get().amendment
    for side, by in ((SigningSide.OT, people.oda), (SigningSide.SOC, people.leo)):
        amendment = rules.sign(amendment, by=by, side=side, now=NOON)
    return amendment


def test_who_said_yes_is_one_of_the_two_who_looked_at_most(live, workspace, site, people):
    make_device(site, NEW, "10.1.0.52", kind="Server")
    rows = backups(workspace, site, NEW, range(3), owner_name="", classification="Undetermined")
    rules.judge(rows[:3], by=people.oda)
    amendment = signed_amendment(question_of_tonight(), people)
    assert trial_progress_of(amendment).trial.counted == 1
    rules.tag(amendment, workspace, site, 1, incident=rows[3])
    rules.judge(rows[3:4], by=people.oda)
    assert trial_progress_of(amendment).trial.counted == 1  # nor by a look in the trial
    rules.tag(amendment, workspace, site, 1, incident=rows[4])
    rules.judge(rows[4:5], by=people.olaf)
    assert trial_progress_of(amendment).trial.counted == 2


def test_one_thing_more_is_a_fact_against_and_stays_open(live, workspace, site, people):
    replaced_server(workspace, site)
    backups(workspace, site, NEW, range(2), targets=("DB-1",))
    question = question_of_tonight()
    assert question.against[0][0] == "more"
    assert "DB-1" in question.against[0][1]["what"]
    amendment = answer(question, people.oda, "yes").lines.get().amendment
    lines = {line.field: line.texts for line in amendment.definition.all_of}
    assert lines["destination_device"] == ("PLC-1", "PLC-2")


@pytest.mark.parametrize("criticality", ["safety", "crown-jewel"])
def test_nothing_is_asked_about_safety_systems_and_crown_jewels(
    live,
    workspace,
    site,
    criticality,
):
    make_device(site, NEW, "10.1.0.52", kind="Server", criticality=criticality)
    backups(workspace, site, NEW, range(3))
    mine_patterns(now=NOON)
    assert not DriftQuestion.objects.exists()


def test_mining_never_changes_a_rule(live, replacement):
    mine_patterns(now=NOON)
    assert list(RuleVersion.objects.all()) == [live]
    assert not LedgerEntry.objects.exists()
