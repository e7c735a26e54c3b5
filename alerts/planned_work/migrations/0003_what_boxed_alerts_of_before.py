from datetime import timedelta
from typing import Any

from django.db import migrations
from django.db.models import F

DAY = timedelta(days=1)
BATCH = 5000


def fill_in(apps: Any, schema_editor: Any) -> None:
    """Alerts beside one-off work of a day at most that was planned before it began were boxed."""
    occurrences = apps.get_model("planned_work", "Occurrence").objects.filter(
        revision__rule="",
        revision__dates={},
        revision__zone=None,
        known_from__lte=F("starts_at"),
        ends_at__lte=F("starts_at") + DAY,
    )
    rows = apps.get_model("incidents", "PlannedAlert").objects.filter(fit="inside")
    uuids = list(occurrences.values_list("uuid", flat=True))
    for start in range(0, len(uuids), BATCH):
        rows.filter(occurrence__in=uuids[start : start + BATCH]).update(boxes=True)


class Migration(migrations.Migration):
    """What boxed alerts of before stays so; recurring and long work needs a second person now."""

    dependencies = [
        ("planned_work", "0002_second_persons"),
        ("incidents", "0027_what_boxes_an_alert"),
    ]
    operations = [migrations.RunPython(fill_in, migrations.RunPython.noop)]
