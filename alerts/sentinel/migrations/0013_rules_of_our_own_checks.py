"""Workspaces keep which analytics rules our own workflow checks made there."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Value


class Migration(migrations.Migration):
    dependencies: ClassVar = [("sentinel", "0012_ot_scope")]

    operations: ClassVar = [
        migrations.AddField(
            model_name="workspace",
            name="checks",
            field=models.JSONField(db_default=Value({}, models.JSONField()), default=dict),
        ),
    ]
