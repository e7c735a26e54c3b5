"""Measure how long people take to close an incident."""

from datetime import datetime, timedelta

from django.db import connection

from alerts.suppression.backtesting.time_to_close import KIND, MAX_MINUTES, usual_minutes
from portal.jobs.services import keep_note

DAYS = 90


def measure_time_to_close(*, now: datetime) -> float | None:
    """Note the median time from an incident's creation to its first close by a person."""
    with connection.cursor() as cursor:
        cursor.execute(_MEASURE, [MAX_MINUTES, now - timedelta(days=DAYS)])
        minutes, closes = cursor.fetchone()
    keep_note(kind=KIND, key="all", now=now, payload={"minutes": minutes, "closes": closes})
    return usual_minutes()


_MEASURE = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY least(greatest(minutes, 0), %s)), count(*)
  FROM (SELECT extract(epoch FROM min(t.at) - i.created_at) / 60 AS minutes
          FROM incidents_timelineitem t JOIN incidents_incident i ON i.id = t.incident_id
         WHERE t.code = 'closed' AND t.by_id IS NOT NULL AND t.at >= %s
         GROUP BY i.id) closed
"""
