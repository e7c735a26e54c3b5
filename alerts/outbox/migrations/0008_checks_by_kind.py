from django.db import migrations, models


class Migration(migrations.Migration):
    """What is asked before a change is sent is said by its kind, in code."""

    dependencies = [
        ('outbox', '0007_what_is_wanted_in_a_watchlist'),
    ]

    operations = [
        migrations.AlterField(
            model_name='change',
            name='kind',
            field=models.CharField(choices=[('update', 'Change the incident'), ('comment', 'Add a comment'), ('playbook', 'Run a playbook'), ('task', 'Write a task'), ('close', 'Close in the name of rules'), ('tag', 'Label in the name of rules')], max_length=8),
        ),
        migrations.AddField(
            model_name='change',
            name='run_uuid',
            field=models.UUIDField(null=True),
        ),
    ]
