"""Tagout's Celery app with a beat and signs of life of workers five times as fast, for tests that
would wait for them.
"""

from portal.celery import app
from portal.runtime import task_worker

for tick in app.conf.beat_schedule.values():
    tick["schedule"] /= 5
task_worker.SEND_EVERY /= 5
