"""How matched incidents fared without the rule: who was faster, and what the SOC closed."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from alerts.incidents.models import Status, TimelineItem
from alerts.suppression.backtesting.fact_rows import ask, ids_array

# A rule acts within minutes of an incident. Whoever touched it before that keeps it open (S1).
TIME_TO_ACT: Final = timedelta(minutes=5)
_BY_HAND: Final = ("status", "owner", "labels", "reopened")  # of the lines that Sentinel tells
_BENIGN: Final = ("BenignPositive", "FalsePositive")
# Names travel as one array: thousands of parameters take longer to spell than to look up.
_TOUCHED: Final = """
SELECT i.id FROM incidents_incident i
 WHERE i.id = ANY(%s) AND EXISTS (
       SELECT FROM incidents_timelineitem t
        WHERE t.incident_id = i.id AND t.at <= i.created_at + %s
          AND (t.by_id IS NOT NULL OR (t.side = %s AND t.code = ANY(%s))))
"""
_CLOSED: Final = """
SELECT i.id FROM incidents_incident i
 WHERE i.id = ANY(%s) AND i.status = %s AND i.classification = ANY(%s) AND i.closed_by = ''
"""


def touched_incidents(incident_ids: Collection[int]) -> set[int]:
    """Return those that a person worked on before a rule would have acted."""
    sentinel = TimelineItem.Side.SENTINEL.value
    given = [ids_array(incident_ids), TIME_TO_ACT, sentinel, list(_BY_HAND)]
    return {row[0] for row in ask(_TOUCHED, given)}


def incidents_closed_as_benign(incident_ids: Collection[int]) -> set[int]:
    """Return those that people closed as benign or false positive; what a rule closed is none."""
    return {row[0] for row in ask(_CLOSED, [ids_array(incident_ids), Status.CLOSED, list(_BENIGN)])}
