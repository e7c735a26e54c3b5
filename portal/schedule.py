"""Every periodic job in one table. A tick only wakes; what is due is stored in PostgreSQL.

A wake-up expires after a quarter of an hour, so a worker that was away finds no pile. Not sooner:
expiry is judged by the worker's own clock, which may be minutes off (reliability F23).
"""

from typing import Any

PILE = 900  # seconds
HOURLY = 60  # seconds between two looks whether the hour is over: beat forgets how long it has run
HEARTBEAT = "portal.jobs.tasks.note_heartbeat"
QUEUES = ("intake", "outbox", "deployments", "notify", "bulk", "captures")


def _tick(task: str, *, seconds: float, queue: str, **kwargs: Any) -> dict[str, Any]:
    return {
        "task": task,
        "schedule": seconds,
        "kwargs": kwargs,
        "options": {"queue": queue, "expires": PILE, "retry": False},
    }


# By queue: how many seconds lie between two looks at what is due for a task.
_SECONDS: dict[str, dict[str, float]] = {
    "intake": {
        "alerts.intake.tasks.poll_due_workspaces": 5,
        "alerts.intake.tasks.fetch_due_details": 5,
        "alerts.intake.tasks.sweep_due_workspaces": 10,
        "alerts.intake.tasks.read_tasks_of_incidents": 5,
        "alerts.intake.tasks.fetch_signing_keys_of_tenants": 30,
        "alerts.intake.tasks.read_due_logs": 10,
        "alerts.readiness.tasks.read_prerequisites": 10,
    },
    "notify": {
        "portal.notifications.tasks.send_due_mail": 5,
        "portal.jobs.tasks.send_heartbeat_if_well": 30,
    },
    "outbox": {
        "alerts.outbox.tasks.deliver_due_changes": 5,
        "alerts.readiness.tasks.read_incident_rights": 10,
    },
    "deployments": {
        "alerts.outbox.tasks.deliver_due_rules": 5,
        "alerts.outbox.tasks.find_changed_rules": 30,
        "alerts.automation.tasks.read_inventories": 10,
        "alerts.automation.tasks.advance_workflow_checks": 5,
        "alerts.readiness.tasks.read_rule_rights": 10,
        "alerts.readiness.tasks.carry_out_setup_steps": 5,
        "alerts.suppression.tasks.compare_ledger": 600,
        "alerts.suppression.tasks.watch_closed_incidents": 15,
        "alerts.suppression.tasks.decide_new_incidents": 5,
        "alerts.suppression.tasks.renew_leases": 5,
    },
    "bulk": {
        "alerts.sentinel.tasks.watch_credentials": 30,
        "alerts.intake.tasks.watch_unreadable": 60,
        "alerts.incidents.tasks.process_bulk_acts": 5,
        "alerts.reviews.tasks.run_second_opinions": 60,
        "alerts.reviews.tasks.move_merged_verdicts": 30,
        "alerts.incidents.tasks.follow_site_clocks": 5,
        "alerts.incidents.tasks.recount_priorities": 60,
        "alerts.incidents.tasks.fill_alert_kinds": 10,
        "alerts.suppression.tasks.watch_rules": 30,
        "alerts.suppression.tasks.count_left_out": 300,
        "portal.audit.tasks.verify_record": 900,
        "portal.audit.tasks.anchor_record": HOURLY,
        "alerts.planned_work.tasks.maintain_planned_work": 60,
        "alerts.patterns.tasks.mine_due_patterns": 30,
        "alerts.dashboards.tasks.make_history_reports": 5,
        "portal.exports.tasks.make_exports": 5,
        "portal.jobs.tasks.audit_installation": 60,
        "portal.api.tasks.delete_old_answers": HOURLY,
        "portal.accounts.tasks.delete_old_sessions": HOURLY,
        "portal.accounts.tasks.record_failed_sign_ins": 300,
    },
    "captures": {
        "alerts.captures.tasks.read_waiting_captures": 5,
        "alerts.captures.tasks.remove_expired_captures": HOURLY,
    },
}

SCHEDULE: dict[str, dict[str, Any]] = {
    task: _tick(task, seconds=seconds, queue=queue)
    for queue, tasks in _SECONDS.items()
    for task, seconds in tasks.items()
} | {
    f"{HEARTBEAT} of {queue}": _tick(HEARTBEAT, seconds=20, queue=queue, name=queue)
    for queue in QUEUES
}

ROUTES: dict[str, dict[str, str]] = {
    entry["task"]: {"queue": entry["options"]["queue"]} for entry in SCHEDULE.values()
}

# The queues that anything is sent to: each needs a worker (docker-compose.yml).
BUSY_QUEUES = sorted({entry["options"]["queue"] for entry in SCHEDULE.values()})
