"""A trial says that it covers an incident also where a guard keeps it open; such a match counts
only once a person has found the incident harmless.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.incidents.models import Incident, TimelineItem
from alerts.outbox.models import Change
from alerts.suppression.enforcing.explain import why_of
from alerts.suppression.models import LedgerEntry, Stop
from alerts.suppression.watching.trials import trial_lines, trial_progress_of
from tests.alerts.suppression.enforcing.floor import ROUTINE, routine
from tests.conftest import NOON
from tests.factories import rules

D4IOT = "Azure Security Center for IoT"
OWNED = {"owner": {"objectId": "1e0", "assignedTo": "Sam Kowalski"}}


def _codes(line):
    return [code for code, _detail in line.kept_open]


def _close(incident, **columns):
    values = {"status": 3, "classification": "BenignPositive", "owner_name": "Sam"} | columns
    Incident.objects.filter(pk=incident.pk).update(**values)


def test_it_tags_what_a_person_works_on_and_tells_why_it_stays_open(floor):
    version = floor.rule(state="canary", number=12)
    incident = floor.incident(**OWNED)
    assert floor.decide() == 1
    floor.deliver()
    assert floor.labels(incident) == ["tagout:would-close:R-12"]
    assert floor.properties(incident)["status"] == "New"
    (line,) = floor.ledger
    assert (line.act, _codes(line), line.landed_at) == ("tagged", ["never.owner"], NOON)
    assert floor.decide() == 0, "once"
    progress = trial_progress_of(version)
    assert (progress.trial.matches, dict(progress.kept_open)) == (0, {"never.owner": 1})
    assert "1 more was kept open: a person works on them" in trial_lines(progress, now=NOON)


def test_what_people_took_before_the_worker_looked_is_tagged_too(floor):
    floor.rule(state="canary")
    incident = floor.incident(status="Active", **OWNED)
    assert floor.decide() == 1
    floor.deliver()
    assert floor.properties(incident)["status"] == "Active"
    assert "never.touched" in _codes(floor.ledger[0])


def test_what_was_taken_long_ago_is_not_searched_for(floor):
    floor.rule(state="canary")
    incident = floor.incident(status="Active", **OWNED)
    Incident.objects.filter(pk=incident.pk).update(modified_at=NOON - timedelta(hours=2))
    assert floor.decide() == 0


def test_without_a_trial_nobody_looks_at_what_people_took(floor):
    floor.rule()
    floor.incident(status="Active", **OWNED)
    assert floor.decide() == 0
    assert floor.ledger == []


@pytest.mark.parametrize(
    "properties",
    [
        {"additionalData": {"alertsCount": 2, "alertProductNames": [D4IOT]}},
        {"severity": "Weird"},
        {"additionalData": {"alertsCount": 1, "alertProductNames": []}},
        {"labels": [{"labelName": "tagout-off"}]},
    ],
    ids=["unread alert", "unknown severity", "no product", "gate"],
)
def test_where_too_little_is_known_no_trial_speaks(floor, properties):
    floor.rule(state="canary")
    floor.incident(**properties)
    assert floor.decide() == 0
    assert (floor.ledger, floor.deliver()) == ([], [])


def test_on_old_data_no_trial_speaks(floor):
    floor.rule(state="canary")
    floor.incident(**OWNED)
    floor.go(minutes=16)
    assert floor.decide() == 0


def test_what_is_covered_only_in_part_is_not_tagged(floor):
    floor.rule(state="canary")
    bag = {"SourceDevice": "HMI-02", "SourceDeviceAddress": "10.20.1.2"}
    devices = (("EWS-07", "10.20.1.7"), ("PLC-21", "10.20.2.21"), ("HMI-02", "10.20.1.2"))
    floor.incident(routine(), routine(bag=bag), devices=devices, **OWNED)
    assert floor.decide() == 0


def test_switched_off_before_delivery_no_label_is_set(floor):
    floor.rule(state="canary")
    floor.incident(**OWNED)
    floor.decide()
    Stop.objects.create(stopped_at=NOON, stopped_by_label="Leo")
    floor.deliver()
    assert floor.sentinel.writes == []
    assert floor.ledger[0].ending == "not-sent"


def test_a_live_rule_that_a_guard_stops_writes_nothing_but_its_next_version_tries(floor):
    live = floor.rule(number=12)
    trial = floor.rule(replace(ROUTINE, title="Polling, newer"), state="canary", rule_row=live.rule)
    incident = floor.incident(**OWNED)
    assert floor.decide() == 1
    floor.deliver()
    assert floor.properties(incident)["status"] == "New"
    lines = LedgerEntry.objects.values_list("act", "version")
    assert list(lines) == [("tagged", trial.pk)]


def test_a_kept_match_counts_once_the_soc_closed_it_as_benign(floor):
    version = floor.rule(state="canary")
    incident = floor.incident(**OWNED)
    floor.decide()
    assert trial_progress_of(version).trial.matches == 0
    _close(incident)
    progress = trial_progress_of(version)
    assert (progress.trial.matches, progress.kept) == (1, 0)


def test_a_kept_match_counts_once_ot_judged_it_harmless(floor):
    version = floor.rule(state="canary")
    incident = floor.incident(**OWNED)
    floor.decide()
    rules.judge([incident], by=floor.oda)
    assert trial_progress_of(version).trial.matches == 1
    rules.judge([incident], by=floor.leo, verdict="suspicious")
    assert trial_progress_of(version).trial.matches == 0


@pytest.mark.parametrize(
    "columns",
    [
        {"classification": "TruePositive"},
        {"classification": "Undetermined"},
        {"owner_name": "", "owner_id": ""},
        {"closed_by": "R-9"},
    ],
)
def test_what_nobody_found_harmless_never_counts(floor, columns):
    version = floor.rule(state="canary")
    incident = floor.incident(**OWNED)
    floor.decide()
    _close(incident, **columns)
    assert trial_progress_of(version).trial.matches == 0


@pytest.mark.parametrize(
    "properties",
    [
        {"additionalData": {"alertsCount": 1, "alertProductNames": [D4IOT, "Defender"]}},
        {"entities": 501},
    ],
    ids=["second product", "too many entities"],
)
def test_what_the_rule_would_never_close_is_told_but_never_counts(floor, properties):
    version = floor.rule(state="canary")
    entities = properties.pop("entities", 0)
    incident = floor.incident(**properties)
    if entities:
        Incident.objects.update(entities_count=entities)
    assert floor.decide() == 1
    _close(incident)
    progress = trial_progress_of(version)
    assert (progress.trial.matches, progress.kept) == (0, 1)


def test_one_answer_over_many_kept_matches_is_one_match(floor):
    version = floor.rule(state="canary")
    rows = [floor.incident(**OWNED) for _ in range(3)]
    floor.decide()
    answer = rules.judge(rows[:1], by=floor.oda)[0]
    answer.incidents.add(*rows)
    progress = trial_progress_of(version)
    assert (progress.trial.matches, progress.kept) == (1, 0)


def test_a_true_positive_that_a_guard_kept_open_speaks_against_the_rule(floor):
    version = floor.rule(state="canary")
    floor.incident(**OWNED)
    floor.decide()
    floor.deliver()
    LedgerEntry.objects.update(ending="true_positive")
    assert trial_progress_of(version).trial.true_positives == 1


def test_our_own_label_is_no_work_of_a_person(floor):
    version = floor.rule(state="canary")
    incident = floor.incident()
    floor.decide()
    floor.deliver()
    floor.read()
    assert not TimelineItem.objects.filter(incident=incident, by__isnull=False).exists()
    assert trial_progress_of(version).trial.matches == 1
    assert Change.objects.count() == 1


def test_why_names_the_guard_that_keeps_open_what_live_rules_cover(floor):
    floor.rule(number=12)
    incident = floor.incident(**OWNED)
    explanation = why_of(Incident.objects.get(pk=incident.pk), now=NOON)
    assert explanation.covering == ("R-12",)
    assert [reason.code for reason in explanation.reasons] == ["never.owner"]
