"""Incidents that people put aside: until a moment, and as long as nothing about them changes.

`aside_facts` is what the incident was like when it was put aside. Whatever has changed it since,
BRING_BACK notices before rows of the queue are counted anew.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from alerts.incidents.models import OtState
from alerts.incidents.models.incident import IS_CRITICAL

# New alerts, another severity, answer of OT, or comment; that it touches a safety system by now.
# To be asked is no change: the answer is.
_FACTS = f"""
    json_build_array(i.severity, i.alerts_count, extract(epoch FROM i.latest_activity_at),
                     replace(i.ot_state, '{OtState.WAITING.value}', ''), {IS_CRITICAL},
                     (SELECT count(*) FROM incidents_comment WHERE incident_id = i.id))::text
"""
_KEEP = f"""
    UPDATE incidents_incident i SET aside_until = w.until, aside_by = %s, aside_facts = {_FACTS}
    FROM unnest(%s::bigint[], %s::timestamptz[]) AS w(id, until) WHERE i.id = w.id
"""
# No longer than OT has time to answer: a late answer is everybody's.
_DUE_AT = f"CASE WHEN i.ot_state = '{OtState.WAITING.value}' THEN i.ot_due_at END"
_KEPT_UNTIL = f"CASE WHEN i.aside_facts = {_FACTS} THEN least(i.aside_until, {_DUE_AT}) END"
BRING_BACK = f"""
    UPDATE incidents_incident i SET aside_until = {_KEPT_UNTIL}
    WHERE i.group_key = ANY(%(keys)s::uuid[]) AND i.aside_until IS NOT NULL
          AND i.aside_until IS DISTINCT FROM {_KEPT_UNTIL}
"""


def keep_aside(until: Mapping[int, datetime | None], *, by: str) -> None:
    """Put incidents aside as they are now, or bring them back (None); before `regroup`."""
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [by[:120], [*until], [*until.values()]])
