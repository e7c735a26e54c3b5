"""The tables of this room as of 0.2.0, in one step. The files that it replaces bring the tables of
older releases there.
"""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from portal.squashed import SquashedMigration

FORWARD = """
CREATE TRIGGER accesses_are_written_once BEFORE UPDATE ON captures_captureaccess
    FOR EACH ROW EXECUTE FUNCTION refuse_changes_but();
"""


class Migration(SquashedMigration):

    replaces = [('captures', '0001_captures_of_incidents'), ('captures', '0002_accesses_are_written_once')]

    initial = True

    dependencies = [
        ('accounts', '0001_people_and_grants'),
        ('audit', '0004_guarded_record'),
        ('incidents', '0020_unclassified_is_no_kind'),
    ]

    operations = [
        migrations.CreateModel(
            name='Capture',
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
                ('name', models.CharField(max_length=120)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('format', models.CharField(max_length=8)),
                ('size', models.PositiveBigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('attached_at', models.DateTimeField()),
                ('trouble', models.TextField(blank=True)),
                ('removed_at', models.DateTimeField(blank=True, null=True)),
                ('removal_reason', models.CharField(blank=True, max_length=200)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='captures', to='incidents.incident')),
                ('removed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'running'])), fields=['due_at'], name='captures_in_quarantine'), models.Index(condition=models.Q(('removed_at', None)), fields=['attached_at'], name='captures_by_age')],
                'constraints': [models.CheckConstraint(condition=models.Q(('format__in', ['pcap', 'pcapng'])), name='a_capture_is_pcap_or_pcapng'), models.UniqueConstraint(condition=models.Q(('removed_at', None)), fields=('incident', 'sha256'), name='a_file_is_attached_to_an_incident_once')],
            },
        ),
        migrations.CreateModel(
            name='CaptureAccess',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('opened', 'opened it'), ('values', 'looked at its values'), ('downloaded', 'downloaded it')], max_length=10)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('capture', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='accesses', to='captures.capture')),
            ],
            options={
                'indexes': [models.Index(fields=['capture', '-at'], name='accesses_of_a_capture')],
            },
        ),
        migrations.CreateModel(
            name='CapturePart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('file', 'File'), ('summary', 'Summary'), ('operations', 'Operations'), ('frames', 'Frames')], max_length=10)),
                ('number', models.PositiveIntegerField()),
                ('data', models.BinaryField()),
                ('capture', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='captures.capture')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('capture', 'kind', 'number'), name='a_part_of_a_capture_has_its_own_number')],
            },
        ),
        migrations.RunSQL(FORWARD, migrations.RunSQL.noop),
    ]
