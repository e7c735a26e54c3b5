"""Which incidents of the last weeks OT should see so that the trial of a rule may count them."""

from datetime import datetime
from typing import Final

from alerts.patterns.engine.rule_text import rule_for
from alerts.patterns.models import Candidate
from alerts.suppression.engine.guards.life import CREDIT_PERIOD
from alerts.suppression.engine.sql import where
from alerts.suppression.reads.asking import ask
from alerts.suppression.reads.harmless import harmless_looks

MAX_INCIDENTS: Final = 200  # the newest; eight of them are enough
_COVERED: Final = """
SELECT l.incident_id FROM incidents_alert a
  JOIN incidents_incidentalert l ON l.alert_id = a.id
  JOIN incidents_incident i ON i.id = l.incident_id
 WHERE {scope} AND i.gone_at IS NULL AND i.merged_into IS NULL AND a.site_id = %s
   AND i.created_at >= %s AND a.at >= %s
   AND NOT EXISTS (SELECT FROM incidents_incidentalert o JOIN incidents_alert a ON a.id = o.alert_id
                    WHERE o.incident_id = i.id AND ({scope}) IS NOT TRUE)
 GROUP BY l.incident_id ORDER BY max(a.at) DESC, l.incident_id DESC LIMIT %s
"""
_TOUCHED: Final = """
SELECT n.incident_id FROM reviews_annotation_incidents n
  JOIN reviews_annotation v ON v.id = n.annotation_id
 WHERE n.incident_id = ANY(%s) AND v.withdrawn_at IS NULL
UNION
SELECT q.incident_id FROM reviews_review_incidents q JOIN reviews_review r ON r.id = q.review_id
 WHERE q.incident_id = ANY(%s) AND r.state <> 'withdrawn'
"""


def incidents_for_trial(
    candidate: Candidate, *, wanted: int, limit: int, now: datetime
) -> list[int]:
    """Return incidents of the last 28 days that the pattern covers whole and that nobody of OT has
    seen, the newest first: as many as are missing to `wanted` that a person found harmless.
    """
    if wanted <= 0:
        return []
    start = now - CREDIT_PERIOD
    scope = where(rule_for(candidate.process, time_zone=candidate.time_zone, now=now))
    rows = ask(
        _COVERED.format(scope=f"({scope.text})"),
        (*scope.params, candidate.site_id, start, start, *scope.params, MAX_INCIDENTS),
    )
    covered = [row[0] for row in rows]
    looks = harmless_looks(covered)
    missing = min(wanted - len(set(looks.values())), limit)
    if missing <= 0:
        return []
    touched = {row[0] for row in ask(_TOUCHED, (covered, covered))}
    return [pk for pk in covered if pk not in touched and pk not in looks][:missing]
