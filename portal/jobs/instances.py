"""Instances of workers: each shows every ten seconds that it takes messages and does work.

A message that an instance sends to itself goes by the broker to its consumer and on to a child,
which writes here (`portal/runtime/task_worker.py`). So one that is paused or hangs is seen beside
others of the same queue that do the work. `now` is `clock.unshifted()`.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from portal.jobs.models import WorkerInstance
from portal.runtime.worker_identity import InstanceIdentity

# A task of 60 s, the soft limit, may stand before the message of the only child, and a message is
# sent every ten. Pages ask again within 20 s, so that one that hangs is red within two minutes.
SILENT_AFTER = timedelta(seconds=75)
DELETED_AFTER = timedelta(hours=1)

log = logging.getLogger(__name__)


def note_instance(instance: InstanceIdentity, *, now: datetime) -> None:
    """Note that an instance is at work. One of the same node that is silent was its predecessor:
    nobody waits for it any more.
    """
    WorkerInstance.objects.update_or_create(
        name=instance.name,
        defaults={"heard_at": now},
        create_defaults={
            "node": instance.node,
            "queues": list(instance.queues),
            "started_at": now,
            "heard_at": now,
        },
    )
    silent_instances(now=now).filter(node=instance.node).exclude(name=instance.name).delete()


def delete_instance(instance: InstanceIdentity) -> None:
    """Delete the row of an instance that has stopped in order."""
    WorkerInstance.objects.filter(name=instance.name).delete()


def worker_instances() -> QuerySet[WorkerInstance]:
    """Return all that are at work, or were within the last hour and did not stop in order."""
    return WorkerInstance.objects.order_by("node", "started_at")


def silent_instances(*, now: datetime) -> QuerySet[WorkerInstance]:
    """Return those that are expected to be at work, and are not."""
    return worker_instances().filter(heard_at__lt=now - SILENT_AFTER)


def delete_old_instances(*, now: datetime) -> None:
    """Forget those that have been silent for an hour; how many there should be is a setting."""
    for instance in worker_instances().filter(heard_at__lt=now - DELETED_AFTER):
        instance.delete()
        log.warning(
            "The worker %s was last at work at %s and is no longer expected.",
            instance.node,
            instance.heard_at.isoformat(timespec="seconds"),
        )


def faults_of_instances(*, now: datetime) -> Iterable[str]:
    """Return what is wrong with instances, in sentences."""
    at_work: Counter[str] = Counter()
    for instance in worker_instances():
        if instance.heard_at < now - SILENT_AFTER:
            since = instance.heard_at.isoformat(timespec="seconds")
            yield f"The worker {instance.node} has done no work since {since}."
        else:
            at_work.update(instance.queues)
    for queue, expected in settings.EXPECTED_WORKERS.items():
        if at_work[queue] < expected:
            yield f"Of {expected} workers of the queue {queue}, {at_work[queue]} do work."
