"""Of several rules that match an alert one closes it that may: what one of them may not close was
signed for another.
"""

from dataclasses import replace

import pytest

from alerts.incidents.models import Alert, Incident, IncidentStatus
from alerts.sites.models import Site
from alerts.suppression.enforcing.group_members import record_members
from alerts.suppression.models import NewMember
from tests.alerts.suppression.enforcing.floor import MORNING, ROUTINE, SITE, SOURCE, TYPE, routine
from tests.alerts.suppression.samples import clause

HOURS = replace(
    ROUTINE,
    title="Polling by EWS-07 in the morning",
    all_of=(*ROUTINE.all_of, MORNING),
)
LATER = replace(
    HOURS, all_of=(*ROUTINE.all_of, clause("time", "within", "Tue 20:00-22:00 Europe/Warsaw"))
)
GROUP = replace(
    ROUTINE,
    title="EWS-07 polls the PLCs",
    all_of=(TYPE, SITE, SOURCE, clause("destination_kind", "is", "PLC")),
)
BY_NAME = replace(GROUP, all_of=(TYPE, SITE, SOURCE, clause("destination_device", "is", "PLC-21")))


def closed_by(incident):
    row = Incident.objects.get(pk=incident.pk)
    return row.closed_by if row.status == IncidentStatus.CLOSED else None


def test_a_newer_rule_with_hours_closes_though_an_older_one_lacks_them(floor):
    floor.rule(number=12)
    floor.rule(HOURS, number=13)
    high, medium = floor.incident(routine(severity="High")), floor.incident()
    assert floor.decide() == 2
    floor.deliver()
    assert (closed_by(high), closed_by(medium)) == ("R-13", "R-12")
    assert [line.version.rule.number for line in floor.ledger if line.incident == high] == [13]


@pytest.mark.abuse("A45")
def test_outside_the_hours_of_the_newer_one_it_stays_open(floor):
    floor.rule(number=12)
    floor.rule(LATER, number=13)
    incident = floor.incident(routine(severity="High"))
    assert floor.decide() == 0
    assert closed_by(incident) is None


@pytest.mark.abuse("A45")
def test_hours_count_only_for_the_rule_that_sets_them(floor):
    floor.rule(number=12)
    hmi = clause("source_device", "is", "HMI-02")
    floor.rule(replace(HOURS, all_of=(TYPE, SITE, hmi, HOURS.all_of[-1])), number=13)
    floor.incident(routine(severity="High"))
    assert floor.decide() == 0


def test_a_trial_with_hours_says_what_it_would_close_beside_a_live_rule_without(floor):
    floor.rule(number=12)
    floor.rule(HOURS, number=13, state="canary")
    incident = floor.incident(routine(severity="High"))
    assert floor.decide() == 1
    floor.deliver()
    assert floor.labels(incident) == ["tagout:would-close:R-13"]
    assert closed_by(incident) is None
    (line,) = floor.ledger
    assert line.kept_open == []


@pytest.fixture
def late_member(floor):
    """An older rule for all PLCs, none of which was known when it was signed."""
    version = floor.rule(GROUP, number=12, site_ids=[Site.objects.get().pk])
    record_members(version)
    return version


def poll(floor):
    incident = floor.incident()
    Alert.objects.filter(incidents=incident).update(destination_kind="PLC")
    return incident


def test_a_rule_that_names_a_device_closes_what_is_new_in_the_group_of_another(floor, late_member):
    floor.rule(BY_NAME, number=13)
    incident = poll(floor)
    assert floor.decide() == 1
    assert closed_by(incident) == "R-13"
    assert not NewMember.objects.exists(), "no person has met it as a member of that group"


def test_a_trial_that_names_it_does_not_have_a_live_rule_wait(floor, late_member):
    floor.rule(BY_NAME, number=13, state="canary")
    first = poll(floor)
    floor.decide()
    assert NewMember.objects.get().incident == first
    second = poll(floor)
    floor.decide()
    assert (closed_by(first), closed_by(second)) == (None, "R-12")


def test_two_rules_that_may_not_close_it_keep_each_other_from_nothing(floor, late_member):
    """The older has no hours, the newer a new member: a person meets it, and it closes the next."""
    floor.rule(number=11)
    timed = floor.rule(
        replace(GROUP, all_of=(*GROUP.all_of, HOURS.all_of[-1])),
        number=13,
        site_ids=late_member.site_ids,
    )
    record_members(timed)
    for expected in (0, 1):
        incident = floor.incident(routine(severity="High"))
        Alert.objects.filter(incidents=incident).update(destination_kind="PLC")
        assert floor.decide() == expected
    assert closed_by(incident) == "R-13"


def test_a_trial_counts_no_match_that_only_another_trial_may_close(floor):
    floor.rule(number=12, state="canary")
    floor.rule(HOURS, number=13, state="canary")
    floor.incident(routine(severity="High"))
    assert floor.decide() == 1
    kept_open = {line.version.rule.number: line.kept_open for line in floor.ledger}
    assert kept_open[13] == []
    assert [code for code, _ in kept_open[12]] == ["never.hours"]


def test_nor_does_it_beside_a_live_rule_that_closes_it(floor):
    floor.rule(number=12, state="canary")
    floor.rule(HOURS, number=13)
    incident = floor.incident(routine(severity="High"))
    assert floor.decide() == 1
    assert closed_by(incident) == "R-13"
    kept_open = {line.version.rule.number: line.kept_open for line in floor.ledger}
    assert [code for code, _ in kept_open[12]] == ["never.hours"]


def test_a_trial_counts_no_match_while_a_new_device_is_unmet(floor):
    group = floor.rule(GROUP, number=12, site_ids=[Site.objects.get().pk], state="canary")
    record_members(group)
    floor.rule(BY_NAME, number=13, state="canary")
    poll(floor)
    floor.decide()
    kept_open = {line.version.rule.number: line.kept_open for line in floor.ledger}
    assert kept_open[13] == []
    assert [code for code, _ in kept_open[12]] == ["member.new"]
