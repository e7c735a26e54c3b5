"""Pairs are known by their two devices, whichever of them began: read them anew from the alerts."""

from hashlib import md5

from django.db import migrations

# The two devices that each alert names together, oldest first: with a direction its ends, else the
# only two.
_NAMED = """
    SELECT a.workspace_id, a.site_id, a.at, ia.incident_id, said.source, said.destination,
           said.named
    FROM incidents_alert a
    JOIN incidents_incidentalert ia ON ia.alert_id = a.id
    CROSS JOIN LATERAL (
        SELECT coalesce(nullif(a.source_device, ''), a.source_address) AS source,
               coalesce(nullif(a.destination_device, ''), a.destination_address) AS destination,
               CASE WHEN cardinality(a.any_device) > 0 THEN a.any_device
                    ELSE a.any_address END AS named) said
    ORDER BY a.at, ia.incident_id
"""
_STORE = """
    INSERT INTO incidents_pairmemory AS m (pair, first_seen_at, first_incident, seen_again_at)
    VALUES (%s, %s, %s, %s)
    ON CONFLICT (pair) DO UPDATE SET first_seen_at = excluded.first_seen_at,
        first_incident = excluded.first_incident, seen_again_at = excluded.seen_again_at
"""


def read_pairs(apps, schema_editor):
    connection = schema_editor.connection
    found = {}  # pair → when and where first, when again elsewhere
    with connection.chunked_cursor() as cursor:
        cursor.execute(_NAMED)
        for workspace_id, site_id, at, incident_id, source, destination, named in cursor:
            ends = (source, destination) if source and destination else ()
            if not source and not destination and len(named) == 2:
                ends = named
            if ends:
                key = _pair_of(workspace_id, site_id, *ends)
                first = found.setdefault(key, [at, incident_id, None])
                if incident_id != first[1]:
                    first[2] = at
    with connection.cursor() as cursor:
        cursor.executemany(_STORE, [(key, *first) for key, first in found.items()])


def _pair_of(workspace_id, site_id, one, other):
    ends = "\x1f".join(sorted((one.casefold(), other.casefold())))
    said = f"{workspace_id}:{site_id}:{ends}"
    return md5(said.encode(), usedforsecurity=False).hexdigest()


class Migration(migrations.Migration):

    dependencies = [("incidents", "0010_pairs_seen_again")]

    operations = [migrations.RunPython(read_pairs, migrations.RunPython.noop)]
