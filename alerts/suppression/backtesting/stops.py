"""The alerts that would stop a rule which matches them, before anybody proposes it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from alerts.incidents.models import IncidentStatus
from alerts.rules.fields import FieldValues
from alerts.suppression.backtesting.history import DOUBTED, DOUBTED_PARAMS, TRUE_POSITIVE
from alerts.suppression.backtesting.history_sql import TimeSpan, fetch_rows
from alerts.suppression.queries import facts_of

# The same that a back-test calls a stop: doubted, reopened, or merged into a true positive.
_STOPS: Final = f"""
SELECT a.id FROM incidents_alerts a
 WHERE a.at >= %s AND a.at < %s AND a.id IN (
       {DOUBTED}
 UNION SELECT l.alert_id FROM incidents_timeline t
         JOIN incidents_alert_links l ON l.incident_id = t.incident_id WHERE t.code = 'reopened'
 UNION SELECT l.alert_id FROM incidents_incidents i
         JOIN incidents_incidents c ON c.workspace_id = i.workspace_id AND c.number = i.merged_into
         JOIN incidents_alert_links l ON l.incident_id = i.id
        WHERE c.classification = %s AND c.status = %s)
"""


def stopping_alerts(period: TimeSpan) -> Mapping[str, Sequence[FieldValues]]:
    """Return, by site, what rules read of the alerts of a period that a back-test calls a stop."""
    positives = (TRUE_POSITIVE, IncidentStatus.CLOSED)
    rows = fetch_rows(_STOPS, (*period, *DOUBTED_PARAMS, *positives))
    by_site: dict[str, list[FieldValues]] = defaultdict(list)
    for facts in facts_of([row[0] for row in rows], as_of_alert=True).values():
        by_site[facts.site].append(facts)
    return by_site
