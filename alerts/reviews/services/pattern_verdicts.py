"""What patterns remember of OT's verdicts, counted from the verdicts that hold.

Nothing is added or taken away here: whatever came, was undone or was superseded, and in whichever
order, the memory is what the verdicts in force come to.
"""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from django.db.models import Count, F

from alerts.incidents.ingest.ot import (
    LatestVerdict,
    PatternVerdicts,
    lock_pattern_memory,
    set_pattern_verdicts,
)
from alerts.incidents.models import Incident
from alerts.reviews.engine.causes import cause as cause_of
from alerts.reviews.models import Annotation
from alerts.reviews.queries import annotations_in_force


def recount_patterns(patterns: Collection[UUID]) -> None:
    """Bring what is remembered of these patterns in line with the verdicts in force. Each verdict
    is one trial, however many incidents it covers; the newest is the one that was given last.
    """
    if not patterns:
        return
    lock_pattern_memory(patterns)
    in_force = annotations_in_force().filter(incidents__pattern__in=patterns)
    by_pattern = in_force.annotate(pattern=F("incidents__pattern"))
    counts: dict[UUID, dict[str, int]] = defaultdict(dict)
    counted = by_pattern.values_list("pattern", "verdict").annotate(n=Count("pk", distinct=True))
    for pattern, verdict, n in counted.order_by():
        counts[pattern][verdict] = n
    newest = by_pattern.select_related("by").order_by("pattern", "-given_at", "-pk")
    latest = {row.pattern: latest_verdict_of(row) for row in newest.distinct("pattern")}
    set_pattern_verdicts(
        {
            pattern: PatternVerdicts(counts.get(pattern, {}), latest.get(pattern))
            for pattern in patterns
        }
    )


def patterns_of(annotation_ids: Collection[int]) -> set[UUID]:
    """Return the patterns of the incidents that these verdicts cover."""
    incidents = Incident.objects.filter(annotations__in=annotation_ids).order_by()
    return {each for each in incidents.values_list("pattern", flat=True) if each}


def latest_verdict_of(annotation: Annotation) -> LatestVerdict:
    """Return a verdict as its pattern remembers it: with the note, or the words of the cause."""
    return LatestVerdict(
        annotation.verdict,
        annotation.by.name,
        annotation.given_at,
        annotation.note or cause_words(annotation.cause),
    )


def cause_words(cause: str) -> str:
    """Return the words of a cause in the language of Sentinel's readers."""
    known = cause_of(cause)
    return known.label() if known else cause
