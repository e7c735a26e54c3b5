"""Remember patterns and pairs as details arrive, so that lists need not count."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from hashlib import md5
from typing import NamedTuple

from django.db import connection

from alerts.incidents.services.copying import moment
from alerts.incidents.services.stages import array


class PatternSeen(NamedTuple):
    """An incident whose pattern became known, or became another one."""

    old: str | None
    new: str
    created_at: datetime


class PairSeen(NamedTuple):
    """Two ends that an alert names, at a place."""

    workspace_id: int
    site_id: int | None
    source: str
    destination: str
    at: datetime
    incident_id: int


@lru_cache(maxsize=8192)
def _pair_of(workspace_id: int, site_id: int | None, source: str, destination: str) -> str:
    """The same for the same two ends at the same place."""
    said = f"{workspace_id}:{site_id}:{source.casefold()}\x1f{destination.casefold()}"
    return md5(said.encode(), usedforsecurity=False).hexdigest()


_PATTERNS = """
    INSERT INTO incidents_patternmemory AS m (pattern, first_seen_at, latest_seen_at, seen, routine,
        maintenance, suspicious, not_sure, latest_verdict_by, latest_verdict, latest_note)
    SELECT pattern, first_at, latest_at, greatest(seen, 0), 0, 0, 0, 0, '', '', ''
    FROM unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[], %s::int[])
         AS w(pattern, first_at, latest_at, seen)
    ORDER BY pattern
    ON CONFLICT (pattern) DO UPDATE SET seen = greatest(m.seen + excluded.seen, 0),
        first_seen_at = least(m.first_seen_at, excluded.first_seen_at),
        latest_seen_at = greatest(m.latest_seen_at, excluded.latest_seen_at)
"""
_LEFT = """
    UPDATE incidents_patternmemory m SET seen = greatest(m.seen - w.n, 0)
    FROM unnest(%s::uuid[], %s::int[]) AS w(pattern, n) WHERE m.pattern = w.pattern
"""
_PAIRS = """
    INSERT INTO incidents_pairmemory AS m (pair, first_seen_at, first_incident)
    SELECT pair, at, incident FROM unnest(%s::uuid[], %s::timestamptz[], %s::bigint[])
         AS w(pair, at, incident) ORDER BY pair
    ON CONFLICT (pair) DO UPDATE
    SET first_seen_at = excluded.first_seen_at, first_incident = excluded.first_incident
    WHERE excluded.first_seen_at < m.first_seen_at
    RETURNING old.first_incident
"""


def remember_patterns(*, seen: Iterable[PatternSeen]) -> None:
    """Count incidents of patterns, and take those back that turned out to be of another one."""
    moments: dict[str, list[datetime]] = defaultdict(list)
    left: dict[str, int] = defaultdict(int)
    for one in seen:
        if one.old == one.new:
            continue
        moments[one.new].append(one.created_at)
        if one.old is not None:
            left[one.old] += 1
    with connection.cursor() as cursor:
        if moments:
            whens = moments.values()
            first, latest = (array(map(moment, map(each, whens))) for each in (min, max))
            cursor.execute(_PATTERNS, (array(moments), first, latest, array(map(len, whens))))
        if left:
            cursor.execute(_LEFT, (array(left), array(left.values())))


def remember_pairs(*, seen: Iterable[PairSeen]) -> set[int]:
    """Since when these ends were seen talking, and in which incident first. Returns the incidents
    that were thought to be the first and are no more: history comes newest first.
    """
    first: dict[str, tuple[datetime, int]] = {}
    for pair in seen:
        key, now = _pair_of(*pair[:4]), (pair.at, pair.incident_id)
        if first.setdefault(key, now) > now:
            first[key] = now
    if not first:
        return set()
    moments = array([moment(at) for at, _ in first.values()])
    incidents = array([incident_id for _, incident_id in first.values()])
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, (array(first), moments, incidents))
        return {row[0] for row in cursor.fetchall() if row[0] is not None}
