"""Remember patterns and pairs as details arrive, so that lists need not count."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from hashlib import md5

from alerts.incidents.services.copying import times
from alerts.incidents.services.stages import array

# Workspace, site, two ends that an alert names there; when, and in which incident.
type PairSeen = tuple[int, int | None, str, str, datetime, int]


@lru_cache(maxsize=8192)
def _pair_of(workspace_id: int, site_id: int | None, source: str, destination: str) -> str:
    """The same for the same two ends at the same place."""
    said = f"{workspace_id}:{site_id}:{source.casefold()}\x1f{destination.casefold()}"
    return md5(said.encode(), usedforsecurity=False).hexdigest()


# The row of the incident still says which pattern it had.
_CHANGED = """
    FROM unnest(%(ids)s::bigint[], %(patterns)s::uuid[]) AS w(id, pattern)
    JOIN incidents_incident i USING (id) WHERE i.pattern IS DISTINCT FROM w.pattern
"""
# Counts incidents of patterns, and takes those back that turned out to be of another one. To be
# said before the incidents' rows say so.
PATTERNS = f"""
    INSERT INTO incidents_patternmemory AS m (pattern, first_seen_at, latest_seen_at, seen, routine,
        maintenance, suspicious, not_sure, latest_verdict_by, latest_verdict, latest_note)
    SELECT w.pattern, min(i.created_at), max(i.created_at), count(*), 0, 0, 0, 0, '', '', ''
    {_CHANGED} GROUP BY w.pattern ORDER BY w.pattern
    ON CONFLICT (pattern) DO UPDATE SET seen = greatest(m.seen + excluded.seen, 0),
        first_seen_at = least(m.first_seen_at, excluded.first_seen_at),
        latest_seen_at = greatest(m.latest_seen_at, excluded.latest_seen_at);
    UPDATE incidents_patternmemory m SET seen = greatest(m.seen - was.n, 0)
    FROM (SELECT i.pattern, count(*) AS n {_CHANGED} AND i.pattern IS NOT NULL GROUP BY i.pattern)
         AS was
    WHERE m.pattern = was.pattern
"""
# Since when these ends were seen talking, and in which incident first. Tells the incidents that
# were thought to be the first and are no more: history comes newest first.
PAIRS = """
    INSERT INTO incidents_pairmemory AS m (pair, first_seen_at, first_incident)
    SELECT pair, at, incident
    FROM unnest(%(pairs)s::uuid[], %(pairs_at)s::timestamptz[], %(pairs_in)s::bigint[])
         AS w(pair, at, incident) ORDER BY pair
    ON CONFLICT (pair) DO UPDATE
    SET first_seen_at = excluded.first_seen_at, first_incident = excluded.first_incident
    WHERE excluded.first_seen_at < m.first_seen_at
    RETURNING old.first_incident
"""


def first_of_pairs(seen: Iterable[PairSeen]) -> dict[str, str]:
    """Of these sightings the first of each pair, as what PAIRS asks for."""
    first: dict[str, tuple[datetime, int]] = {}
    for workspace_id, site_id, source, destination, at, incident_id in seen:
        key, now = _pair_of(workspace_id, site_id, source, destination), (at, incident_id)
        if first.setdefault(key, now) > now:
            first[key] = now
    moments = times([at for at, _ in first.values()]) if first else ()
    return {
        "pairs": array(first),
        "pairs_at": array(moments),
        "pairs_in": array([incident_id for _, incident_id in first.values()]),
    }
