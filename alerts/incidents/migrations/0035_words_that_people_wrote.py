"""Find comments, notes and reasons by their words."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform

WRITTEN = ("note", "comment", "message", "question", "own", "reason", "work_order", "done_by")

# PostgreSQL plans with the statistics of a whole index, not with those of a part: without these a
# word that everybody writes is fetched a million times instead of walked from the newest.
COUNTED = " || ' ' || ".join(f"COALESCE(details ->> '{key}', '')" for key in WRITTEN)
COUNT_WORDS = f"""
    CREATE STATISTICS words_on_timelines ON (to_tsvector('simple'::regconfig, {COUNTED}))
    FROM incidents_timelineitem
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("incidents", "0034_saved_views")]

    operations: ClassVar = [
        migrations.RunSQL("SET LOCAL lock_timeout = '3s'", ""),
        migrations.RunSQL("SET LOCAL statement_timeout = 0", ""),
        migrations.AddIndex(
            "comment",
            GinIndex(SearchVector("message", config="simple"), name="words_of_comments"),
        ),
        migrations.AddIndex(
            "timelineitem",
            GinIndex(
                SearchVector(
                    *(KeyTextTransform(key, "details") for key in WRITTEN), config="simple"
                ),
                condition=models.Q(
                    code__in=(
                        "commented",
                        "closed",
                        "asked",
                        "answered",
                        "handed-over",
                        "escalated",
                        "withdrawn",
                    )
                ),
                name="words_of_timelines",
            ),
        ),
        migrations.RunSQL(COUNT_WORDS, "DROP STATISTICS IF EXISTS words_on_timelines"),
    ]
