"""What alert types show of ATT&CK for ICS: the reviews that ship, and those of this deployment."""

from collections.abc import Mapping
from functools import cache

from django.conf import settings

from training.catalog.engine.reviews import NAME as REVIEWS
from training.catalog.engine.reviews import Review, load_reviews
from training.catalog.models import AlertTypeReview


@cache
def shipped_reviews() -> Mapping[str, Review]:
    """Return what Tagout's own authors say of each alert type, by title."""
    path = settings.BASE_DIR / "training" / "content" / REVIEWS
    return load_reviews(path.read_text(encoding="utf-8"))


def reviews_in_force() -> dict[str, Review]:
    """Return the review that holds for each alert type, by title: the latest of this deployment,
    or the shipped one.
    """
    rows = AlertTypeReview.objects.order_by("alert_type", "-reviewed_at", "-pk")
    return {**shipped_reviews()} | {
        row.alert_type: _review_of(row) for row in rows.distinct("alert_type")
    }


def reviews_of(alert_type: str) -> list[Review]:
    """Return all reviews of an alert type, the one that holds first; the shipped one is last."""
    rows = AlertTypeReview.objects.filter(alert_type=alert_type).order_by("-reviewed_at", "-pk")
    shipped = shipped_reviews().get(alert_type)
    return [_review_of(row) for row in rows] + ([shipped] if shipped else [])


def reviewed_techniques() -> dict[str, frozenset[str]]:
    """Return the techniques that each alert type counts at, by title and in today's ids."""
    return {title: each.current_techniques for title, each in reviews_in_force().items()}


def _review_of(row: AlertTypeReview) -> Review:
    return Review(
        alert_type=row.alert_type,
        techniques=tuple(row.techniques),
        note=row.note,
        reviewer=row.reviewer_name,
        attack_version=row.attack_version,
        reviewed_at=row.reviewed_at,
    )
