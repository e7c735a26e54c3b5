"""Which incidents of the last weeks OT should see so that the trial of a rule may count them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from alerts.patterns.engine.rule_text import rule_for
from alerts.patterns.models import Candidate
from alerts.suppression.backtesting.history_sql import ask
from alerts.suppression.engine.guards.lifecycle import CREDIT_PERIOD
from alerts.suppression.engine.sql import where
from alerts.suppression.watching.harmless import harmless_looks

MAX_INCIDENTS: Final = 200  # the newest; eight of them are enough
_COVERED: Final = """
(SELECT %s::bigint, l.incident_id FROM incidents_alert a
  JOIN incidents_incidentalert l ON l.alert_id = a.id
  JOIN incidents_incident i ON i.id = l.incident_id
 WHERE {scope} AND i.gone_at IS NULL AND i.merged_into IS NULL AND a.site_id = %s
   AND i.created_at >= %s AND a.at >= %s
   AND NOT EXISTS (SELECT FROM incidents_incidentalert o JOIN incidents_alert a ON a.id = o.alert_id
                    WHERE o.incident_id = i.id AND ({scope}) IS NOT TRUE)
 GROUP BY l.incident_id ORDER BY max(a.at) DESC, l.incident_id DESC LIMIT %s)
"""
_TOUCHED: Final = """
SELECT n.incident_id FROM reviews_annotation_incidents n
  JOIN reviews_annotation v ON v.id = n.annotation_id
 WHERE n.incident_id = ANY(%s) AND v.withdrawn_at IS NULL
UNION
SELECT q.incident_id FROM reviews_review_incidents q JOIN reviews_review r ON r.id = q.review_id
 WHERE q.incident_id = ANY(%s) AND r.state <> 'withdrawn'
"""


def incidents_for_trials(
    candidates: Sequence[Candidate], *, wanted: Mapping[int, int], now: datetime
) -> dict[int, list[int]]:
    """Return, by the key of each candidate, incidents of the last 28 days that the pattern covers
    whole and that nobody of OT has seen, the newest first: as many as are missing to `wanted` that
    a person found harmless. No incident is named twice.
    """
    covered = _covered(candidates, now=now)
    everything = [incident for incidents in covered.values() for incident in incidents]
    looks = harmless_looks(everything)
    seen = {row[0] for row in ask(_TOUCHED, (everything, everything))} | looks.keys()
    found: dict[int, list[int]] = {}
    for candidate, incidents in covered.items():
        counted = len({looks[incident] for incident in incidents if incident in looks})
        missing = max(wanted[candidate] - counted, 0)
        found[candidate] = [each for each in incidents if each not in seen][:missing]
        seen.update(found[candidate])
    return found


def _covered(candidates: Sequence[Candidate], *, now: datetime) -> dict[int, list[int]]:
    """Return, by the key of each candidate, the newest incidents that it covers whole."""
    start, params, texts = now - CREDIT_PERIOD, [], []
    for candidate in candidates:
        scope = where(rule_for(candidate.process, time_zone=candidate.time_zone, now=now))
        texts.append(_COVERED.format(scope=f"({scope.text})"))
        params += [
            candidate.pk,
            *scope.params,
            candidate.site_id,
            start,
            start,
            *scope.params,
            MAX_INCIDENTS,
        ]
    covered: dict[int, list[int]] = {candidate.pk: [] for candidate in candidates}
    for candidate, incident in ask(" UNION ALL ".join(texts), params) if texts else []:
        covered[candidate].append(incident)
    return covered
