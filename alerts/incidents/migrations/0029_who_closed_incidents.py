"""By whom incidents were closed in Sentinel. It is known from now on, and of the past from the log
of a workspace that is read again.
"""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("incidents", "0028_incidents_stay_themselves")]

    operations: ClassVar = [
        migrations.RunSQL("SET LOCAL lock_timeout = '3s'", ""),
        migrations.CreateModel(
            name="IncidentCloser",
            fields=[
                (
                    "incident",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="closer",
                        serialize=False,
                        to="incidents.incident",
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("closed_at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["name", "closed_at"], name="closings_of_a_closer")
                ],
            },
        ),
    ]
