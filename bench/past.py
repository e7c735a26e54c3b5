"""The past of twelve plants, drawn in the database: 10,000 devices, n alerts within ninety days.

Nine alerts of ten belong to one of the 300 processes of a site: a device, a type of alert, a
protocol and six targets that are beside each other; every third process has working hours. The
tenth alert is chance: any two devices and any type, a few of them far busier than others. One
incident of nine holds two alerts, the others one; of five hundred alerts one was judged.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bench.setup import make_workspace

NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAYS: Final = 90
SITES: Final = 12
DEVICES: Final = 833  # of a site, in eight zones
PROCESSES: Final = 300  # of a site
KINDS: Final = (
    "PLC",
    "HMI",
    "Historian",
    "Engineering station",
    "Gateway",
    "RTU",
    "Switch",
    "Drive",
)
_TABLES: Final = ("incidents_incident", "incidents_alert", "incidents_incidentalert")


def fill(n: int) -> None:
    """Draw the past into an empty database; print on stderr how long that took."""
    from django.db import connection

    from portal.accounts.models import User

    began = time.perf_counter()
    workspace = make_workspace("bench-history", now=NOW)
    judge = User.objects.create_user("judge@demo.example", "Judge")
    params: dict[str, Any] = {
        "n": n,
        "start": NOW - timedelta(days=DAYS),
        "days": timedelta(days=DAYS),
        "sites": _make_sites(),
        "workspace": workspace.pk,
        "devices": DEVICES,
        "processes": PROCESSES,
        "kinds": list(KINDS),
        "judge": judge.pk,
    }
    with connection.cursor() as cursor, without_timeout():
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(_DRAW, params)
        with without_indexes(_TABLES):
            for statement in (_INCIDENTS, _ALERTS, _LINKS):
                cursor.execute(statement, params)
        cursor.execute(_VERDICTS, params)
        cursor.execute("DROP TABLE drawn")
        for table in _TABLES:
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), %s)", [n])
            cursor.execute(f"VACUUM ANALYZE {table}")
    print(f"Drew {n:,} alerts in {time.perf_counter() - began:.0f} s.", file=sys.stderr, flush=True)


def _make_sites() -> list[int]:
    from alerts.sites.models import Device, Site, Zone

    since = NOW - timedelta(days=365)
    sites = Site.objects.bulk_create(
        Site(name=f"Site {number}", time_zone="Europe/Warsaw") for number in range(SITES)
    )
    zones = Zone.objects.bulk_create(
        Zone(site=site, name=f"Zone {number}") for site in sites for number in range(8)
    )
    Device.objects.bulk_create(
        (
            Device(
                zone=zones[place * 8 + number // 105],
                name=f"DEV-{number:03}",
                address=f"10.{place}.{number // 250}.{number % 250}",
                kind=KINDS[number // 13 % 8],
                first_seen_at=since,
                latest_seen_at=NOW,
            )
            for place in range(SITES)
            for number in range(DEVICES)
        ),
        batch_size=2000,
    )
    return [site.pk for site in sites]


@contextmanager
def without_timeout() -> Iterator[None]:
    """Statements may take as long as they need inside the block."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        (usual,) = cursor.fetchone()
        cursor.execute("SELECT set_config('statement_timeout', '0', false)")
        yield
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [usual])


@contextmanager
def without_indexes(tables: Sequence[str]) -> Iterator[None]:
    """Leave out indexes and foreign keys of these tables while they are filled: made at the end
    they take a third of the time. Primary keys stay.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)"
            "  FROM pg_constraint"
            " WHERE contype IN ('f', 'u') AND conrelid::regclass::text = ANY(%s)",
            [list(tables)],
        )
        constraints = cursor.fetchall()
        for table, name, _definition in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE NOT indisprimary AND indrelid::regclass::text = ANY(%s)",
            [list(tables)],
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _name, definition in indexes:
            cursor.execute(definition)
        for table, name, definition in constraints:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


_DRAW = """
CREATE TEMP TABLE drawn AS
SELECT number, site, type, source, target, works, at,
       (%(sites)s::bigint[])[1 + site] AS site_id,
       'Alert type ' || type AS alert_type,
       (ARRAY['MODBUS', 'Siemens S7', 'CIP', 'DNP3'])[1 + protocol] AS protocol,
       'DEV-' || lpad(source::text, 3, '0') AS source_name,
       'DEV-' || lpad(target::text, 3, '0') AS target_name,
       format('10.%%s.%%s.%%s', site, source / 250, source %% 250) AS source_address,
       format('10.%%s.%%s.%%s', site, target / 250, target %% 250) AS target_address,
       (%(kinds)s::text[])[1 + source / 13 %% 8] AS source_kind,
       (%(kinds)s::text[])[1 + target / 13 %% 8] AS target_kind,
       'Zone ' || source / 105 AS source_zone, 'Zone ' || target / 105 AS target_zone
  FROM (SELECT number, site, works,
               CASE WHEN works THEN process * process %% 60 ELSE type END AS type,
               CASE WHEN works THEN process * 7 + 1 ELSE source END %% %(devices)s AS source,
               CASE WHEN works THEN process * 217 + 31 + sixth ELSE target END %% %(devices)s
                   AS target,
               CASE WHEN works THEN (process + 2) %% 4 ELSE fourth END AS protocol,
               CASE WHEN works AND process %% 3 = 1
                    THEN greatest(%(start)s, date_trunc('day', at) - interval '18 hours'
                                  + part * interval '8 hours')
                    ELSE at END AS at
          FROM (SELECT g AS number, random() < 0.9 AS works, random() AS part,
                       floor(random() * 12)::int AS site,
                       floor(power(random(), 2) * %(processes)s)::int AS process,
                       floor(random() * 6)::int AS sixth, floor(random() * 4)::int AS fourth,
                       least(floor(power(1 - random(), -1 / 0.7)) - 1, 59)::int AS type,
                       floor(power(random(), 3) * %(devices)s)::int AS source,
                       floor(power(random(), 3) * %(devices)s)::int AS target,
                       %(start)s::timestamptz + %(days)s::interval * (g - 1) / %(n)s AS at
                  FROM generate_series(1, %(n)s) g) dice) alerts
"""
_INCIDENTS = """
INSERT INTO incidents_incident (id, workspace_id, name, number, etag, title, severity, status,
    classification, classification_reason, owner_id, owner_name, owner_email, labels, created_at,
    modified_at, alerts_count, comments_count, product_names, tactics, techniques, flags,
    alert_type, protocol, source, destination, site_ids, place, details_state, details_attempts,
    entities_count, priority, priority_parts, ot_state, closed_by, owed, stored_at, changed_at)
SELECT number, %(workspace)s, 'bench-' || number, number, '', alert_type, 2, 3,
       CASE WHEN number %% 50000 = 7 THEN 'TruePositive' ELSE 'BenignPositive' END, '', '', '', '',
       '{}', at, at, CASE WHEN number %% 10 = 9 THEN 2 ELSE 1 END, 0, '{}', '{}', '{}', '{}',
       alert_type, protocol, source_name, target_name, ARRAY[site_id], 'Somewhere', 'fetched', 0,
       2, 0, '[]', '', '', 0, at, at
  FROM drawn WHERE number %% 10 <> 0 ORDER BY drawn.number
"""
_ALERTS = """
INSERT INTO incidents_alert (id, workspace_id, key, system_alert_id, sensor, site_id, alert_type,
    user_defined_title, engine, category, severity, protocol, function, techniques, tactics,
    product_name, source_device, source_address, source_kind, source_zone, destination_device,
    destination_address, destination_kind, destination_zone, any_device, any_address, at,
    plant_weekday, plant_minute, flags)
SELECT number, %(workspace)s, 'bench-' || number, '', '', site_id, alert_type, '', '', '', 2,
       protocol, '', '{}', '{}', '', source_name, source_address, source_kind, source_zone,
       target_name, target_address, target_kind, target_zone,
       CASE WHEN source = target THEN ARRAY[source_name] ELSE ARRAY[source_name, target_name] END,
       CASE WHEN source = target THEN ARRAY[source_address]
            ELSE ARRAY[source_address, target_address] END,
       at, extract(isodow FROM at AT TIME ZONE 'Europe/Warsaw')::int - 1,
       extract(hour FROM at AT TIME ZONE 'Europe/Warsaw')::int * 60, '{}'
  FROM drawn ORDER BY drawn.number
"""
_LINKS = """
INSERT INTO incidents_incidentalert (id, incident_id, alert_id)
SELECT number, CASE WHEN number %% 10 = 0 THEN number - 1 ELSE number END, number
  FROM drawn ORDER BY drawn.number
"""
_VERDICTS = """
WITH judged AS (
    INSERT INTO reviews_annotation (id, uuid, verdict, cause, work_order, done_by, note, by_id,
                                    given_at, key, act)
    SELECT number, gen_random_uuid(), 'routine', 'polling', '', '', '', %(judge)s, at,
           gen_random_uuid(), gen_random_uuid()
      FROM drawn WHERE works AND number %% 500 = 1 RETURNING id)
INSERT INTO reviews_annotation_incidents (annotation_id, incident_id) SELECT id, id FROM judged
"""
