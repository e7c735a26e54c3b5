"""S12: how many verdicts of one person and hour count as evidence."""

from datetime import timedelta
from typing import Final

from django.db.models import Count, ExpressionWrapper, OuterRef, QuerySet, Subquery
from django.db.models.fields import DateTimeField

from alerts.reviews.models import Annotation

MAX_AN_HOUR: Final = 60


def without_flood(annotations: QuerySet[Annotation]) -> QuerySet[Annotation]:
    """Return those of the verdicts that count: of the first sixty of their person's last hour."""
    hour_before = ExpressionWrapper(
        OuterRef("given_at") - timedelta(hours=1), output_field=DateTimeField()
    )
    given = Annotation.objects.filter(
        by=OuterRef("by"), given_at__gt=hour_before, given_at__lte=OuterRef("given_at")
    )
    counted = given.order_by().values("by").annotate(n=Count("pk")).values("n")
    return annotations.annotate(given_in_hour=Subquery(counted)).filter(
        given_in_hour__lte=MAX_AN_HOUR
    )
