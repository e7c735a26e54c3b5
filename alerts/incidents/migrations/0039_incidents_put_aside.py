"""Until when people put incidents aside, and rows of the queue with them."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("incidents", "0038_keep_the_words_of_texts")]

    operations: ClassVar = [
        migrations.RunSQL("SET LOCAL lock_timeout = '3s'", ""),
        migrations.RunSQL("SET LOCAL statement_timeout = 0", ""),
        migrations.AddField("incident", "aside_until", models.DateTimeField(null=True)),
        migrations.AddField(
            "incident",
            "aside_by",
            models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
        migrations.AddField(
            "incident", "aside_facts", models.TextField(blank=True, db_default="", default="")
        ),
        migrations.AddField("group", "aside_until", models.DateTimeField(null=True)),
        migrations.AddField(
            "group",
            "aside_by",
            models.CharField(blank=True, db_default="", default="", max_length=120),
        ),
        migrations.AddIndex(
            "incident",
            models.Index(
                fields=["group_key"],
                condition=models.Q(aside_until__isnull=False),
                name="incidents_put_aside",
            ),
        ),
    ]
