"""Fold what one source raises far above its own rhythm into one row of the queue (suppression §8).

A stream is what one source raises of one type, title, protocol, function, technique, product and
severity in one place; only the devices that it reaches differ. While it is no storm, its incidents
are a row for each pattern. In a storm those that are like the rest share one row: `storm`
names it. Nothing is closed by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection, transaction

from alerts.incidents.engine.storms import (
    DAY,
    HOUR,
    LATEST_PART,
    MIN_STORM,
    RHYTHM,
    StreamRate,
    is_like_the_rest,
    storm_among,
)
from alerts.incidents.ingest.groups import STREAM, CrowdedStream, regroup
from alerts.incidents.ingest.incident_details import pair_key
from alerts.incidents.models.group import PAIR_NEW_HOURS
from alerts.incidents.models.incident import IS_CRITICAL

MAX_MEMBERS: Final = 5000  # of a fold; what comes beyond them is a row of its own again

_MEMBERS = f"""
    SELECT id, pattern, created_at, workspace_id, site_ids, source, destination,
           storm IS NOT NULL, {IS_CRITICAL}
    FROM incidents_incident
    WHERE group_key = ANY(%(keys)s) AND {STREAM} = %(stream)s ORDER BY id LIMIT {MAX_MEMBERS}
"""
# What of the stream came in each window, in the busiest before it (its other storms left out), and
# in the latest part of the window.
_RATES = f"""
    WITH seen AS MATERIALIZED (
        SELECT created_at, storm FROM incidents_incident
        WHERE pattern = ANY(%(patterns)s) AND created_at > %(since)s AND created_at <= %(at)s
              AND {STREAM} = %(stream)s)
    SELECT (SELECT count(*) FROM seen WHERE created_at > %(at)s - w.width),
           (SELECT coalesce(max(n), 0) FROM (
                SELECT count(*) AS n FROM seen
                WHERE created_at <= %(at)s - w.width AND storm IS NULL
                GROUP BY date_bin(w.width, created_at, %(at)s)) AS binned),
           (SELECT count(*) FROM seen WHERE created_at > %(at)s - w.width / {LATEST_PART})
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
# A day before the storm, or before the first of the storms that this stream had in four weeks: a
# peer that was new in one of them is not usual in the next.
_BEFORE = f"""
    SELECT least(%(since)s, min(created_at)) - interval '{PAIR_NEW_HOURS} hours'
    FROM incidents_incident WHERE storm = %(stream)s AND created_at > %(rhythm)s
"""
_KNOWN = """
    SELECT pair FROM incidents_pairmemory WHERE pair = ANY(%(pairs)s::uuid[])
    AND first_seen_at < %(before)s
"""
# Whether alerts named the source before; by name or address, as incidents name it.
_IS_OLD_SOURCE = """
    SELECT EXISTS (
        SELECT FROM incidents_alert
        WHERE (any_device @> %(source)s::text[] OR any_address @> %(source)s::text[])
          AND workspace_id = %(workspace)s AND site_id IS NOT DISTINCT FROM %(site)s
          AND at < %(before)s)
"""
# Somebody may have closed or changed them since they were read.
_LOCK = f"""
    SELECT id FROM incidents_incident
    WHERE id = ANY(%(ids)s::bigint[]) AND {STREAM} = %(stream)s AND group_key IS NOT NULL
    ORDER BY id FOR NO KEY UPDATE
"""
_FOLD = "UPDATE incidents_incident SET storm = %(stream)s WHERE id = ANY(%(ids)s::bigint[])"
_MARK = """
    UPDATE incidents_group SET storm_before = %(before)s, storm_hours = %(hours)s
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
    def site_id(self) -> int | None:
        """The first of its sites."""
        return self.site_ids[0] if self.site_ids else None

    @property
    def pair(self) -> str:
        """The key of its two ends; empty where it names one only."""
        if not self.destination:
            return ""
        return pair_key(self.workspace_id, self.site_id, self.source, self.destination)


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
    return sum(_fold(stream, now=now) for stream in crowded)


@transaction.atomic
def _fold(crowded: CrowdedStream, *, now: datetime) -> int:
    stream = _read(*crowded)
    if len(stream.members) < (1 if stream.is_going_on else MIN_STORM):
        return 0
    rate = _storm_of(stream)
    if rate is None:
        return 0
    joining = _joining(stream, since=stream.latest_at - rate.window)
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"stream": stream.key, "ids": joining})
        ids = [pk for (pk,) in cursor.fetchall()]
        if ids:
            cursor.execute(_FOLD, {"stream": stream.key, "ids": ids})
            regroup(ids, now=now)
            facts = {"before": rate.busiest, "hours": rate.window // HOUR, "member": ids[0]}
            cursor.execute(_MARK, facts)
    return len(ids)


def _read(stream: Any, keys: list[Any], is_going_on: bool) -> _Stream:
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS, {"keys": keys, "stream": stream})
        return _Stream(stream, [_Member(*row) for row in cursor.fetchall()], is_going_on)


def _storm_of(stream: _Stream) -> StreamRate | None:
    at = stream.latest_at
    values: dict[str, Any] = {
        "stream": stream.key,
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
        storm = storm_among(rates)
        if stream.is_going_on:
            return storm or (rates[0] if rates[0].is_above_rhythm else None)
        if storm is not None:
            cursor.execute(_IS_READ, values)
            storm = storm if cursor.fetchone()[0] else None
    return storm


def _joining(stream: _Stream, *, since: datetime) -> list[int]:
    """Return those who join the fold: what came since, and is like the rest."""
    usual, has_usual_peers = _usual_pairs(stream, since=since)
    return [
        member.id
        for member in stream.members
        if member.created_at > since
        and not member.is_folded
        and is_like_the_rest(
            is_critical=member.is_critical,
            is_peer_usual=not member.pair or member.pair in usual,
            has_usual_peers=has_usual_peers,
        )
    ]


def _usual_pairs(stream: _Stream, *, since: datetime) -> tuple[set[str], bool]:
    """Return the pairs that had met a day before the storm; and whether the source has any, be it
    with others: then whoever sweeps many new addresses does not make them usual.
    """
    lead = stream.members[0]
    values: dict[str, Any] = {
        "stream": stream.key,
        "since": since,
        "rhythm": since - RHYTHM,
        "pairs": list({member.pair for member in stream.members} - {""}),
        "source": [lead.source],
        "workspace": lead.workspace_id,
        "site": lead.site_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, values)
        (values["before"],) = cursor.fetchone()
        cursor.execute(_KNOWN, values)
        usual = {str(pair).replace("-", "") for (pair,) in cursor.fetchall()}
        if usual:
            return usual, True
        cursor.execute(_IS_OLD_SOURCE, values)
        return usual, bool(cursor.fetchone()[0])
