"""Look at each workspace at once. A title proves the type of an alert only where the analytics rule
that wrote it was read for that, which a look of 0.2.0 did not do; the next would come within a day.
"""

from typing import Any

from django.db import migrations
from django.db.models.functions import Now


def look_at_once(apps: Any, _schema_editor: Any) -> None:
    """Have the looks that wait begin now."""
    jobs = apps.get_model("jobs", "Job").objects
    jobs.filter(kind="readiness.read", state="waiting").update(due_at=Now())


class Migration(migrations.Migration):
    dependencies = [
        ("readiness", "0002_more_setup_steps"),
        ("jobs", "0001_work_as_rows"),
    ]

    operations = [migrations.RunPython(look_at_once, migrations.RunPython.noop, elidable=True)]
