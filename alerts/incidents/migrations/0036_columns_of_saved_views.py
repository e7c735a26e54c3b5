"""The columns with which a saved view opens."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("incidents", "0035_words_that_people_wrote")]

    operations: ClassVar = [
        migrations.RunSQL("SET LOCAL lock_timeout = '3s'", ""),
        migrations.AddField(
            "savedview",
            "columns",
            models.CharField(blank=True, db_default="", max_length=100),
        ),
    ]
