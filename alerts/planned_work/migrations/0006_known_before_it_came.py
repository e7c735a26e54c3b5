"""Work of a file was known before it came here. What is stored was known since it came."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("planned_work", "0005_what_was_planned_stays")]

    operations: ClassVar = [
        migrations.RunSQL("SET LOCAL lock_timeout = '3s'", ""),
        migrations.AddField(
            model_name="occurrence",
            name="stored_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="occurrence",
            name="origin",
            field=models.CharField(
                choices=[("tagout", "tagout"), ("calendar", "calendar"), ("start", "start")],
                db_default="tagout",
                default="tagout",
                max_length=8,
            ),
        ),
    ]
