"""Tagout's Celery app for tests that would wait for its ticks: what they wait for comes five times
as often, and workers show as often that they are at work. All ticks so often would keep a core
busy.
"""

from portal.celery import app
from portal.runtime import task_worker

OFTEN = {
    "alerts.intake.tasks.poll_due_workspaces",
    "alerts.intake.tasks.fetch_due_details",
    "alerts.outbox.tasks.deliver_due_changes",
    "portal.notifications.tasks.send_due_mail",
    "portal.jobs.tasks.note_heartbeat",
}

for tick in app.conf.beat_schedule.values():
    if tick["task"] in OFTEN:
        tick["schedule"] /= 5
task_worker.SEND_EVERY /= 5
