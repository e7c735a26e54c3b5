from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('incidents', '0006_count_rare_tabs_by_index'),
        ('sentinel', '0002_credentials_and_reachability'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='group',
            name='queue_by_ot_state',
        ),
        migrations.AddIndex(
            model_name='group',
            index=models.Index(fields=['ot_state', 'ot_due_at'], name='queue_by_ot_state'),
        ),
        migrations.AddIndex(
            model_name='incident',
            index=models.Index(condition=models.Q(('status', 3)), fields=['workspace'], name='incidents_closed'),
        ),
    ]
