"""Remember patterns and pairs as details arrive, so that lists need not count."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from hashlib import md5
from typing import NamedTuple
from uuid import UUID

from django.db import connection


class PatternSeen(NamedTuple):
    """An incident whose pattern became known, or became another one."""

    old: UUID | None
    new: UUID
    created_at: datetime


class PairSeen(NamedTuple):
    """Two ends that an alert names, at a place."""

    workspace_id: int
    site_id: int | None
    source: str
    destination: str
    at: datetime
    incident_id: int

    @property
    def key(self) -> UUID:
        """The same for the same two ends at the same place."""
        ends = f"{self.source.casefold()}\x1f{self.destination.casefold()}"
        said = f"{self.workspace_id}:{self.site_id}:{ends}"
        return UUID(bytes=md5(said.encode(), usedforsecurity=False).digest())


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
"""


def remember_patterns(*, seen: Iterable[PatternSeen]) -> None:
    """Count incidents of patterns, and take those back that turned out to be of another one."""
    moments: dict[UUID, list[datetime]] = defaultdict(list)
    left: dict[UUID, int] = defaultdict(int)
    for one in seen:
        if one.old == one.new:
            continue
        moments[one.new].append(one.created_at)
        if one.old is not None:
            left[one.old] += 1
    with connection.cursor() as cursor:
        if moments:
            whens = moments.values()
            first, latest, n = ([*map(each, whens)] for each in (min, max, len))
            cursor.execute(_PATTERNS, (list(moments), first, latest, n))
        if left:
            cursor.execute(_LEFT, [list(left), list(left.values())])


def remember_pairs(*, seen: Iterable[PairSeen]) -> None:
    """Since when these ends were seen talking, and in which incident first."""
    first: dict[UUID, PairSeen] = {}
    for pair in seen:
        known = first.get(pair.key)
        if known is None or (pair.at, pair.incident_id) < (known.at, known.incident_id):
            first[pair.key] = pair
    if first:
        pairs = first.values()
        moments, incidents = [p.at for p in pairs], [p.incident_id for p in pairs]
        with connection.cursor() as cursor:
            cursor.execute(_PAIRS, (list(first), moments, incidents))
