from django.db import migrations, models


class Migration(migrations.Migration):
    """Each answer says whether it was the person's first right one at the question."""

    dependencies = [("progress", "0003_notes_on_lessons")]
    operations = [
        migrations.RunSQL("SET LOCAL lock_timeout = '3s'", migrations.RunSQL.noop),
        migrations.AddField(
            model_name="attempt",
            name="is_first_right",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
