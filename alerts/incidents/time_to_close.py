"""How long people take to close an incident: from its creation to the first close by a person."""

from datetime import datetime

from django.db import connection

MAX_MINUTES = 60  # an incident that lay for days was not worked on for days


def first_closes(condition: str = "true") -> str:
    """Return SQL for `id` and `minutes` to the first close by people; `i` incident, `t` line."""
    return (
        "SELECT i.id, least(greatest(extract(epoch FROM min(t.at) - i.created_at) / 60, 0),"
        f" {MAX_MINUTES}) AS minutes"
        " FROM incidents_incident i JOIN incidents_timelineitem t ON t.incident_id = i.id"
        f" WHERE t.code = 'closed' AND t.by_id IS NOT NULL AND {condition} GROUP BY i.id"
    )


def median_minutes(condition: str, value: str | datetime) -> tuple[float | None, int]:
    """Return the median minutes of the closes under a condition, and how many they are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes), count(*)"
            f" FROM ({first_closes(condition)}) closed",
            [value],
        )
        minutes, closes = cursor.fetchone()
    return minutes, closes
