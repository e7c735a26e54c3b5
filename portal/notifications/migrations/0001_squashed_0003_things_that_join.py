"""The tables of this room as 0003 leaves them, in one step. The files that it replaces bring the tables of
older releases there.
"""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from portal.squashed import SquashedMigration


class Migration(SquashedMigration):

    replaces = [('notifications', '0001_inbox_and_mail'), ('notifications', '0002_acts_that_can_be_untold'), ('notifications', '0003_things_that_join')]

    initial = True

    dependencies = [
        ('accounts', '0001_people_and_grants'),
    ]

    operations = [
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('subject', models.CharField(max_length=200)),
                ('body', models.TextField(blank=True)),
                ('path', models.CharField(max_length=300)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('made_at', models.DateTimeField()),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('act', models.UUIDField(blank=True, null=True)),
                ('parts', models.JSONField(blank=True, db_default=[], default=list)),
                ('to', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['to', '-made_at'], name='inbox_newest_first'), models.Index(condition=models.Q(('read_at', None)), fields=['to'], name='inbox_unread'), models.Index(condition=models.Q(('act__isnull', False)), fields=['act'], name='inbox_of_an_act')],
            },
        ),
        migrations.CreateModel(
            name='Mail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('dead', 'Given up')], default='waiting', max_length=8)),
                ('due_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('fence', models.PositiveIntegerField(default=0)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('latest_error', models.TextField(blank=True)),
                ('settled_at', models.DateTimeField(blank=True, null=True)),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('address', models.EmailField(max_length=254)),
                ('made_at', models.DateTimeField()),
                ('notification', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='mail', to='notifications.notification')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'running'])), fields=['due_at'], name='mails_owed')],
            },
        ),
    ]
