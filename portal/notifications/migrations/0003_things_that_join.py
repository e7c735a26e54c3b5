from django.db import migrations, models


class Migration(migrations.Migration):
    """What one notification is about, where several things come together."""

    dependencies = [
        ('notifications', '0002_acts_that_can_be_untold'),
    ]

    operations = [
        migrations.RunSQL("SET LOCAL lock_timeout = '3s'", migrations.RunSQL.noop),
        migrations.AddField(
            model_name='notification',
            name='parts',
            field=models.JSONField(blank=True, db_default=[], default=list),
        ),
    ]
