"""A live rule closes what it covers, once, with its signers' names; a trial only tags."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from alerts.incidents.models import Incident, IncidentStatus
from alerts.outbox.models import Change, ChangeOutcome, Landing, RuleKind, WantedRule
from alerts.rules.sentinel_comments import MAX_TEXT_LENGTH, reasons_against_closing_text
from alerts.sentinel.models import Freshness
from alerts.suppression.enforcing.acting_rules import acting_set
from alerts.suppression.enforcing.decide import DECIDE
from alerts.suppression.models import LedgerEntry, RuleVersion, Stop
from portal.audit.models import Entry
from portal.jobs.models import Job
from tests.alerts.suppression.enforcing.floor import ROUTINE, SITE, TYPE, routine
from tests.alerts.suppression.samples import clause, rule
from tests.conftest import NOON
from tests.worker_roles import without_triggers

OTHER = rule(
    TYPE, SITE, clause("source_device", "is", "HMI-02"), title="Polling by HMI-02", reason="Too."
)
HMI = {"SourceDevice": "HMI-02", "SourceDeviceAddress": "10.20.1.2"}
THREE = (("EWS-07", "10.20.1.7"), ("PLC-21", "10.20.2.21"), ("HMI-02", "10.20.1.2"))


def test_the_close_carries_its_attribution_in_the_same_put_and_one_ledger_line(floor):
    version = floor.rule(number=12)
    incident = floor.incident()
    assert floor.decide() == 1
    incident.refresh_from_db()
    assert (incident.status, incident.closed_by) == (IncidentStatus.CLOSED, "R-12")
    assert [one.outcome for one in floor.deliver()] == [ChangeOutcome.SENT]
    incident.refresh_from_db()
    assert (incident.status, incident.closed_by, incident.owed) == (
        IncidentStatus.CLOSED,
        "R-12",
        0,
    )
    (put,) = floor.sentinel.writes
    properties = put.body["properties"]
    assert (properties["status"], properties["classification"]) == ("Closed", "BenignPositive")
    text = properties["classificationComment"]
    attribution = acting_set().versions[version.pk].attribution
    assert reasons_against_closing_text(text, attribution) == []
    assert "Proposed by Oda Nowak, approved by Leo Hartmann" in text
    (line,) = floor.ledger
    assert (line.act, line.where, line.text, line.rule_hash) == (
        "closed",
        "tagout",
        text,
        version.rule_hash,
    )
    assert (line.signed_ot, line.signed_soc) == ("Oda Nowak", "Leo Hartmann")
    assert (line.change_key, line.landed_at, line.ending) == (Change.objects.get().key, NOON, "")
    assert line.alerts == list(incident.alerts.values_list("pk", flat=True))
    entry = Entry.objects.get(action="incidents.incident.closed")
    assert (entry.actor_label, entry.details["comment"]) == ("R-12", text)


def test_a_cause_of_the_catalogue_stands_in_words_in_sentinel_and_in_the_ledger(floor):
    floor.rule(replace(ROUTINE, reason="controller-backup-job"))
    floor.incident()
    floor.decide()
    floor.deliver()
    (put,) = floor.sentinel.writes
    assert ": Scheduled backup\n" in put.body["properties"]["classificationComment"]
    assert [line.reason for line in floor.ledger] == ["Scheduled backup"]


@pytest.mark.abuse("A25")
def test_run_twice_it_closes_once(floor):
    floor.rule()
    floor.incident()
    assert [floor.decide() for _ in range(3)] == [1, 0, 0]
    floor.deliver()
    floor.go(minutes=2)
    floor.read()
    assert floor.decide() == 0
    assert (LedgerEntry.objects.count(), len(floor.sentinel.writes)) == (1, 1)


def test_two_rules_may_cover_one_incident_together(floor):
    floor.rule(number=12)
    floor.rule(OTHER, number=13)
    incident = floor.incident(routine(), routine(), routine(bag=HMI), devices=THREE)
    assert floor.decide() == 1
    floor.deliver()
    text = floor.properties(incident)["classificationComment"]
    for one in acting_set().versions.values():
        assert reasons_against_closing_text(text, one.attribution) == []
    assert Incident.objects.get().closed_by == "R-12", "the rule that covers most of it"
    assert sorted(len(line.alerts) for line in floor.ledger) == [1, 2]


def test_a_trial_tags_and_changes_nothing_else(floor):
    floor.rule(state="canary", number=12)
    incident = floor.incident()
    assert floor.decide() == 1
    floor.deliver()
    assert floor.labels(incident) == ["tagout:would-close:R-12"]
    assert floor.properties(incident)["status"] == "New"
    (line,) = floor.ledger
    assert (line.act, line.landed_at) == ("tagged", NOON)
    floor.read()
    assert floor.decide() == 0


def test_with_one_trial_among_them_nothing_is_closed(floor):
    floor.rule(number=12)
    floor.rule(OTHER, number=13, state="canary")
    incident = floor.incident(routine(), routine(bag=HMI), devices=THREE)
    floor.decide()
    floor.deliver()
    assert floor.labels(incident) == ["tagout:would-close:R-13"]
    assert floor.properties(incident)["status"] == "New"
    assert [line.act for line in floor.ledger] == ["tagged"]


def test_a_new_version_tries_itself_out_beside_the_one_that_lives(floor):
    live = floor.rule(number=12)
    trial = floor.rule(replace(ROUTINE, title="Polling, newer"), state="canary", rule_row=live.rule)
    floor.incident()
    floor.decide()
    floor.deliver()
    lines = LedgerEntry.objects.order_by("act").values_list("act", "version", "ending")
    assert list(lines) == [("closed", live.pk, ""), ("tagged", trial.pk, "")]


def test_what_sentinel_closes_by_itself_is_left_to_it(floor):
    alone = replace(ROUTINE, enforcement="sentinel")
    floor.rule(alone, number=12)
    floor.incident()
    assert floor.decide() == 0


def test_what_was_taken_away_from_sentinel_is_closed_by_tagouts_own_worker(floor):
    version = floor.rule(replace(ROUTINE, enforcement="sentinel"), number=12)
    row = WantedRule(
        workspace=floor.workspace,
        name=uuid4(),
        about=version.rule.uuid,
        kind=RuleKind.RULE,
        wanted={},
        landed={},
        wanted_at=NOON,
        outcome=Landing.LANDED,
        due_at=NOON,
    )
    row.save()
    floor.incident()
    assert floor.decide() == 0, "it stands there"
    WantedRule.objects.update(wanted=None, outcome=Landing.PENDING)
    floor.incident()
    assert floor.decide() == 0, "it may stand there still"
    WantedRule.objects.update(landed=None, outcome=Landing.LANDED)
    floor.incident()
    assert floor.decide() == 3
    assert {line.act for line in floor.ledger} == {"closed"}


def test_but_sentinels_rules_count_as_cover_of_a_mixed_incident(floor):
    floor.rule(replace(ROUTINE, enforcement="sentinel"), number=12)
    floor.rule(OTHER, number=13)
    floor.incident(routine(), routine(bag=HMI), devices=THREE)
    assert floor.decide() == 1


def test_what_was_there_before_the_rule_began_is_left_to_people(floor):
    floor.rule(since=NOON - timedelta(minutes=5))
    floor.incident(at=NOON - timedelta(minutes=6))
    assert floor.decide() == 0
    floor.incident(at=NOON - timedelta(minutes=4))
    assert floor.decide() == 1


def test_a_rule_that_has_ended_acts_no_more(floor):
    floor.rule(replace(ROUTINE, expires_at=NOON))
    floor.incident()
    assert floor.decide() == 0


@pytest.mark.parametrize("where", ["here", "everywhere"])
def test_switched_off_nothing_is_closed_then_or_later(floor, where):
    floor.rule()
    place = floor.workspace if where == "here" else None
    stop = Stop.objects.create(workspace=place, stopped_at=NOON, stopped_by_label="Leo")
    floor.incident()
    assert floor.decide() == 0
    floor.go(minutes=1)
    stop.lifted_at = floor.now
    stop.save()
    floor.read()
    assert floor.decide() == 0, "what came while it was off is for people"
    floor.go(minutes=12)
    floor.incident()
    assert floor.decide() == 1


def test_a_switch_that_cannot_be_read_is_off(floor, monkeypatch):
    floor.rule()
    floor.incident()
    monkeypatch.setattr("alerts.suppression.enforcing.decide.is_off", lambda _: 1 / 0)
    assert floor.decide() == 0
    assert Job.objects.get(kind=DECIDE).latest_error == "ZeroDivisionError"


def test_on_old_data_nothing_is_closed_until_more_is_known(floor):
    floor.rule()
    floor.incident()
    floor.go(minutes=16)
    assert floor.decide() == 0
    floor.read()
    assert floor.decide() == 1


def test_an_incident_that_cannot_be_judged_stays_open_and_holds_up_no_other(
    floor, monkeypatch, caplog
):
    floor.rule()
    odd, well = floor.incident(), floor.incident()
    from alerts.suppression.enforcing import judging

    cover = judging.cover_of

    def broken(alerts, **arguments):
        if alerts.keys() & set(odd.alerts.values_list("pk", flat=True)):
            raise RuntimeError("The matcher broke.")
        return cover(alerts, **arguments)

    monkeypatch.setattr(judging, "cover_of", broken)
    assert floor.decide() == 1
    assert floor.decide() == 0
    assert set(LedgerEntry.objects.values_list("incident", flat=True)) == {well.pk}
    assert sum("could not be judged" in record.message for record in caplog.records) == 1


def test_without_acting_rules_nothing_is_asked_or_due(floor, django_assert_max_num_queries):
    version = floor.rule()
    floor.incident()
    floor.decide()
    RuleVersion.objects.filter(pk=version.pk).update(state="paused")
    assert floor.decide() == 0
    with django_assert_max_num_queries(2):
        assert floor.decide() == 0
    assert Job.objects.get(kind=DECIDE).state == "done"


def test_what_commits_late_is_found_by_looking_back(floor):
    floor.rule()
    late = floor.incident()
    Incident.objects.filter(pk=late.pk).update(details_state="pending")
    floor.go(minutes=3)
    floor.incident()
    assert floor.decide() == 1
    Incident.objects.filter(pk=late.pk).update(details_state="fetched")  # with its old changed_at
    floor.go(minutes=1)
    assert floor.decide() == 1


@pytest.mark.abuse("A19")
@pytest.mark.parametrize("lacking", ["ot", "soc"])
def test_without_both_signatures_a_version_does_not_act(floor, lacking):
    version = floor.rule(state="paused")
    with without_triggers():  # the database takes no such version either
        version.signatures.filter(side=lacking).delete()
        RuleVersion.objects.filter(pk=version.pk).update(state="live")
    floor.incident()
    assert floor.decide() == 0


@pytest.mark.abuse("A19")
def test_a_version_whose_text_is_not_that_of_its_hash_does_not_act(floor):
    version = floor.rule()
    RuleVersion.objects.filter(pk=version.pk).update(body=version.body | {"title": "Another"})
    floor.incident()
    assert floor.decide() == 0


def test_a_trial_beside_a_live_close_has_landed_with_it(floor):
    live = floor.rule(number=12)
    floor.rule(replace(ROUTINE, title="Newer"), state="canary", rule_row=live.rule)
    floor.incident()
    assert floor.decide() == 1
    floor.deliver()
    landed = {line.act: (line.landed_at, line.ending) for line in floor.ledger}
    assert landed == {"closed": (NOON, ""), "tagged": (NOON, "")}


def test_what_several_rules_cannot_say_in_one_comment_is_not_closed(floor):
    floor.rule(replace(ROUTINE, reason="The station polls. " * 90))
    floor.rule(replace(OTHER, reason="The panel polls. " * 90))
    both = floor.incident(routine(), routine(bag=HMI), devices=THREE)
    alone = floor.incident()
    assert floor.decide() == 1
    floor.deliver()
    assert floor.properties(both)["status"] == "New"
    assert len(floor.properties(alone)["classificationComment"]) <= MAX_TEXT_LENGTH


def test_on_old_data_the_worker_does_not_move_on(floor):
    """What waits while intake is away is closed afterwards, however much came behind it."""
    floor.rule()
    first = floor.incident()
    floor.go(minutes=20)
    Freshness.objects.update(fresh_at=NOON)
    Incident.objects.filter(pk=first.pk).update(changed_at=floor.now - timedelta(minutes=19))
    second = Incident.objects.get(pk=floor.incident().pk)
    Freshness.objects.update(fresh_at=NOON)
    assert floor.decide() == 0
    Freshness.objects.update(fresh_at=floor.now)
    floor.go(seconds=5)
    assert floor.decide() == 2, (first, second)
