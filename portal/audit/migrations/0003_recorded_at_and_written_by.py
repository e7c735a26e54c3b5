from django.db import migrations, models


class Migration(migrations.Migration):
    """What the database itself says of an entry; empty in those that were written before."""

    dependencies = [("audit", "0002_chain")]
    operations = [
        migrations.AddField(
            "entry", "recorded_at", models.DateTimeField(editable=False, null=True)
        ),
        migrations.AddField(
            "entry", "written_by",
            models.CharField(db_default="", default="", editable=False, max_length=63),
        ),
    ]
