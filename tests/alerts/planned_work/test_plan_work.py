"""Work is planned by OT of the site, changed with its history kept, and closes nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.incidents.models import Incident, PlannedAlert
from alerts.planned_work.engine.matching import WorkSide
from alerts.planned_work.models import Occurrence, PlannedWork
from alerts.planned_work.services.occurrences import work_out_ahead
from alerts.planned_work.services.plan import CannotPlanWork, DeviceOfPlan
from alerts.planned_work.services.work import (
    cancel_work,
    change_work,
    extend_work,
    finish_work,
    plan_work,
)
from portal.audit.models import Entry
from tests.conftest import NOON

pytestmark = pytest.mark.django_db

ELEVEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)  # 11:00 in Gdańsk, in the middle of the work
EARLY = ELEVEN - timedelta(hours=12)
LATE = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)  # an hour after the slack
HOUR = timedelta(hours=1)


def occurrence(work):
    return work.occurrences.get(known_until=None)


def part(incident, code):
    incident.refresh_from_db()
    return next(
        ([points, detail] for name, points, detail in incident.priority_parts if name == code), None
    )


def test_planned_work_is_on_record_and_has_its_times_in_utc(planned, oda):
    work = planned()
    one = occurrence(work)
    assert (one.starts_at.hour, one.ends_at.hour) == (7, 12)
    assert one.known_from == NOON
    entry = Entry.objects.get(action="planned_work.work.made")
    assert (entry.actor_label, entry.details["plan"]["title"]) == (
        oda.name,
        "Drive firmware, Process Line 2",
    )
    assert [step.code for step in work.steps.all()] == ["made"]


def test_an_alert_inside_ranks_lower_and_names_the_work_order(planned, happen):
    before = happen(ELEVEN)
    planned(now=NOON)
    assert part(happen(ELEVEN), "planned-work") == [-25, "WO-4711"]
    assert part(before, "planned-work") == [-25, "WO-4711"], "also one that was there already"


def test_it_closes_nothing(planned, happen):
    incident = happen(ELEVEN)
    planned()
    incident.refresh_from_db()
    assert incident.is_open


def test_an_alert_after_the_slack_ranks_higher(planned, happen):
    planned(now=EARLY)
    incident = happen(LATE)
    assert part(incident, "overrun") == [10, "WO-4711"]
    assert part(incident, "planned-work") is None


def test_an_incident_with_another_alert_outside_is_not_inside(planned, happen, devices):
    planned(now=EARLY)
    incident = happen(ELEVEN, to="DB-GD-01")
    assert PlannedAlert.objects.get().fit == "not-named"
    assert part(incident, "planned-work") is None
    assert part(incident, "beside-plan") == [10, "WO-4711"]


def test_work_on_a_whole_zone_does_not_lower_the_priority(planned, happen, site):
    planned(now=EARLY, devices=(), zone_id=site.zones.get().pk)
    incident = happen(ELEVEN)
    assert (PlannedAlert.objects.get().fit, PlannedAlert.objects.get().names_devices) == (
        "inside",
        False,
    )
    assert part(incident, "planned-work") is None


def test_extended_work_takes_in_what_was_late_and_keeps_what_was_known(planned, happen, oda):
    work = planned(now=EARLY)
    incident = happen(LATE)
    extend_work(occurrence_id=occurrence(work).pk, until=LATE + HOUR, by=oda, now=LATE + HOUR / 4)
    assert part(incident, "planned-work") == [-25, "WO-4711"]
    assert part(incident, "overrun") is None
    fits = PlannedAlert.objects.order_by("known_from").values_list("fit", "known_until")
    assert list(fits) == [("late", LATE + HOUR / 4), ("inside", None)]


def test_work_that_is_done_early_ends_there_with_its_slack(planned, happen, oda):
    work = planned(now=EARLY)
    finish_work(occurrence_id=occurrence(work).pk, by=oda, now=ELEVEN)
    assert occurrence(work).ends_at == ELEVEN
    assert part(happen(ELEVEN + HOUR / 2), "planned-work") == [-25, "WO-4711"]
    assert part(happen(ELEVEN + 2 * HOUR), "planned-work") is None
    work.refresh_from_db()
    assert work.state == PlannedWork.State.DONE


def test_nothing_is_late_once_the_work_is_done(planned, happen, oda):
    work = planned(now=EARLY)
    finish_work(occurrence_id=occurrence(work).pk, by=oda, now=LATE - HOUR)
    assert part(happen(LATE), "overrun") is None


def test_cancelled_work_covers_nothing_from_then_on(planned, happen, oda):
    work = planned(now=EARLY)
    inside = happen(ELEVEN)
    cancel_work(work_id=work.pk, by=oda, now=ELEVEN + HOUR / 2)
    assert part(inside, "planned-work") == [-25, "WO-4711"], "until then it took place"
    assert part(happen(ELEVEN + 2 * HOUR), "planned-work") is None
    with pytest.raises(CannotPlanWork, match="cancelled"):
        cancel_work(work_id=work.pk, by=oda, now=NOON)


def test_a_change_holds_from_now_on(planned, plan, happen, oda):
    work = planned(now=EARLY, rule="FREQ=DAILY;COUNT=3")
    tomorrow = ELEVEN + timedelta(days=1)
    change_work(work_id=work.pk, plan=plan(rule="FREQ=DAILY;COUNT=3", hours=1), by=oda, now=LATE)
    assert [one.starts_at.day for one in work.occurrences.filter(known_until=None)] == [24, 25, 26]
    assert part(happen(ELEVEN), "planned-work") == [-25, "WO-4711"]
    assert part(happen(tomorrow + HOUR), "planned-work") is None


def test_the_same_plan_again_changes_nothing(planned, plan, oda):
    work = planned()
    change_work(work_id=work.pk, plan=plan(), by=oda, now=NOON + HOUR)
    assert work.revisions.count() == 1


def test_recurring_work_is_worked_out_ahead_and_counts_as_known_since_it_was_planned(planned):
    work = planned(rule="FREQ=DAILY")
    assert 90 <= work.occurrences.count() <= 94
    later = NOON + timedelta(days=60)
    assert work_out_ahead(now=later) == 60
    assert work_out_ahead(now=later) == 0
    assert set(work.occurrences.values_list("known_from", flat=True)) == {NOON}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": "x"}, "what is done"),
        ({"kind": "party"}, "kind of work"),
        ({"hours": 0}, "ends before it begins"),
        ({"rule": "FREQ=SECONDLY"}, "too often"),
        ({"devices": ()}, "Name the devices"),
        ({"vendor": "v" * 121}, "vendor is longer than 120"),
        ({"start": datetime(2024, 1, 1, 8, 0)}, "ended more than"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(planned, changes, sentence):
    with pytest.raises(CannotPlanWork, match=sentence):
        planned(**changes)
    assert not PlannedWork.objects.exists()


def test_devices_of_another_site_are_refused(planned, porto):
    stranger = DeviceOfPlan(WorkSide.ANY, porto.zones.get().pk, "10.9.9.9")
    with pytest.raises(CannotPlanWork, match="another site"):
        planned(devices=(stranger,))


def test_only_ot_of_the_site_plans_work_there(planned, pia, sam, mia):
    work = planned()
    for person in (pia, sam, mia):
        with pytest.raises(CannotPlanWork, match="OT engineers and site leads of Gdańsk"):
            planned(by=person)
        with pytest.raises(CannotPlanWork, match="OT engineers and site leads of Gdańsk"):
            finish_work(occurrence_id=occurrence(work).pk, by=person, now=NOON)


def test_an_occurrence_that_was_changed_meanwhile_is_not_touched(planned, oda):
    work = planned(now=EARLY)
    stale = occurrence(work)
    extend_work(occurrence_id=stale.pk, until=LATE, by=oda, now=ELEVEN)
    with pytest.raises(CannotPlanWork, match="changed in the meantime"):
        finish_work(occurrence_id=stale.pk, by=oda, now=NOON)
    with pytest.raises(CannotPlanWork, match="later than the planned end"):
        extend_work(occurrence_id=occurrence(work).pk, until=ELEVEN, by=oda, now=NOON)
    assert Occurrence.objects.count() == 2


def test_devices_are_meant_by_zone_and_address(site, oda, plan, happen, devices):
    other = site.zones.create(name="Utilities")
    twin = DeviceOfPlan(WorkSide.ANY, other.pk, devices["ENG-WS-04"].address)
    plan_work(site=site, plan=plan(devices=(twin,)), by=oda, now=EARLY)
    happen(ELEVEN)
    assert not PlannedAlert.objects.exists()
    assert Incident.objects.count() == 1
