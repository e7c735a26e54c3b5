"""Count the incidents of bulk acts beside their ids, and keep the ids uncompressed: each piece, and
each row that a piece adds to the outbox, reads them.
"""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import F, Func

STORE = "ALTER TABLE incidents_bulkact ALTER COLUMN incident_ids SET STORAGE {}"


class Migration(migrations.Migration):
    dependencies: ClassVar = [("incidents", "0036_columns_of_saved_views")]

    operations: ClassVar = [
        migrations.RunSQL("SET LOCAL lock_timeout = '3s'", ""),
        migrations.RunSQL(STORE.format("EXTERNAL"), STORE.format("EXTENDED")),
        migrations.AddField(
            "bulkact",
            "total",
            models.GeneratedField(
                expression=Func(F("incident_ids"), function="cardinality"),
                output_field=models.PositiveIntegerField(),
                db_persist=True,
            ),
        ),
    ]
