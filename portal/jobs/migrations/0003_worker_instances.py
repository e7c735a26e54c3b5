from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_circuit_breakers")]

    operations = [
        migrations.CreateModel(
            name="WorkerInstance",
            fields=[
                ("name", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("node", models.CharField(max_length=150)),
                ("queues", models.JSONField(default=list)),
                ("started_at", models.DateTimeField()),
                ("heard_at", models.DateTimeField()),
            ],
        ),
    ]
