"""Reads of this room."""

from alerts.reviews.queries.asked import (
    WAITING_INCIDENTS,
    Answer,
    Place,
    annotations_in_force,
    annotations_visible_to,
    answers_to,
    newest_verdict_on,
    next_waiting,
    open_review_on,
    place_in_line,
    reviews_visible_to,
    verdict_on,
    waiting_for,
    waiting_incidents_of,
)
from alerts.reviews.queries.asking import AskPreview, people_asked_at, previews_of_asking
from alerts.reviews.queries.facts import (
    Ends,
    Facts,
    PatternHistory,
    ends_of,
    facts_of,
    history_of_pattern,
)
from alerts.reviews.queries.suspicions import Suspicion, suspicions_on

__all__ = [
    "WAITING_INCIDENTS",
    "Answer",
    "AskPreview",
    "Ends",
    "Facts",
    "PatternHistory",
    "Place",
    "Suspicion",
    "annotations_in_force",
    "annotations_visible_to",
    "answers_to",
    "ends_of",
    "facts_of",
    "history_of_pattern",
    "newest_verdict_on",
    "next_waiting",
    "open_review_on",
    "people_asked_at",
    "place_in_line",
    "previews_of_asking",
    "reviews_visible_to",
    "suspicions_on",
    "verdict_on",
    "waiting_for",
    "waiting_incidents_of",
]
