"""Incidents that were merged away without a word into which: the one that is left is found by the
alerts that moved.
"""

from datetime import datetime

from django.db import connection, transaction

from alerts.incidents.models import DetailsState, TimelineItem

# The incident of the same workspace that holds most of the alerts of the lost one, and is merged
# into none itself. Of two that hold equally many, neither: an answer must not go to the wrong one.
_PLACE = """
    WITH lost AS (
        SELECT id, workspace_id FROM incidents_incident
         WHERE merged_into = 0 AND gone_at IS NULL
         ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    ), holders AS (
        SELECT lost.id, i.number, count(*) AS shared,
               rank() OVER (PARTITION BY lost.id ORDER BY count(*) DESC) AS place
          FROM lost
          JOIN incidents_incidentalert moved ON moved.incident_id = lost.id
          JOIN incidents_incidentalert link
            ON link.alert_id = moved.alert_id AND link.incident_id <> lost.id
          JOIN incidents_incident i ON i.id = link.incident_id
         WHERE i.workspace_id = lost.workspace_id AND i.merged_into IS NULL
           AND i.gone_at IS NULL AND i.number > 0 AND i.details_state = %(fetched)s
         GROUP BY lost.id, i.id, i.number
    ), found AS (
        SELECT id, min(number) AS number FROM holders WHERE place = 1
         GROUP BY id HAVING count(*) = 1
    )
    UPDATE incidents_incident i SET merged_into = found.number, changed_at = %(now)s
      FROM found WHERE i.id = found.id
    RETURNING i.id, found.number
"""


@transaction.atomic
def find_survivors(*, now: datetime) -> int:
    """Note, of incidents that were merged into an unknown one, into which; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, {"fetched": DetailsState.FETCHED.value, "now": now})
        found = cursor.fetchall()
    TimelineItem.objects.bulk_create(
        TimelineItem(
            incident_id=incident_id,
            at=now,
            side=TimelineItem.Side.SENTINEL,
            code="merged",
            details={"into": number},
        )
        for incident_id, number in found
    )
    return len(found)
