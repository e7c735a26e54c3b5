"""Incidents with an entity that no alert of theirs names: for whoever weighs many at once."""

from collections.abc import Collection
from typing import Any, Final

from django.db import connection

# The names by which an alert could mean an entity: its label, where it is a device or an address,
# and what the inventory calls it. What a named entity is made of, its network cards, is named too;
# what only such a part leads to is not looked for.
_UNNAMED: Final = """
WITH named AS MATERIALIZED (
SELECT e.id, e.incident_id, e.kind, e.body, EXISTS (
       SELECT FROM incidents_incidentalert l JOIN incidents_alert a ON a.id = l.alert_id
        CROSS JOIN LATERAL unnest(ARRAY[a.source_device, a.source_address,
              a.destination_device, a.destination_address]
              || a.any_device || a.any_address) AS x(name)
        WHERE l.incident_id = e.incident_id AND x.name <> ''
          AND lower(x.name) IN (lower(d.name), lower(d.address),
              CASE WHEN e.kind = ANY(%(labelled)s) THEN lower(e.label) END)) AS is_named
  FROM incidents_entity e LEFT JOIN sites_devices d ON d.id = e.device_id
 WHERE e.incident_id = ANY(%(ids)s::bigint[])
), parts AS (
SELECT n.incident_id,
       jsonb_path_query(member.value, '$[*] ? (@.type() == "string" && @ != "")') AS id
  FROM named n CROSS JOIN LATERAL jsonb_each(
       CASE WHEN jsonb_typeof(n.body -> 'properties') = 'object' THEN n.body -> 'properties' END
       ) AS member
 WHERE n.is_named AND member.key ~ 'EntityIds?$'
)
SELECT DISTINCT n.incident_id
  FROM named n LEFT JOIN parts p ON p.incident_id = n.incident_id AND p.id = n.body -> 'id'
 WHERE n.kind <> ALL(%(kinds)s)
    OR n.kind <> ALL(%(but)s) AND NOT n.is_named AND p.id IS NULL
"""


def incidents_with_unnamed_entities(
    incident_ids: Collection[int],
    *,
    kinds: Collection[str],
    labelled: Collection[str],
    but: Collection[str],
) -> set[int]:
    """Return those of these incidents with an entity of none of these `kinds`, or one that no alert
    names and that is of none of the kinds in `but`. `labelled` are the kinds whose label is a name.
    """
    params: dict[str, Any] = {
        "ids": "{" + ",".join(map(str, incident_ids)) + "}",
        "kinds": list(kinds),
        "labelled": list(labelled),
        "but": list(but),
    }
    with connection.cursor() as cursor:
        cursor.execute(_UNNAMED, params)
        return {pk for (pk,) in cursor.fetchall()}
