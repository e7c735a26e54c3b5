"""Store the words of comments and notes beside their texts. A word that many write is looked for
from the newest row on, and each row that has it not was taken apart anew.
"""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform

WRITTEN = ("note", "comment", "message", "question", "own", "reason", "work_order", "done_by")
HAVE_WORDS = ("commented", "closed", "asked", "answered", "handed-over", "escalated", "withdrawn")


def words_of(*texts):
    return models.GeneratedField(
        expression=SearchVector(*texts, config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )


class Migration(migrations.Migration):
    dependencies: ClassVar = [("incidents", "0037_acts_on_a_hundred_thousand")]

    operations: ClassVar = [
        migrations.RunSQL("SET LOCAL lock_timeout = '3s'", ""),
        migrations.RunSQL("SET LOCAL statement_timeout = 0", ""),
        migrations.RunSQL("DROP STATISTICS words_on_timelines", ""),
        migrations.RemoveIndex("comment", "words_of_comments"),
        migrations.RemoveIndex("timelineitem", "words_of_timelines"),
        migrations.AddField("comment", "words", words_of("message")),
        migrations.AddField(
            "timelineitem",
            "words",
            words_of(*(KeyTextTransform(key, "details") for key in WRITTEN)),
        ),
        migrations.AddIndex("comment", GinIndex(fields=["words"], name="words_of_comments")),
        migrations.AddIndex(
            "timelineitem",
            GinIndex(
                fields=["words"],
                condition=models.Q(code__in=HAVE_WORDS),
                name="words_of_timelines",
            ),
        ),
    ]
