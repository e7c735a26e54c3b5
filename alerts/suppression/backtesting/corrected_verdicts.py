"""Verdicts of suspicious on what a rule matches that somebody corrected later."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from alerts.incidents.models import Incident
from alerts.reviews.models import Annotation, Verdict
from alerts.suppression.backtesting.fact_rows import Period, ask, inside
from alerts.suppression.engine import sql
from alerts.suppression.engine.rule import Rule

_FROM: Final = """
SELECT DISTINCT n.annotation_id FROM incidents_alert a
  JOIN reviews_annotation_alerts n ON n.alert_id = a.id
  JOIN reviews_annotation v ON v.id = n.annotation_id
 WHERE v.verdict = %s AND v.superseded_by_id IS NOT NULL AND v.withdrawn_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Correction:
    """One verdict that no longer holds, and the one that took its place."""

    incident: Incident
    first: Annotation
    then: Annotation

    @property
    def at(self) -> datetime:
        """When the incident was raised."""
        return self.incident.created_at


def corrections_inside(rule: Rule, period: Period) -> list[Correction]:
    """Return the corrections of the period's matches, the newest first."""
    scope = inside(period, sql.where(rule))
    found = ask(f"{_FROM} AND {scope.text}", (Verdict.SUSPICIOUS, *scope.params))
    given = Annotation.objects.filter(pk__in=[row[0] for row in found]).exclude(
        superseded_by__verdict=Verdict.SUSPICIOUS
    )
    rows = given.select_related("by", "superseded_by__by").prefetch_related("incidents")
    corrections = []
    for first in rows.order_by("-given_at", "-pk"):
        incident = next(iter(first.incidents.all()), None)
        if incident is not None and first.superseded_by is not None:
            corrections.append(Correction(incident, first, first.superseded_by))
    return corrections
