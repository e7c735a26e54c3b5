from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('outbox', '0003_what_rules_are_wanted'),
    ]

    operations = [
        migrations.AddField(
            model_name='change',
            name='playbook',
            field=models.CharField(blank=True, db_default='', max_length=400),
        ),
        migrations.AddField(
            model_name='change',
            name='sent_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='change',
            name='kind',
            field=models.CharField(choices=[('update', 'Change the incident'), ('comment', 'Add a comment'), ('playbook', 'Run a playbook')], max_length=8),
        ),
    ]
