"""A rule that stopped and is signed again word for word goes on with its trial, unless something
that it closed was wrong.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.suppression.models import LedgerEntry, RuleVersion, Step, VersionState
from alerts.suppression.watching.lifecycle import start_trial, stop_by_itself
from alerts.suppression.watching.trials import reasons_to_wait, trial_lines, trial_progress_of
from tests.alerts.suppression.enforcing.floor import ROUTINE
from tests.alerts.suppression.samples import TUESDAY
from tests.conftest import NOON
from tests.factories.rewriting import rewrite

DAY = timedelta(days=1)


def stopped(floor, definition=ROUTINE, *, state="live", at=NOON - DAY):
    """A version that a guard has stopped."""
    version = floor.rule(definition, number=12, state=state, since=NOON - 4 * DAY)
    Step.objects.create(
        version=version, from_state="proposed", to_state=state, at=NOON - 4 * DAY, by_label="Tagout"
    )
    assert stop_by_itself(version_id=version.pk, reasons=["A guard."], now=at)
    return RuleVersion.objects.get(pk=version.pk)


def signed_again(floor, before, definition=ROUTINE):
    version = floor.rule(definition, state="proposed", rule_row=before.rule)
    start_trial(version, by=floor.leo, now=NOON)
    return RuleVersion.objects.get(pk=version.pk)


def seen(floor, version, *, ending="", act="tagged"):
    """What the rule did to an incident, and what became of it."""
    row = floor.incident()
    return LedgerEntry.objects.create(
        incident=row,
        rule=version.rule,
        version=version,
        rule_hash=version.rule_hash,
        act=act,
        where="tagout",
        at=NOON - 2 * DAY,
        landed_at=NOON - 2 * DAY,
        reason="It polls.",
        signed_ot="Oda Nowak",
        signed_soc="Leo Hartmann",
        ending=ending,
    )


def test_what_had_lived_waits_for_no_trial(floor):
    before = stopped(floor)
    new = signed_again(floor, before)
    assert new.keeps_trial_of == before
    assert reasons_to_wait(new, now=NOON) == []
    assert "It is the same text as version 1, which had stopped" in new.steps.last().reason


def test_what_was_in_its_trial_goes_on_with_it_without_the_days_of_the_stop(floor):
    before = stopped(floor, state="canary")
    for _ in range(10):
        seen(floor, before)
    new = signed_again(floor, before)
    progress = trial_progress_of(new)
    assert (progress.trial.matches, progress.trial.began_at) == (10, NOON - 3 * DAY)
    assert trial_lines(progress, now=NOON)[0] == "Day 4 of 7"
    assert reasons_to_wait(new, now=NOON + 3 * DAY), "not a full week yet"
    assert reasons_to_wait(new, now=NOON + 4 * DAY) == []


def test_a_look_of_the_weeks_before_that_was_a_match_counts_once(floor):
    before = stopped(floor, state="canary")
    lines = [seen(floor, before) for _ in range(4)]
    new = signed_again(floor, before)
    RuleVersion.objects.filter(pk=new.pk).update(
        credited_incident_ids=[line.incident_id for line in lines]
    )
    assert trial_progress_of(RuleVersion.objects.get(pk=new.pk)).trial.counted == 4


@pytest.mark.parametrize("ending", ["reopened", "true_positive", "joined"])
@pytest.mark.parametrize("state", ["live", "canary"])
def test_what_it_closed_wrongly_has_it_tried_anew(floor, ending, state):
    before = stopped(floor, state=state)
    seen(floor, before, ending=ending, act="closed" if state == "live" else "tagged")
    new = signed_again(floor, before)
    assert new.keeps_trial_of is None
    assert len(reasons_to_wait(new, now=NOON)) == 2  # seven days, ten matches


def test_what_turns_out_wrong_afterwards_has_it_tried_after_all(floor):
    before = stopped(floor)
    line = seen(floor, before, act="closed")
    new = signed_again(floor, before)
    LedgerEntry.objects.filter(pk=line.pk).update(ending="reopened")
    assert len(reasons_to_wait(new, now=NOON)) == 2


@pytest.mark.parametrize("ending", ["linked", "held", "not-sent"])
def test_what_only_shared_a_device_is_not_wrong(floor, ending):
    before = stopped(floor)
    seen(floor, before, ending=ending, act="closed")
    assert reasons_to_wait(signed_again(floor, before), now=NOON) == []


def test_another_text_is_tried_anew(floor):
    before = stopped(floor)
    new = signed_again(floor, before, replace(ROUTINE, title="Polling, in other words"))
    assert new.keeps_trial_of is None
    assert len(reasons_to_wait(new, now=NOON)) == 2


def test_hours_are_tried_anew_because_a_clock_may_have_been_set(floor):
    hours = replace(ROUTINE, all_of=(*ROUTINE.all_of, TUESDAY))
    before = stopped(floor, definition=hours)
    assert signed_again(floor, before, hours).keeps_trial_of is None


def test_what_a_person_paused_is_resumed_and_not_signed_again(floor):
    before = stopped(floor)
    RuleVersion.objects.filter(pk=before.pk).update(needs_approval=False)
    assert signed_again(floor, before).keeps_trial_of is None


def test_what_stopped_long_ago_is_tried_anew(floor):
    before = stopped(floor)
    rewrite(RuleVersion.objects.filter(pk=before.pk), state_since=NOON - 29 * DAY)
    assert signed_again(floor, before).keeps_trial_of is None


def test_while_another_version_lives_that_one_is_compared(floor):
    before = stopped(floor)
    live = floor.rule(replace(ROUTINE, title="Other words"), rule_row=before.rule)
    version = floor.rule(ROUTINE, state="proposed", rule_row=before.rule)
    start_trial(version, by=floor.leo, now=NOON)
    assert RuleVersion.objects.get(pk=version.pk).keeps_trial_of == live
    assert VersionState(before.state) == VersionState.PAUSED
