from django.db import migrations, models

FORWARD = "SELECT others_may('backup_restore', 'SELECT, INSERT, UPDATE');"
BACK = "SELECT others_may('backup_restore', 'SELECT, INSERT, UPDATE, DELETE');"


class Migration(migrations.Migration):
    """Which backups were restored here; nobody but the owner of the tables forgets one."""

    initial = True
    dependencies = [("audit", "0004_guarded_record")]
    operations = [
        migrations.CreateModel(
            name="Restore",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("backup_made_at", models.DateTimeField()),
                ("backup_version", models.CharField(max_length=40)),
                ("record_seq", models.BigIntegerField()),
                ("record_hash", models.CharField(blank=True, max_length=64)),
                ("restored_at", models.DateTimeField()),
                ("restored_by_label", models.CharField(max_length=200)),
                ("compared_at", models.DateTimeField(null=True)),
                ("findings", models.JSONField(default=dict)),
                ("resumed_at", models.DateTimeField(null=True)),
                ("resumed_by_label", models.CharField(blank=True, max_length=200)),
                ("resumed_reason", models.TextField(blank=True)),
            ],
        ),
        migrations.RunSQL(FORWARD, BACK),
    ]
