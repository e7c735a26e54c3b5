"""The Celery app and its queues. A message only wakes a worker; rows define what is due (G2).

Every value is a line of reliability.md §2.
"""

import gc
import os
from functools import cached_property
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, worker_process_init
from kombu import Queue

from portal.runtime import broker, logs, service_urls
from portal.runtime.garbage import collect_rarely
from portal.runtime.read_settings import settings_or_exit
from portal.schedule import QUEUES

collect_rarely()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
# Celery would load all pages for Django's checks, a third of a start, and drop what they find.
# `migrate`, which every start waits for, reports it.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
settings_or_exit(1)

broker.register()


class TagoutCelery(Celery):
    """Celery, whose workers watch themselves."""

    @cached_property
    def Worker(self) -> Any:
        """Return the class of workers, as `celery worker` starts it."""
        name: Any = "portal.runtime.task_worker:Worker"  # the stubs know classes alone
        return self.subclass_with_self(name)


app = TagoutCelery("tagout")
app.config_from_object("portal.celery:Config", silent=False)
app.autodiscover_tasks()


class Config:
    """Celery's settings."""

    from django.conf import settings as _settings

    broker_url = _settings.REDIS_URL
    task_queues = [Queue(name) for name in QUEUES]
    task_default_queue = "bulk"
    task_serializer = result_serializer = "json"
    accept_content = ["json"]
    task_ignore_result = True
    task_acks_late = True
    task_reject_on_worker_lost = False
    # Who hangs is gone within 75 s: on a busy machine the pool is seconds late with both limits.
    task_time_limit, task_soft_time_limit = 70, 60
    worker_prefetch_multiplier = 1
    worker_max_tasks_per_child = 500
    worker_max_memory_per_child = 400_000  # KiB
    worker_soft_shutdown_timeout = 30
    worker_hijack_root_logger = False
    worker_redirect_stdouts = False
    worker_cancel_long_running_tasks_on_connection_loss = False
    broker_connection_retry_on_startup = True
    broker_connection_max_retries = None
    broker_channel_error_retry = True  # a full broker refuses; go on when it takes messages again
    broker_transport_options = {
        "visibility_timeout": 300,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "health_check_interval": 10,
        **service_urls.broker_sockets(),
    }
    timezone = "UTC"
    enable_utc = True

    # What is due stands in PostgreSQL, so that beat has nothing to remember: its file was a lock on
    # a busy disk away from stopping it ("locking protocol").
    beat_scheduler = "celery.beat:Scheduler"

    from portal.schedule import ROUTES as task_routes
    from portal.schedule import SCHEDULE as beat_schedule


@celeryd_init.connect
def log_shutdown_as_json(**_kwargs: Any) -> None:
    """Let the worker's words about its end be lines of the log as all others."""
    from celery.apps import worker

    if Config._settings.LOG_FORMAT == "json":
        worker.safe_say = logs.write_log_line  # type: ignore[attr-defined]  # the stubs leave it out


@worker_process_init.connect
def tune_garbage_collection(**_kwargs: Any) -> None:
    """Let Python never search for cycles in what was loaded and stays."""
    gc.collect()
    gc.freeze()


@worker_process_init.connect
def use_the_imported_attack_release(**_kwargs: Any) -> None:
    """Load the techniques of the release that was imported into the worker."""
    from portal.attack.releases import use_latest_release

    use_latest_release()
