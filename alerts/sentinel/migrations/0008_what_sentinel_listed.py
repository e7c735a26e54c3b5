from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sentinel', '0007_status_sync'),
    ]

    operations = [
        migrations.AddField(
            model_name='defenderincident',
            name='listed',
            field=models.JSONField(null=True),
        ),
        migrations.RemoveField(
            model_name='defenderincident',
            name='owner',
        ),
    ]
