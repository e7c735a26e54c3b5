"""Two plants with the same addresses: work at one says nothing of alerts at the other."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.incidents.models import Alert, PlannedAlert
from alerts.planned_work.engine.matching import WorkSide
from alerts.planned_work.queries import box_spans, latest_begun, overrun_now
from alerts.planned_work.services.plan import DeviceOfPlan
from alerts.planned_work.services.work import plan_work
from alerts.suppression.queries import facts_of
from tests.factories.incidents import make_device

pytestmark = pytest.mark.django_db

ELEVEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
BEFORE, AFTER = ELEVEN - timedelta(days=1), ELEVEN + timedelta(hours=3)


@pytest.fixture
def twins(porto):
    """Devices of Porto that have the addresses, or the names, of devices of Gdańsk."""
    return [
        make_device(porto, "ENG-WS-04", "10.20.4.15"),
        make_device(porto, "PLC-PL2-07", "10.20.4.40"),
    ]


@pytest.fixture
def work_at_porto(porto, pia, plan, twins):
    source, target = twins
    devices = (
        DeviceOfPlan(WorkSide.FROM, source.zone_id, source.address, source.name),
        DeviceOfPlan(WorkSide.TO, target.zone_id, target.address, target.name),
    )
    return plan_work(site=porto, plan=plan(devices=devices), by=pia, now=BEFORE)


def boxes(site, *handles, kinds=("firmware",)):
    return box_spans(
        kinds,
        site=site.name,
        handles=handles,
        start=BEFORE,
        end=ELEVEN + timedelta(days=1),
        known_at=ELEVEN,
    )


def test_work_at_another_site_covers_no_alert_of_the_same_addresses(work_at_porto, happen):
    happen(ELEVEN)
    assert not PlannedAlert.objects.exists()
    (facts,) = facts_of(Alert.objects.values_list("pk", flat=True)).values()
    assert facts.planned_work == ()


def test_work_at_another_site_opens_no_box_here(work_at_porto, site, porto):
    assert boxes(site) == boxes(site, "10.20.4.15") == []
    assert len(boxes(porto, "10.20.4.15")) == 1


def test_a_name_that_an_address_has_at_another_site_opens_no_box_here(planned, site, porto):
    planned(now=BEFORE, devices=(DeviceOfPlan(WorkSide.FROM, site.zones.get().pk, "", "SPARE-WS"),))
    make_device(porto, "SPARE-WS", "10.20.4.99")
    assert boxes(site, "10.20.4.99") == []
    make_device(site, "SPARE-WS", "10.20.4.99")
    assert len(boxes(site, "10.20.4.99")) == 1, "at this site it is the device"


def test_work_of_a_second_kind_opens_no_box_of_the_first(planned, site):
    planned(now=BEFORE, kind="backup")
    assert boxes(site) == []
    assert len(boxes(site, kinds=("firmware", "backup"))) == 1


def test_what_began_and_what_runs_over_is_asked_for_by_site(work_at_porto, site, porto):
    def of(place):
        begun = latest_begun(["firmware"], [place.pk], now=AFTER, limit=3)
        return len(begun), overrun_now([place.pk], now=AFTER).count()

    assert (of(site), of(porto)) == ((0, 0), (1, 1))
