"""Remember patterns and pairs as details arrive, so that lists need not count."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import md5

from alerts.incidents.ingest.alert_facts import AlertSummary
from alerts.incidents.ingest.pg_copy import times
from alerts.incidents.ingest.temp_tables import array
from alerts.incidents.models.group import PAIR_IS_NEW, PAIR_NEW_HOURS

# Workspace, site, two ends that an alert names there; when, and in which incident.
type PairSeen = tuple[int, int | None, str, str, datetime, int]
type Sighting = tuple[datetime, int]


@lru_cache(maxsize=8192)
def _pair_of(workspace_id: int, site_id: int | None, source: str, destination: str) -> str:
    """The same for the same two ends at the same place, whichever of them began."""
    ends = "\x1f".join(sorted((source.casefold(), destination.casefold())))
    said = f"{workspace_id}:{site_id}:{ends}"
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
# Since when these ends were seen together, and in which incident first. Tells the incidents whose
# pair is no longer new: history comes newest first, and others show it again. One that is seen all
# the time is written once more at most.
_AGAIN = """
    greatest(excluded.seen_again_at,
             CASE WHEN excluded.first_incident <> m.first_incident
                  THEN greatest(m.first_seen_at, excluded.first_seen_at) END)
"""
# Of two at the same moment the one with the smaller id, whichever comes first.
_IS_EARLIER = """
    (excluded.first_seen_at, excluded.first_incident) < (m.first_seen_at, m.first_incident)
"""
PAIRS = f"""
    INSERT INTO incidents_pairmemory AS m (pair, first_seen_at, first_incident, seen_again_at)
    SELECT pair, at, incident, again
    FROM unnest(%(pairs)s::uuid[], %(pairs_at)s::timestamptz[], %(pairs_in)s::bigint[],
                %(pairs_again)s::timestamptz[])
         AS w(pair, at, incident, again) ORDER BY pair
    ON CONFLICT (pair) DO UPDATE
    SET first_seen_at = least(m.first_seen_at, excluded.first_seen_at),
        first_incident = CASE WHEN {_IS_EARLIER} THEN excluded.first_incident
                              ELSE m.first_incident END,
        seen_again_at = greatest(m.seen_again_at, {_AGAIN})
    WHERE {_IS_EARLIER}
          OR {PAIR_IS_NEW.replace("p.", "m.")}
             AND {_AGAIN} >= m.first_seen_at + interval '{PAIR_NEW_HOURS} hours'
    RETURNING old.first_incident
"""


def pair_in(said: AlertSummary) -> tuple[int | None, str, str] | None:
    """Return the two devices that an alert names together, with their site. None where it names
    one, or more than two without telling who talks to whom.
    """
    if said.source and said.destination:
        return said.site_id, said.source, said.destination
    if said.source or said.destination:
        return None
    named = said.any_device or said.any_address
    return (said.site_id, *named) if len(named) == 2 else None


def first_of_pairs(seen: Iterable[PairSeen]) -> dict[str, str]:
    """Of these sightings the first of each pair, as what PAIRS asks for."""
    sightings: dict[str, list[Sighting]] = {}
    for workspace_id, site_id, source, destination, at, incident_id in seen:
        key = _pair_of(workspace_id, site_id, source, destination)
        sightings.setdefault(key, []).append((at, incident_id))
    first = {key: min(found) for key, found in sightings.items()}
    again = [_latest_elsewhere(found, first[key][1]) for key, found in sightings.items()]
    moments = times([at for at, _ in first.values()]) if first else ()
    return {
        "pairs": array(first),
        "pairs_at": array(moments),
        "pairs_in": array([incident_id for _, incident_id in first.values()]),
        "pairs_again": array(["NULL" if at is None else at.isoformat() for at in again]),
    }


def _latest_elsewhere(found: Sequence[Sighting], incident_id: int) -> datetime | None:
    """Return when an incident other than this one showed the pair last."""
    return max((at for at, other in found if other != incident_id), default=None)
