"""Fold what one source raises far above its own rhythm into one row of the queue (suppression §8).

A stream is what one source raises of one type, title, protocol, function, technique, product and
severity in one place; only the devices that it reaches differ. While it is no storm, its incidents
are a row for each pattern. In a storm those that are like the rest share one row: `storm`
names it. Nothing is closed by it, and no rule learns from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import connection, transaction

from alerts.incidents.engine.storms import (
    DAY,
    HOUR,
    RHYTHM,
    StreamRate,
    is_like_the_rest,
    storm_among,
)
from alerts.incidents.ingest.groups import STREAM, CrowdedStream, regroup
from alerts.incidents.ingest.incident_details import pair_key
from alerts.incidents.models.group import PAIR_NEW_HOURS

MAX_MEMBERS: Final = 5000  # of a fold; what comes beyond them is a row of its own again

_MEMBERS = f"""
    SELECT id, pattern, created_at, workspace_id, site_ids, source, destination,
           storm IS NOT NULL,
           priority_parts @? '$[*] ? (@[0] == "criticality" && @[1] >= 20)'
    FROM incidents_incident
    WHERE group_key = ANY(%(keys)s) AND {STREAM} = %(stream)s ORDER BY id LIMIT {MAX_MEMBERS}
"""
# What came in each window, and in the busiest before it: other storms of the stream left out.
_RATES = """
    WITH seen AS MATERIALIZED (
        SELECT created_at, storm FROM incidents_incident
        WHERE pattern = ANY(%(patterns)s) AND created_at > %(since)s AND created_at <= %(at)s)
    SELECT (SELECT count(*) FROM seen WHERE created_at > %(at)s - w.width),
           (SELECT coalesce(max(n), 0) FROM (
                SELECT count(*) AS n FROM seen
                WHERE created_at <= %(at)s - w.width AND storm IS NULL
                GROUP BY date_bin(w.width, created_at, %(at)s)) AS binned)
    FROM unnest(%(widths)s::interval[]) WITH ORDINALITY AS w(width, place) ORDER BY w.place
"""
# While older incidents of the type still lack their details, nobody knows the rhythm.
_IS_READ = """
    SELECT NOT EXISTS (
        SELECT FROM incidents_incident i JOIN incidents_incident lead ON lead.id = %(lead)s
        WHERE i.alert_type = lead.alert_type AND i.created_at > %(since)s
          AND i.created_at < %(before)s AND i.workspace_id = lead.workspace_id
          AND i.gone_at IS NULL AND i.merged_into IS NULL AND i.details_due_at IS NOT NULL)
"""
_KNOWN = """
    SELECT pair FROM incidents_pairmemory WHERE pair = ANY(%(pairs)s::uuid[])
    AND first_seen_at < %(before)s
"""
_FOLD = "UPDATE incidents_incident SET storm = %(stream)s WHERE id = ANY(%(ids)s::bigint[])"
_MARK = """
    UPDATE incidents_group g SET storm_since = least(storm_since, %(since)s),
        storm_before = %(before)s, storm_hours = %(hours)s,
        storm_peers = (SELECT count(DISTINCT destination) FROM incidents_incident
                       WHERE group_key = g.key)
    WHERE key IN (SELECT group_key FROM incidents_incident WHERE id = %(member)s)
"""


class _Member(NamedTuple):
    """An open incident of a crowded stream."""

    id: int
    pattern: Any
    created_at: datetime
    workspace_id: int
    site_ids: list[int]
    source: str
    destination: str
    is_folded: bool
    is_critical: bool

    @property
    def pair(self) -> str:
        """The key of its two ends; empty where it names one only."""
        if not self.destination:
            return ""
        site_id = self.site_ids[0] if self.site_ids else None
        return pair_key(self.workspace_id, site_id, self.source, self.destination)


@dataclass(frozen=True, slots=True)
class _Stream:
    """A stream with enough open incidents to be a storm."""

    key: Any
    members: Sequence[_Member]
    is_going_on: bool

    @property
    def latest_at(self) -> datetime:
        """When its latest incident was raised."""
        return max(member.created_at for member in self.members)


def fold_storms(crowded: Sequence[CrowdedStream], *, now: datetime) -> int:
    """Fold those of these streams that are storms; return how many incidents joined. In a
    transaction after that which stored their details: rows of the queue are locked in order.
    """
    return sum(_fold(_read(*stream), now=now) for stream in crowded)


def _read(stream: Any, keys: list[Any], is_going_on: bool) -> _Stream:
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS, {"keys": keys, "stream": stream})
        return _Stream(stream, [_Member(*row) for row in cursor.fetchall()], is_going_on)


@transaction.atomic
def _fold(stream: _Stream, *, now: datetime) -> int:
    if not stream.members:
        return 0
    rate = _storm_of(stream)
    if rate is None:
        return 0
    since = stream.latest_at - rate.window
    joining = _like_the_rest(stream, since=since)
    new = [member.id for member in joining if not member.is_folded]
    if not new:
        return 0
    first_at = min(m.created_at for m in joining if m.created_at > since)
    with connection.cursor() as cursor:
        cursor.execute(_FOLD, {"stream": stream.key, "ids": new})
        regroup(new, now=now)
        facts: dict[str, Any] = {
            "since": first_at,
            "before": rate.busiest,
            "hours": rate.window // HOUR,
        }
        cursor.execute(_MARK, {**facts, "member": new[0]})
    return len(new)


def _storm_of(stream: _Stream) -> StreamRate | None:
    at = stream.latest_at
    values: dict[str, Any] = {
        "patterns": sorted({member.pattern for member in stream.members}),
        "at": at,
        "since": at - RHYTHM,
        "widths": [HOUR, DAY],
        "before": at - HOUR,
        "lead": stream.members[0].id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RATES, values)
        counts = cursor.fetchall()
        rates = tuple(
            StreamRate(window, *row) for window, row in zip((HOUR, DAY), counts, strict=True)
        )
        if stream.is_going_on:
            return storm_among(rates) or rates[0]
        storm = storm_among(rates)
        if storm is not None:
            cursor.execute(_IS_READ, values)
            storm = storm if cursor.fetchone()[0] else None
    return storm


def _like_the_rest(stream: _Stream, *, since: datetime) -> list[_Member]:
    """Return the members of the fold. A stream has usual peers where those that its source had met
    a day before the storm are behind at least half of it.
    """
    pairs = {member.pair for member in stream.members} - {""}
    with connection.cursor() as cursor:
        before = since - timedelta(hours=PAIR_NEW_HOURS)
        cursor.execute(_KNOWN, {"pairs": list(pairs), "before": before})
        usual = {str(pair).replace("-", "") for (pair,) in cursor.fetchall()} | {""}
    n_usual = sum(member.pair in usual for member in stream.members)
    return [
        member
        for member in stream.members
        if is_like_the_rest(
            is_critical=member.is_critical,
            is_peer_usual=member.pair in usual,
            has_usual_peers=2 * n_usual >= len(stream.members),
        )
    ]
