from django.db import migrations

GONE = (
    "alert_type",
    "own_title",
    "source_device",
    "source_address",
    "destination_device",
    "destination_address",
    "devices",
    "addresses",
    "severity",
    "window_days",
    "window_start",
    "window_end",
    "outside",
    "cannot",
)


class Migration(migrations.Migration):
    dependencies = [
        ("patterns", "0004_keep_what_people_decided"),
    ]

    operations = [migrations.RemoveField("candidate", name) for name in GONE]
