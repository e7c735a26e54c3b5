"""Every periodic job in one table. A tick only wakes; what is due is stored in PostgreSQL.

A wake-up expires after a quarter of an hour, so a worker that was away finds no pile. Not sooner:
expiry is judged by the worker's own clock, which may be minutes off (reliability F23).
"""

from typing import Any

PILE = 900  # seconds
HOURLY = 60  # seconds between two looks whether the hour is over: beat forgets how long it has run
QUEUES = ("intake", "outbox", "deployments", "notify", "bulk", "captures")


def _tick(task: str, *, seconds: float, queue: str, **kwargs: Any) -> dict[str, Any]:
    return {
        "task": task,
        "schedule": seconds,
        "kwargs": kwargs,
        "options": {"queue": queue, "expires": PILE, "retry": False},
    }


SCHEDULE: dict[str, dict[str, Any]] = {
    "read what changed in Sentinel": _tick(
        "alerts.intake.tasks.poll_due_workspaces", seconds=5, queue="intake"
    ),
    "fetch alerts and entities": _tick(
        "alerts.intake.tasks.fetch_due_details", seconds=5, queue="intake"
    ),
    "read history, sweep once a day": _tick(
        "alerts.intake.tasks.sweep_due_workspaces", seconds=10, queue="intake"
    ),
    "read tasks of incidents": _tick(
        "alerts.intake.tasks.read_tasks_of_incidents", seconds=5, queue="intake"
    ),
    "fetch keys of Entra for push hints": _tick(
        "alerts.intake.tasks.fetch_signing_keys_of_tenants", seconds=30, queue="intake"
    ),
    "read the past from Log Analytics": _tick(
        "alerts.intake.tasks.read_due_logs", seconds=10, queue="intake"
    ),
    "send mail that is due": _tick(
        "portal.notifications.tasks.send_due_mail", seconds=5, queue="notify"
    ),
    "send what is owed to Sentinel": _tick(
        "alerts.outbox.tasks.deliver_due_changes", seconds=5, queue="outbox"
    ),
    "bring rules in Sentinel to what is wanted": _tick(
        "alerts.outbox.tasks.deliver_due_rules", seconds=5, queue="deployments"
    ),
    "look for rules changed by hand": _tick(
        "alerts.outbox.tasks.find_changed_rules", seconds=30, queue="deployments"
    ),
    "read automation rules and playbooks": _tick(
        "alerts.automation.tasks.read_inventories", seconds=10, queue="deployments"
    ),
    "check workflows of workspaces": _tick(
        "alerts.automation.tasks.advance_workflow_checks", seconds=5, queue="deployments"
    ),
    "tell of credentials that end or are refused": _tick(
        "alerts.sentinel.tasks.watch_credentials", seconds=30, queue="bulk"
    ),
    "read whether workspaces are ready": _tick(
        "alerts.readiness.tasks.read_prerequisites", seconds=10, queue="intake"
    ),
    "read the rights to write incidents": _tick(
        "alerts.readiness.tasks.read_incident_rights", seconds=10, queue="outbox"
    ),
    "read the rights to write rules": _tick(
        "alerts.readiness.tasks.read_rule_rights", seconds=10, queue="deployments"
    ),
    "make workspaces ready": _tick(
        "alerts.readiness.tasks.carry_out_setup_steps", seconds=5, queue="deployments"
    ),
    "tell of incidents that cannot be read": _tick(
        "alerts.intake.tasks.watch_unreadable", seconds=60, queue="bulk"
    ),
    "act on many incidents": _tick(
        "alerts.incidents.tasks.process_bulk_acts", seconds=5, queue="bulk"
    ),
    "ask for second opinions": _tick(
        "alerts.reviews.tasks.run_second_opinions", seconds=60, queue="bulk"
    ),
    "have verdicts follow merged incidents": _tick(
        "alerts.reviews.tasks.move_merged_verdicts", seconds=30, queue="bulk"
    ),
    "follow the clocks of sites": _tick(
        "alerts.incidents.tasks.follow_site_clocks", seconds=5, queue="bulk"
    ),
    "rank again where weights have changed": _tick(
        "alerts.incidents.tasks.recount_priorities", seconds=60, queue="bulk"
    ),
    "fill in the kinds of alerts": _tick(
        "alerts.incidents.tasks.fill_alert_kinds", seconds=10, queue="bulk"
    ),
    "watch over rules": _tick("alerts.suppression.tasks.watch_rules", seconds=30, queue="bulk"),
    "compare the ledger with Sentinel, once a day": _tick(
        "alerts.suppression.tasks.compare_ledger", seconds=600, queue="deployments"
    ),
    "count what was left out before an incident": _tick(
        "alerts.suppression.tasks.count_left_out", seconds=300, queue="bulk"
    ),
    "watch what rules have closed": _tick(
        "alerts.suppression.tasks.watch_closed_incidents", seconds=15, queue="deployments"
    ),
    "let rules act on what is new": _tick(
        "alerts.suppression.tasks.decide_new_incidents", seconds=5, queue="deployments"
    ),
    "let leases in Sentinel grow": _tick(
        "alerts.suppression.tasks.renew_leases", seconds=5, queue="deployments"
    ),
    "prove that the record is whole": _tick(
        "portal.audit.tasks.verify_record", seconds=900, queue="bulk"
    ),
    "tell the head of the record outside": _tick(
        "portal.audit.tasks.anchor_record", seconds=HOURLY, queue="bulk"
    ),
    "look after planned work": _tick(
        "alerts.planned_work.tasks.maintain_planned_work", seconds=60, queue="bulk"
    ),
    "mine patterns when it is due": _tick(
        "alerts.patterns.tasks.mine_due_patterns", seconds=30, queue="bulk"
    ),
    "analyse history for whoever asked": _tick(
        "alerts.dashboards.tasks.make_history_reports", seconds=5, queue="bulk"
    ),
    "make the files that people export": _tick(
        "portal.exports.tasks.make_exports", seconds=5, queue="bulk"
    ),
    "look whether everything is at work": _tick(
        "portal.jobs.tasks.audit_installation", seconds=60, queue="bulk"
    ),
    "send the heartbeat": _tick(
        "portal.jobs.tasks.send_heartbeat_if_well", seconds=30, queue="notify"
    ),
    "forget answers of the API": _tick(
        "portal.api.tasks.delete_old_answers", seconds=HOURLY, queue="bulk"
    ),
    "forget sessions that have ended": _tick(
        "portal.accounts.tasks.delete_old_sessions", seconds=HOURLY, queue="bulk"
    ),
    "put failed sign-ins on record": _tick(
        "portal.accounts.tasks.record_failed_sign_ins", seconds=300, queue="bulk"
    ),
    "read captures in quarantine": _tick(
        "alerts.captures.tasks.read_waiting_captures", seconds=5, queue="captures"
    ),
    "remove captures whose days are over": _tick(
        "alerts.captures.tasks.remove_expired_captures", seconds=HOURLY, queue="captures"
    ),
    **{
        f"hear whether {name} is alive": _tick(
            "portal.jobs.tasks.note_heartbeat", seconds=20, queue=name, name=name
        )
        for name in QUEUES
    },
}

ROUTES: dict[str, dict[str, str]] = {
    entry["task"]: {"queue": entry["options"]["queue"]} for entry in SCHEDULE.values()
}

# The queues that anything is sent to: each needs a worker (docker-compose.yml).
BUSY_QUEUES = sorted({entry["options"]["queue"] for entry in SCHEDULE.values()})
