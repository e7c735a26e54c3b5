"""What people do with planned work, and what follows from it for alerts."""

from alerts.planned_work.services.confirm import confirm_work
from alerts.planned_work.services.occurrences import work_out_ahead
from alerts.planned_work.services.plan import CannotPlanWork, DeviceOfPlan, WorkPlan
from alerts.planned_work.services.work import (
    cancel_work,
    change_work,
    extend_work,
    finish_work,
    plan_work,
)

__all__ = [
    "CannotPlanWork",
    "DeviceOfPlan",
    "WorkPlan",
    "cancel_work",
    "change_work",
    "confirm_work",
    "extend_work",
    "finish_work",
    "plan_work",
    "work_out_ahead",
]
