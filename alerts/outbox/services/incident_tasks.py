"""Write a task of an incident: a new one under the id of the change, or the status of one that is
there. Members that people changed meanwhile stay as they are.
"""

from alerts.outbox.models import Change
from alerts.sentinel.client.port import SentinelClient, SentinelConflict, SentinelNotFound
from alerts.sentinel.wire.records import UnreadableRecord
from alerts.sentinel.wire.tasks import WireTask, read_task, task_body

TURNS = 3


class TaskOutcomeUnknown(Exception):
    """The answer about the task is unreadable, or it changed each time: try again."""


def write_task(change: Change, *, client: SentinelClient) -> bool:
    """Write the task; False where it is so already. Raises SentinelError, TaskOutcomeUnknown."""
    is_new = change.task == str(change.key)
    for _ in range(TURNS):
        fresh = _read(change, client=client, may_be_missing=is_new)
        if fresh is None:
            client.put_task(change.incident_name, change.task, task_body(**change.patch))
            return True
        if is_new or fresh.status == change.patch["status"]:
            return False
        body = task_body(
            title=fresh.title,
            description=fresh.description,
            status=change.patch["status"],
            etag=fresh.etag,
        )
        try:
            client.put_task(change.incident_name, change.task, body)
        except SentinelConflict:
            continue
        return True
    raise TaskOutcomeUnknown("Somebody else keeps changing this task in Sentinel.")


def _read(change: Change, *, client: SentinelClient, may_be_missing: bool) -> WireTask | None:
    try:
        task = read_task(client.get_task(change.incident_name, change.task))
    except SentinelNotFound as error:
        if may_be_missing and not error.is_of_the_workspace:
            return None
        raise
    if isinstance(task, UnreadableRecord):
        raise TaskOutcomeUnknown(f"Sentinel's answer could not be read: {task.reason}.")
    return task
