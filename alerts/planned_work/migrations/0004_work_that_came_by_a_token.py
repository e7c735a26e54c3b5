"""Work keeps whether it came by a token. What was planned before counts as planned by a person: how
it came is not known.
"""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("planned_work", "0003_what_boxed_alerts_of_before")]

    operations: ClassVar = [
        migrations.AddField(
            model_name=name,
            name="came_by_token",
            field=models.BooleanField(db_default=False, default=False),
        )
        for name in ("revision", "occurrence")
    ]
