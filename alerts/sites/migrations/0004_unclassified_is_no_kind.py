"""Forget "Unclassified" and "Unknown", which Defender for IoT writes where it knows no kind."""

from django.db import migrations

FORGET = "UPDATE sites_device SET kind = '' WHERE lower(kind) IN ('unclassified', 'unknown')"


class Migration(migrations.Migration):
    dependencies = [("sites", "0003_what_people_say")]
    operations = [
        migrations.RunSQL(["SET LOCAL lock_timeout = '3s'", FORGET], migrations.RunSQL.noop)
    ]
