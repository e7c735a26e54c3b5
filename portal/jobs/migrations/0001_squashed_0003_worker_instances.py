"""The tables of this room as of 0.2.0, in one step. The files that it replaces bring the tables of
older releases there.
"""

from django.db import migrations, models

from portal.squashed import SquashedMigration


class Migration(SquashedMigration):

    replaces = [('jobs', '0001_work_as_rows'), ('jobs', '0002_circuit_breakers'), ('jobs', '0003_worker_instances')]

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='CircuitBreaker',
            fields=[
                ('name', models.CharField(max_length=60, primary_key=True, serialize=False)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('open_until', models.DateTimeField(null=True)),
                ('failing_since', models.DateTimeField(null=True)),
                ('answered_at', models.DateTimeField(null=True)),
                ('latest_error', models.CharField(blank=True, max_length=500)),
            ],
        ),
        migrations.CreateModel(
            name='WorkerInstance',
            fields=[
                ('name', models.CharField(max_length=200, primary_key=True, serialize=False)),
                ('node', models.CharField(max_length=150)),
                ('queues', models.JSONField(default=list)),
                ('started_at', models.DateTimeField()),
                ('heard_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='ClockOffset',
            fields=[
                ('id', models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('seconds', models.FloatField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='the_clock_has_one_offset'), models.CheckConstraint(condition=models.Q(('seconds__gte', 0)), name='the_clock_never_goes_back')],
            },
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('dead', 'Given up')], default='waiting', max_length=8)),
                ('due_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('latest_error', models.TextField(blank=True)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('kind', models.CharField(max_length=40)),
                ('key', models.CharField(max_length=120)),
                ('payload', models.JSONField(default=dict)),
                ('made_at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'running'])), fields=['kind', 'due_at'], name='jobs_open_by_kind')],
                'constraints': [models.UniqueConstraint(fields=('kind', 'key'), name='a_job_of_a_kind_has_its_own_key')],
            },
        ),
    ]
