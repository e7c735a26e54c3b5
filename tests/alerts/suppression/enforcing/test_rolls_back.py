"""S7: a close that does not stand stops its rule within minutes, and nothing of it is forgotten."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.incidents.acts.close import reopen_incidents
from alerts.incidents.models import Incident
from alerts.rules import decision
from alerts.rules.sentinel_comments import rule_closing_text
from alerts.sites.models import Site
from alerts.suppression.enforcing import stored_records
from alerts.suppression.enforcing.acting_rules import attribution_of
from alerts.suppression.models import LedgerEntry, RuleVersion
from alerts.suppression.watching.closed_incidents import watch_closed_incidents
from tests.alerts.suppression.enforcing.floor import MORNING, ROUTINE, SITE, TYPE, routine
from tests.alerts.suppression.samples import clause, rule
from tests.factories.incidents import make_device
from tests.factories.rewriting import rewrite
from tests.reuse import reuse_rows

OTHER = {"SourceDevice": "HMI-02", "SourceDeviceAddress": "10.20.1.2"}
THREE = (("EWS-07", "10.20.1.7"), ("PLC-21", "10.20.2.21"), ("HMI-02", "10.20.1.2"))
BENIGN = {"classification": "BenignPositive", "classificationReason": "SuspiciousButExpected"}


@reuse_rows
def closed_by_rule(floor_at_noon):
    """R-12 has closed an incident, and Sentinel has it."""
    floor = floor_at_noon
    with floor.clocks():
        floor.version = floor.rule(number=12)
        floor.target = floor.incident()
        floor.decide()
        floor.deliver()
        assert watch(floor) == 0


@pytest.fixture
def closed(closed_by_rule, floor):
    return floor


def watch(floor):
    floor.clock.go(seconds=15)
    return watch_closed_incidents(now=floor.now)


def state(version):
    return RuleVersion.objects.values_list("state", "needs_approval").get(pk=version.pk)


def ending(floor):
    return LedgerEntry.objects.get(incident=floor.target, act="closed").ending


def lines_of(incident, code):
    return [item.details for item in incident.timeline.filter(code=code)]


def test_what_stands_is_left_alone(closed):
    for _ in range(3):
        closed.go(minutes=5)
        closed.read()
        assert watch(closed) == 0
    assert state(closed.version) == ("live", False)


@pytest.mark.parametrize("status", ["Active", "New"])
def test_reopened_in_sentinel_the_rule_stops(closed, status):
    closed.sentinel.edit(closed.target.name, status=status)
    closed.read()
    assert watch(closed) == 1
    assert (ending(closed), state(closed.version)) == ("reopened", ("paused", True))
    line = LedgerEntry.objects.get()
    assert line.review_again_at == closed.now
    assert watch(closed) == 0
    assert closed.decide() == 0, "no rule closes it again"


def test_reopened_by_a_person_in_tagout_the_rule_stops(closed):
    reopen_incidents(incident_ids=[closed.target.pk], by=closed.leo, now=closed.now)
    assert watch(closed) == 0, "it may still be undone"
    closed.go(seconds=10)
    closed.deliver()
    assert watch(closed) == 1
    assert ending(closed) == "reopened"


@pytest.mark.abuse("A45")
def test_a_true_positive_after_all_stops_the_rule(closed):
    closed.sentinel.edit(
        closed.target.name,
        classification="TruePositive",
        classificationReason="SuspiciousActivity",
    )
    closed.read()
    assert watch(closed) == 1
    assert (ending(closed), state(closed.version)) == ("true_positive", ("paused", True))
    assert lines_of(closed.target, "rule-stopped") == [
        {"rule": closed.version.rule.label, "ending": "true_positive"}
    ]


@pytest.mark.abuse("A45")
def test_a_stranger_who_joins_reopens_it_and_stops_the_rule(closed):
    closed.go(minutes=1)
    closed.join(closed.target, routine(bag=OTHER))
    closed.read()
    assert watch(closed) == 1
    assert (ending(closed), state(closed.version)) == ("joined", ("paused", True))
    closed.deliver()
    there = closed.properties(closed.target)
    assert (there["status"], there.get("classification")) == ("Active", None)
    (comment,) = closed.sentinel.comments[closed.target.name].values()
    assert "Reopened by Tagout because an alert joined" in comment["properties"]["message"]
    assert Incident.objects.get(pk=closed.target.pk).closed_by == ""
    assert watch(closed) == 0, "our own reopening is none of a person's"


@pytest.mark.abuse("A45")
def test_what_its_rules_match_and_may_not_close_reopens_it_as_well(closed):
    closed.go(minutes=1)
    closed.join(closed.target, routine(severity="High"))
    closed.read()
    assert watch(closed) == 1
    assert (ending(closed), state(closed.version)) == ("joined", ("paused", True))
    closed.deliver()
    (comment,) = closed.sentinel.comments[closed.target.name].values()
    assert "an alert joined that no rule may close. It" in comment["properties"]["message"]


@pytest.mark.abuse("A45")
def test_what_a_trial_may_close_beside_its_rules_reopens_it_as_well(closed, monkeypatch):
    """Planned work that takes too much of a week, beside a trial that names hours."""
    works = {closed.version.definition}
    monkeypatch.setattr(decision, "works_of_box", lambda rule: ("w",) if rule in works else ())
    monkeypatch.setattr(decision, "is_soft", lambda facts: False)
    monkeypatch.setattr(stored_records, "work_hours_around", lambda *args, **more: 100)
    closed.rule(replace(ROUTINE, all_of=(*ROUTINE.all_of, MORNING)), number=13, state="canary")
    closed.go(minutes=1)
    closed.join(closed.target, routine())
    closed.read()
    assert watch(closed) == 1
    assert ending(closed) == "joined"


@pytest.mark.abuse("A45")
def test_what_joins_and_touches_a_safety_system_reopens_it(closed):
    make_device(Site.objects.get(), "SIS-1", "10.20.2.99", criticality="safety")
    closed.go(minutes=1)
    to_safety = {"DestinationDevice": "SIS-1", "DestinationDeviceAddress": "10.20.2.99"}
    closed.join(closed.target, routine(bag=to_safety))
    closed.read()
    assert watch(closed) == 1
    assert ending(closed) == "joined"


@pytest.mark.abuse("A45")
def test_what_joins_and_another_product_saw_reopens_it(closed):
    closed.go(minutes=1)
    closed.join(closed.target, routine(productName="Microsoft Defender for Endpoint"))
    closed.read()
    assert watch(closed) == 1
    assert ending(closed) == "joined"


def test_a_covered_alert_that_joins_changes_nothing(closed):
    closed.go(minutes=1)
    closed.join(closed.target, routine())
    closed.read()
    assert watch(closed) == 0
    line = LedgerEntry.objects.get()
    assert (line.ending, len(line.alerts)) == ("", 2)
    assert closed.properties(closed.target)["status"] == "Closed"


@pytest.mark.abuse("A45")
def test_a_true_positive_on_the_same_device_is_a_link_and_stops_no_rule(closed):
    closed.go(days=3)
    case = closed.incident(routine(bag=OTHER), devices=THREE[1:])
    assert watch(closed) == 0
    closed.sentinel.edit(case.name, status="Closed", classification="TruePositive")
    closed.read()
    assert watch(closed) == 1
    line = LedgerEntry.objects.get(incident=closed.target)
    assert (line.ending, "PLC-21" in line.ending_note) == ("linked", True)
    assert state(closed.version) == ("live", False)


def test_a_true_positive_elsewhere_or_much_later_does_not(closed):
    closed.go(days=1)
    far = closed.incident(
        routine(
            bag={
                "SourceDevice": "X",
                "SourceDeviceAddress": "10.9.9.9",
                "DestinationDevice": "Y",
                "DestinationDeviceAddress": "10.9.9.8",
            }
        ),
        devices=(("X", "10.9.9.9"), ("Y", "10.9.9.8")),
    )
    closed.sentinel.edit(far.name, status="Closed", classification="TruePositive")
    closed.read()
    assert watch(closed) == 0
    closed.go(days=14)
    late = closed.incident(routine(bag=OTHER), devices=THREE[1:])
    closed.sentinel.edit(late.name, status="Closed", classification="TruePositive")
    closed.read()
    assert watch(closed) == 0
    assert state(closed.version) == ("live", False)


def test_all_that_the_rule_closed_in_seven_days_is_looked_at_again(closed):
    before = LedgerEntry.objects.filter(incident=closed.target)
    rewrite(before, at=closed.now - timedelta(days=8))
    second, third = closed.incident(), closed.incident()
    closed.decide()
    closed.deliver()
    closed.sentinel.edit(third.name, status="Active")
    closed.read()
    assert watch(closed) == 1
    again = LedgerEntry.objects.exclude(review_again_at=None)
    assert set(again.values_list("incident", flat=True)) == {second.pk, third.pk}


@pytest.mark.abuse("A45")
def test_every_rule_that_covered_it_stops(floor):
    one = floor.rule(number=12)
    other = rule(TYPE, SITE, clause("source_device", "is", "HMI-02"), title="Other", reason="Too.")
    two, idle = floor.rule(other, number=13), floor.rule(replace(other, title="Idle"), number=14)
    target = floor.incident(routine(), routine(bag=OTHER), devices=THREE)
    floor.decide()
    floor.deliver()
    floor.sentinel.edit(target.name, status="Active")
    floor.read()
    assert watch(floor) == 1
    assert [state(version)[0] for version in (one, two, idle)] == ["paused", "paused", "live"]


def test_a_true_positive_under_a_trial_counts_against_it(floor):
    version = floor.rule(state="canary", number=12)
    target = floor.incident()
    floor.decide()
    floor.deliver()
    floor.sentinel.edit(target.name, status="Closed", classification="TruePositive")
    floor.read()
    watch(floor)
    assert LedgerEntry.objects.get().ending == "true_positive"
    assert state(version)[0] == "canary"


def test_one_that_cannot_be_judged_is_tried_again_and_holds_up_no_other(
    closed, monkeypatch, caplog
):
    second = closed.incident()
    closed.decide()
    closed.deliver()
    from alerts.suppression.watching import closed_incidents

    roll_back = closed_incidents.roll_back

    def broken(*, lines, **arguments):
        if lines[0].incident_id == second.pk:
            raise RuntimeError("Odd.")
        return roll_back(lines=lines, **arguments)

    monkeypatch.setattr(closed_incidents, "roll_back", broken)
    for one in (closed.target, second):
        closed.sentinel.edit(one.name, status="Active")
    closed.read()
    assert watch(closed) == 1
    monkeypatch.setattr(closed_incidents, "roll_back", roll_back)
    assert watch(closed) == 1


class TestInSentinel:
    """What Sentinel does by itself in a rule's name."""

    @pytest.fixture
    def there(self, floor):
        floor.version = floor.rule(replace(ROUTINE, enforcement="sentinel"), number=12)
        watch(floor)
        return floor

    def close(self, floor, incident, text=None):
        text = text or rule_closing_text(attribution_of(floor.version))
        floor.sentinel.edit(incident.name, status="Closed", **BENIGN, classificationComment=text)
        floor.read()

    def test_a_close_gets_its_line_with_signers_and_reason(self, there):
        target = there.incident()
        self.close(there, target)
        assert watch(there) == 0
        (line,) = there.ledger
        assert (line.act, line.where, line.signed_ot, line.signed_soc, line.reason) == (
            "closed",
            "sentinel",
            "Oda Nowak",
            "Leo Hartmann",
            "The station polls.",
        )
        assert line.alerts == list(target.alerts.values_list("pk", flat=True))
        assert Incident.objects.get().closed_by == "R-12"
        watch(there)
        assert len(there.ledger) == 1
        (entry,) = target.timeline.filter(code="closed-by-rule")
        assert (entry.by_label, entry.side, entry.details["reason"]) == (
            "R-12",
            "portal",
            "SuspiciousButExpected",
        )

    @pytest.mark.abuse("A45")
    def test_a_mixed_incident_is_opened_again_and_the_rule_stops(self, there, monkeypatch):
        monkeypatch.setattr("alerts.suppression.watching.lifecycle.bring_in_line", lambda **_: None)
        target = there.target = there.incident(routine(), routine(bag=OTHER), devices=THREE)
        self.close(there, target)
        assert watch(there) == 1
        assert (ending(there), state(there.version)) == ("joined", ("paused", True))
        there.deliver()
        assert there.properties(target)["status"] == "Active"

    @pytest.mark.abuse("A45")
    def test_what_joins_before_we_read_of_the_close_and_it_may_not_close_reopens_it(
        self, there, monkeypatch
    ):
        monkeypatch.setattr("alerts.suppression.watching.lifecycle.bring_in_line", lambda **_: None)
        target = there.target = there.incident(routine(), routine(severity="High"))
        self.close(there, target)
        assert watch(there) == 1
        assert ending(there) == "joined"

    def test_a_label_of_its_trial_is_a_line_too(self, floor):
        floor.version = floor.rule(
            replace(ROUTINE, enforcement="sentinel"), number=12, state="canary"
        )
        watch(floor)
        target = floor.incident()
        assert floor.decide() == 0
        floor.sentinel.edit(target.name, labels=[{"labelName": "tagout:would-close:R-12"}])
        floor.read()
        watch(floor)
        (line,) = floor.ledger
        assert (line.act, line.where, line.version) == ("tagged", "sentinel", floor.version)
        assert [item.by_label for item in target.timeline.filter(code="would-close")] == ["R-12"]

    @pytest.mark.parametrize(
        ("was", "becomes"),
        [
            ("R-12", "R-99"),
            ("version 1", "version 2"),
            ("Rule hash ", "Rule hash 00"),
            ("Rule hash", "The hash"),
        ],
    )
    def test_a_text_that_names_no_rule_of_ours_is_not_trusted(self, there, was, becomes):
        text = rule_closing_text(attribution_of(there.version)).replace(was, becomes)
        target = there.incident()
        self.close(there, target, text)
        for _ in range(2):
            watch(there)
        assert there.ledger == []
        assert Incident.objects.get().closed_by == ""
        assert target.timeline.filter(code="untrusted").count() == 1
        lines = there.leo.notifications.filter(kind="suppression.untrusted")
        assert lines.count() == 1

    def test_nor_one_that_names_a_rule_that_tagout_carries_out(self, there):
        other = there.rule(number=13)
        target = there.incident(status="Active")
        self.close(there, target, rule_closing_text(attribution_of(other)))
        watch(there)
        assert there.ledger == []
        assert target.timeline.filter(code="untrusted").exists()
