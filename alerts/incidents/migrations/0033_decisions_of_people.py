"""Count what people decide by an index: acts on what rows of the queue show."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies: ClassVar = [("incidents", "0032_storms_fold")]

    operations: ClassVar = [
        migrations.RunSQL("SET LOCAL lock_timeout = '3s'", ""),
        migrations.RunSQL("SET LOCAL statement_timeout = 0", ""),
        migrations.AddIndex(
            "timelineitem",
            models.Index(
                fields=["at"],
                include=["incident", "act", "code"],
                condition=(
                    Q(
                        act__isnull=False,
                        by__isnull=False,
                        code__in=("closed", "asked", "answered", "escalated", "undone"),
                    )
                    & ~Q(details__has_key="by_token")
                    & ~Q(details__has_key="imported")
                ),
                name="timeline_decisions",
            ),
        ),
    ]
