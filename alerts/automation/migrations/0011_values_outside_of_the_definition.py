"""Playbooks whose definition does not hold all that decides what they do."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("automation", "0010_what_was_asked_for_stays")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="playbook",
            name="has_hidden_values",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
