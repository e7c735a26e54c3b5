"""A plant with two devices that are worked on, and alerts between them."""

from datetime import datetime, timedelta

import pytest

from alerts.incidents.ingest.alert_rows import record_ends
from alerts.incidents.ingest.groups import regroup
from alerts.planned_work.engine.matching import WorkSide
from alerts.planned_work.engine.recurrence import Schedule
from alerts.planned_work.services.occurrences import cover_alerts
from alerts.planned_work.services.plan import DeviceOfPlan, WorkPlan
from alerts.planned_work.services.work import plan_work
from tests.conftest import NOON
from tests.factories.incidents import make_alert, make_device, make_incident, make_workspace
from tests.reuse import reuse_rows

HOUR = timedelta(hours=1)


@reuse_rows
def workspace(db):
    return make_workspace()


@reuse_rows
def devices(site):
    return {
        name: make_device(site, name, address)
        for name, address in (
            ("ENG-WS-04", "10.20.4.15"),
            ("PLC-PL2-07", "10.20.4.40"),
            ("DB-GD-01", "10.20.9.9"),
        )
    }


@pytest.fixture
def plan(devices):
    """`plan(**changes)`: ENG-WS-04 works on PLC-PL2-07 from 08:00 to 13:00 of that Tuesday."""

    def make(*, start=datetime(2026, 11, 24, 8, 0), hours=5, rule="", **changes):
        source, target = devices["ENG-WS-04"], devices["PLC-PL2-07"]
        values = {
            "title": "Drive firmware, Process Line 2",
            "kind": "firmware",
            "schedule": Schedule(start, hours * HOUR, "Europe/Warsaw", rule),
            "devices": (
                DeviceOfPlan(WorkSide.FROM, source.zone_id, source.address, source.name),
                DeviceOfPlan(WorkSide.TO, target.zone_id, target.address, target.name),
            ),
            "work_order": "WO-4711",
            "vendor": "Nordval Drives",
        }
        return WorkPlan(**values | changes)

    return make


@pytest.fixture
def planned(site, oda, plan):
    """`planned(now=…, **changes)` stores that work, as told by Oda."""

    def make(*, now=NOON, by=oda, **changes):
        return plan_work(site=site, plan=plan(**changes), by=by, now=now)

    return make


@pytest.fixture
def happen(workspace, site, devices):
    """`happen(at)`: an incident with one alert from ENG-WS-04 to PLC-PL2-07, or to another."""

    def make(at, *, to="PLC-PL2-07", **columns):
        ends = {"source": "ENG-WS-04", "destination": to}
        incident = make_incident(
            workspace,
            created_at=at,
            modified_at=at,
            site_ids=[site.pk],
            details_state="fetched",
            pattern="00000000-0000-4000-8000-000000000001",
            **ends | columns,
        )
        alert = make_alert(
            incident,
            site=site,
            zone=devices[to].zone,
            at=at,
            source_address=devices["ENG-WS-04"].address,
            destination_address=devices[to].address,
        )
        record_ends([alert.pk])
        cover_alerts(alert_ids=[alert.pk], now=at)
        regroup([incident.pk], now=at)
        incident.refresh_from_db()
        return incident

    return make
