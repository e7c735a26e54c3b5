"""Planned work as rows."""

from datetime import datetime, timedelta
from typing import Any

from alerts.planned_work.engine.recurrence import Schedule
from alerts.planned_work.models import PlannedWork
from alerts.planned_work.services.plan import WorkPlan
from alerts.planned_work.services.work import plan_work
from alerts.sites.models import Site
from tests.factories.incidents import NOON


def make_planned_work(site: Site, *, by: Any, **changes: Any) -> PlannedWork:
    """Work on the first zone of a site that goes on at noon."""
    zone = site.zones.order_by("pk")[0]
    values = {
        "title": "Calibrate chlorine",
        "kind": "inspection",
        "schedule": Schedule(datetime(2026, 11, 24, 10, 0), timedelta(hours=4), site.time_zone),
        "zone_id": zone.pk,
    }
    plan = WorkPlan(**values | changes)
    return plan_work(site=site, plan=plan, by=by, now=NOON - timedelta(days=1))
