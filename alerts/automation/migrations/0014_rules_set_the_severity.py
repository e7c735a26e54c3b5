"""A rule that is made here may set the severity; why a lower one is kept with it."""

from typing import ClassVar

from django.db import migrations, models

EFFECTS = [
    ("playbook", "Run a playbook"),
    ("assign", "Assign it to the OT team"),
    ("severity", "Set the severity"),
    ("enrich", "Add a label and a task"),
]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("automation", "0013_consents_are_written_once")]

    operations: ClassVar = [
        migrations.RunSQL("SET LOCAL lock_timeout = '3s'", ""),
        migrations.AddField(
            model_name="maderule",
            name="reason",
            field=models.TextField(blank=True, default="", db_default=""),
        ),
        migrations.AlterField(
            model_name="maderule",
            name="effect",
            field=models.CharField(choices=EFFECTS, max_length=8),
        ),
    ]
