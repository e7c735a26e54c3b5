"""What people do with planned work, and what follows from it for alerts."""

from alerts.planned_work.services.change import (
    cancel_work,
    change_work,
    extend_work,
    finish_work,
    plan_work,
)
from alerts.planned_work.services.plans import CannotPlanWork, DeviceOfPlan, WorkPlan
from alerts.planned_work.services.work_out import work_out_ahead

__all__ = [
    "CannotPlanWork",
    "DeviceOfPlan",
    "WorkPlan",
    "cancel_work",
    "change_work",
    "extend_work",
    "finish_work",
    "plan_work",
    "work_out_ahead",
]
