import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sentinel', '0012_ot_scope'),
        ('suppression', '0013_what_watchlists_left_out'),
    ]

    operations = [
        migrations.CreateModel(
            name='WatchlistPeriod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.UUIDField()),
                ('body', models.JSONField()),
                ('began_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('changes', models.PositiveIntegerField(default=0)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sentinel.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', '-began_at'], name='periods_of_a_watchlist')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('workspace', 'name'), name='an_item_of_a_watchlist_has_one_form_at_a_time')],
            },
        ),
        migrations.DeleteModel(name='WatchlistDay'),
    ]
