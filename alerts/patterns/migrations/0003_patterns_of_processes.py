import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import alerts.patterns.models


class Migration(migrations.Migration):

    dependencies = [
        ('patterns', '0002_what_was_said_outside_the_hours'),
        ('sites', '0002_devices_by_address'),
    ]

    operations = [
        migrations.CreateModel(
            name='SiteMining',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('history_days', models.PositiveIntegerField()),
                ('alerts', models.PositiveIntegerField()),
                ('incidents', models.PositiveIntegerField()),
                ('verdicts', models.PositiveIntegerField()),
                ('patterns', models.PositiveIntegerField()),
                ('living_incidents', models.PositiveIntegerField()),
                ('plan_incidents', models.PositiveIntegerField()),
                ('mining', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sites', to='patterns.mining')),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sites.site')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('mining', 'site'), name='a_mining_counts_a_site_once')],
            },
        ),
        migrations.AddField('candidate', 'title', models.CharField(default='', max_length=200), preserve_default=False),
        migrations.AddField('candidate', 'pattern', models.JSONField(default=dict, validators=[alerts.patterns.models.check_pattern]), preserve_default=False),
        migrations.AddField('candidate', 'alert_types', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None), preserve_default=False),
        migrations.AddField('candidate', 'search_text', models.TextField(blank=True, default=''), preserve_default=False),
        migrations.AddField('candidate', 'type_figures', models.JSONField(default=list)),
        migrations.AddField('candidate', 'member_figures', models.JSONField(default=dict)),
        migrations.AddField('candidate', 'reasons', models.JSONField(default=list)),
        migrations.AddField('candidate', 'obstacles', models.JSONField(default=list)),
        migrations.AddField('candidate', 'closings', models.PositiveIntegerField(default=0)),
        migrations.AddField('candidate', 'people', models.PositiveSmallIntegerField(default=0)),
        migrations.AddField('candidate', 'judged_share', models.FloatField(default=0)),
        migrations.AddField('candidate', 'has_enough_evidence', models.BooleanField(default=False)),
        migrations.AddField('candidate', 'open_units', models.JSONField(default=list)),
        migrations.AddField('candidate', 'annotations', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, default=list, size=None)),
        migrations.AddField('candidate', 'plan_order', models.PositiveSmallIntegerField(null=True)),
        migrations.AddField('candidate', 'plan_gain', models.PositiveIntegerField(default=0)),
        migrations.AddField('candidate', 'plan_share', models.FloatField(default=0)),
        migrations.AddIndex('candidate', models.Index(condition=models.Q(('plan_order__isnull', False)), fields=['site', 'plan_order'], name='candidates_by_plan')),
    ]
