"""A version that closes nothing else than the one that lives needs no trial of its own; a device
that is new on its list is met by a person first.
"""

from dataclasses import replace

import pytest

from alerts.incidents.models import Incident, IncidentStatus
from alerts.suppression.enforcing.group_members import late_members
from alerts.suppression.models import RuleVersion, VersionState
from alerts.suppression.watching.lifecycle import start_trial
from alerts.suppression.watching.trials import reasons_to_wait, trial_lines, trial_progress_of
from tests.alerts.suppression.enforcing.floor import SITE, SOURCE, TYPE, routine
from tests.alerts.suppression.samples import clause, rule
from tests.conftest import NOON

OLD = rule(
    TYPE,
    SITE,
    SOURCE,
    clause("destination_device", "is", "PLC-21"),
    title="EWS-07 polls PLC-21",
    reason="It polls.",
)
WIDER = replace(
    OLD,
    title="EWS-07 polls PLC-21 and PLC-22",
    all_of=(TYPE, SITE, SOURCE, clause("destination_device", "is_one_of", "PLC-21", "PLC-22")),
)
OTHER_TYPE = replace(OLD, all_of=(clause("alert_type", "is", "Modbus Exception"), *OLD.all_of[1:]))


def next_version(floor, definition):
    """The live version, and the next one as it begins."""
    old = floor.rule(OLD)
    new = floor.rule(definition, state="proposed", rule_row=old.rule)
    start_trial(new, by=floor.leo, now=NOON)
    return old, RuleVersion.objects.get(pk=new.pk)


def test_a_version_with_one_more_device_waits_for_no_trial(floor):
    old, new = next_version(floor, WIDER)
    assert (new.keeps_trial_of, new.newcomers) == (old, ["plc-22"])
    assert reasons_to_wait(new, now=NOON) == []
    assert "A person sees the first incident of each: plc-22." in new.steps.last().reason
    assert trial_lines(trial_progress_of(new), now=NOON) == [
        "The trial of version 1 counts, for this one closes nothing else"
    ]


def test_what_stopped_the_version_before_ends_the_favour(floor):
    old, new = next_version(floor, WIDER)
    RuleVersion.objects.filter(pk=old.pk).update(state=VersionState.PAUSED)
    assert len(reasons_to_wait(new, now=NOON)) == 2  # seven days, ten matches


def test_a_version_that_closes_something_else_is_tried(floor):
    _, new = next_version(floor, OTHER_TYPE)
    assert (new.keeps_trial_of, new.newcomers) == (None, [])
    assert reasons_to_wait(new, now=NOON)
    assert "For seven days at least" in new.steps.last().reason


def test_whom_nobody_has_met_stays_a_newcomer_of_the_version_after(floor):
    old = floor.rule(OLD, newcomers=["plc-21"])
    new = floor.rule(WIDER, state="proposed", rule_row=old.rule)
    start_trial(new, by=floor.leo, now=NOON)
    assert RuleVersion.objects.get(pk=new.pk).newcomers == ["plc-21", "plc-22"]


def poll(floor, number):
    bag = {"DestinationDevice": f"PLC-{number}", "DestinationDeviceAddress": f"10.20.2.{number}"}
    return floor.incident(
        routine(bag=bag), devices=(("EWS-07", "10.20.1.7"), (f"PLC-{number}", f"10.20.2.{number}"))
    )


@pytest.mark.parametrize("number", [21, 22])
def test_the_first_incident_of_a_newcomer_goes_to_a_person_and_the_second_does_not(floor, number):
    floor.rule(WIDER, newcomers=["plc-22"])
    first = poll(floor, number)
    assert floor.decide() == (number == 21)
    second = poll(floor, number)
    assert floor.decide() == 1
    floor.deliver()
    states = dict(Incident.objects.values_list("pk", "status"))
    assert states[second.pk] == IncidentStatus.CLOSED
    assert (states[first.pk] == IncidentStatus.CLOSED) == (number == 21)


def test_newcomers_stand_among_the_new_members(floor):
    version = floor.rule(WIDER, newcomers=["plc-22"])
    poll(floor, 22)
    site = Incident.objects.get().alerts.first().site
    version.site_ids = [site.pk]
    assert [member.device.name for member in late_members(version)] == ["PLC-22"]
