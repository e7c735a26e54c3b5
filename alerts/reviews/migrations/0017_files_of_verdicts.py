import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# Verdicts are written once; the owner of the table may fill in a new column of theirs. What was
# read at one moment came by one file; its name is in the record.
FORWARD = """
SET LOCAL lock_timeout = '3s';
INSERT INTO reviews_verdictfile (uuid, name, sha256, imported_at, imported_by_label)
SELECT gen_random_uuid(), coalesce(left(max(e.details->>'file'), 200), '?'),
       coalesce(left(max(e.details->>'sha256'), 64), ''), a.imported_at,
       coalesce(left(max(e.actor_label), 200), '?')
FROM (SELECT DISTINCT imported_at FROM reviews_annotation WHERE came_by = 'file') a
LEFT JOIN audit_entry e ON e.action = 'reviews.verdicts.imported' AND e.at = a.imported_at
GROUP BY a.imported_at;
ALTER TABLE reviews_annotation DISABLE TRIGGER verdict_is_written_once;
UPDATE reviews_annotation a SET file_id = f.id FROM reviews_verdictfile f
WHERE a.came_by = 'file' AND f.imported_at = a.imported_at;
ALTER TABLE reviews_annotation ENABLE TRIGGER verdict_is_written_once;
CREATE TRIGGER verdict_file_is_written_once BEFORE UPDATE ON reviews_verdictfile
    FOR EACH ROW EXECUTE FUNCTION refuse_changes_but();
CREATE TRIGGER file_confirmation_is_written_once BEFORE UPDATE ON reviews_fileconfirmation
    FOR EACH ROW WHEN (OLD.withdrawn_at IS NULL) EXECUTE FUNCTION refuse_changes_but('withdrawn_at');
CREATE TRIGGER withdrawn_confirmation_stays_so BEFORE UPDATE ON reviews_fileconfirmation
    FOR EACH ROW WHEN (OLD.withdrawn_at IS NOT NULL) EXECUTE FUNCTION refuse_changes_but();
"""
BACK = """
DROP TRIGGER withdrawn_confirmation_stays_so ON reviews_fileconfirmation;
DROP TRIGGER file_confirmation_is_written_once ON reviews_fileconfirmation;
DROP TRIGGER verdict_file_is_written_once ON reviews_verdictfile;
"""


class Migration(migrations.Migration):
    """Files of verdicts, and which lead of OT confirmed them for which site."""

    dependencies = [
        ('reviews', '0016_kinds_of_verdicts'),
        ('audit', '0004_guarded_record'),
        ('sites', '0002_devices_by_address'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='VerdictFile',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('imported_at', models.DateTimeField()),
                ('imported_by_label', models.CharField(max_length=200)),
                (
                    'imported_by',
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name='+',
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                'indexes': [
                    models.Index(fields=['-imported_at', '-id'], name='verdict_files_newest')
                ],
            },
        ),
        migrations.CreateModel(
            name='FileConfirmation',
            fields=[
                (
                    'id',
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name='ID'
                    ),
                ),
                ('confirmed_at', models.DateTimeField()),
                ('withdrawn_at', models.DateTimeField(null=True)),
                (
                    'by',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name='+',
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    'file',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name='confirmations',
                        to='reviews.verdictfile',
                    ),
                ),
                (
                    'site',
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name='+',
                        to='sites.site',
                    ),
                ),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(
                        condition=models.Q(('withdrawn_at', None)),
                        fields=('file', 'site'),
                        name='a_file_is_confirmed_once_for_a_site',
                    )
                ],
            },
        ),
        migrations.AddField(
            'verdict',
            'file',
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name='verdicts',
                to='reviews.verdictfile',
            ),
        ),
        migrations.RunSQL(FORWARD, BACK),
    ]
