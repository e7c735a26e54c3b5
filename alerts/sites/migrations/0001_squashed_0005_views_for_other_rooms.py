"""The tables of this room as of 0.2.0, in one step. The files that it replaces bring the tables of
older releases there.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from portal.squashed import SquashedMigration

VIEWS = """
CREATE VIEW sites_sites WITH (security_invoker = true) AS SELECT
    id, uuid, name, time_zone
FROM sites_site;
CREATE VIEW sites_zones WITH (security_invoker = true) AS SELECT
    id, site_id, name, purdue_level
FROM sites_zone;
CREATE VIEW sites_devices WITH (security_invoker = true) AS SELECT
    id, zone_id, address, name, kind, vendor, model, firmware, purdue_level,
    criticality, is_programming, is_scanner, is_authorized
FROM sites_device;
"""
NO_VIEWS = """
DROP VIEW sites_sites, sites_zones, sites_devices;
"""


class Migration(SquashedMigration):

    replaces = [('sites', '0001_where_things_stand'), ('sites', '0002_devices_by_address'), ('sites', '0003_what_people_say'), ('sites', '0004_unclassified_is_no_kind'), ('sites', '0005_views_for_other_rooms')]

    initial = True

    dependencies = [
        ('accounts', '0001_people_and_grants'),
    ]

    operations = [
        migrations.CreateModel(
            name='Site',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=120, unique=True)),
                ('time_zone', models.CharField(default='UTC', max_length=64)),
                ('control_room_phone', models.CharField(blank=True, max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name='DeviceFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('data', models.BinaryField()),
                ('made_at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Zone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('purdue_level', models.FloatField(blank=True, null=True)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='zones', to='sites.site')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('site', 'name'), name='a_site_names_its_zones_apart')],
            },
        ),
        migrations.CreateModel(
            name='Sensor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, unique=True)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sensors', to='sites.site')),
                ('zone', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='sites.zone')),
            ],
        ),
        migrations.CreateModel(
            name='Device',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.CharField(max_length=64)),
                ('name', models.CharField(blank=True, max_length=120)),
                ('kind', models.CharField(blank=True, max_length=80)),
                ('vendor', models.CharField(blank=True, max_length=120)),
                ('model', models.CharField(blank=True, max_length=120)),
                ('firmware', models.CharField(blank=True, max_length=120)),
                ('purdue_level', models.FloatField(blank=True, null=True)),
                ('criticality', models.CharField(choices=[('normal', 'Normal'), ('important', 'Important'), ('crown-jewel', 'Crown jewel'), ('safety', 'Safety system')], default='normal', max_length=12)),
                ('is_programming', models.BooleanField(null=True)),
                ('is_scanner', models.BooleanField(null=True)),
                ('is_authorized', models.BooleanField(null=True)),
                ('first_seen_at', models.DateTimeField()),
                ('latest_seen_at', models.DateTimeField()),
                ('role', models.CharField(blank=True, db_default='', default='', max_length=120)),
                ('set_by_people', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), blank=True, db_default=[], default=list)),
                ('zone', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='devices', to='sites.zone')),
            ],
            options={
                'indexes': [models.Index(fields=['name'], name='devices_by_name'), models.Index(fields=['address'], name='devices_by_address')],
                'constraints': [models.UniqueConstraint(fields=('zone', 'address'), name='an_address_in_a_zone_is_one_device')],
            },
        ),
        migrations.RunSQL(VIEWS, NO_VIEWS),
    ]
