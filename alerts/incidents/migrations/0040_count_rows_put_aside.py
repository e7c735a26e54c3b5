"""An index of the rows that are put aside: every page of the queue counts them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("incidents", "0039_incidents_put_aside")]

    operations = [
        migrations.RunSQL("SET LOCAL lock_timeout = '3s'", ""),
        migrations.AddIndex(
            "group",
            models.Index(
                fields=["aside_until"],
                condition=models.Q(aside_until__isnull=False),
                name="queue_put_aside",
            ),
        ),
    ]
