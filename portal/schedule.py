"""Every periodic job in one table. A tick only wakes; what is due stands in PostgreSQL.

An entry expires before its next tick, so a worker that was away finds one wake-up, not a pile.
"""

from typing import Any


def _tick(task: str, *, seconds: float, queue: str) -> dict[str, Any]:
    return {
        "task": task,
        "schedule": seconds,
        "options": {"queue": queue, "expires": max(seconds * 2, 10), "retry": False},
    }


SCHEDULE: dict[str, dict[str, Any]] = {
    "send mail that is due": _tick(
        "portal.notifications.tasks.send_due_mail", seconds=5, queue="notify"
    ),
    "send what is owed to Sentinel": _tick(
        "alerts.outbox.tasks.deliver_due_changes", seconds=5, queue="outbox"
    ),
}
