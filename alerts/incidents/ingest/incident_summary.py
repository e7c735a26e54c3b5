"""What an incident's row says of its alerts: both ends, protocol, place, pattern, priority.

Patterns and pairs of devices are counted on the way, so that lists need not count them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import md5
from typing import NamedTuple

from alerts.incidents.engine.pattern import pattern_key
from alerts.incidents.ingest import pg_copy
from alerts.incidents.ingest.alert_facts import AlertSummary, StoredAlert
from alerts.incidents.ingest.details_work import Work
from alerts.incidents.ingest.fetched_details import MAX_ENTITIES
from alerts.incidents.ingest.groups import IN_LINE, KNOWN, group_key_of, keys_of, rank_known
from alerts.incidents.ingest.incident_rows import alert_type_of
from alerts.incidents.ingest.pg_copy import (
    array,
    create_temp_table,
    numbers,
    run_together,
    texts_line,
    times,
    words,
)
from alerts.incidents.models.group import PAIR_IS_NEW, PAIR_NEW_HOURS


class Digest(NamedTuple):
    """The columns that details decide."""

    alert_type: str
    protocol: str
    source: str
    destination: str
    place: str
    site_ids: Sequence[int]
    pattern: str  # a UUID in letters: Python's own are slow to compare and to write
    line: str  # all of it, as members of a line


def digest_of(
    alerts: Sequence[StoredAlert],
    *,
    workspace_id: int,
    title_type: str,
    places: tuple[tuple[int, str], ...],
) -> Digest:
    """Sum up the alerts of one incident; `places` are all sites it touches, in words.

    Most incidents have one alert, and most of those say what one before them said.
    """
    if len(alerts) == 1:
        return _digest_of_one(workspace_id, title_type, places, alerts[0].said)
    said, lead = tuple([alert.said for alert in alerts]), _lead(alerts)
    return _digest(workspace_id, title_type, places, said, None if lead is None else said[lead])


@lru_cache(maxsize=8192)
def _digest_of_one(
    workspace_id: int, title_type: str, places: tuple[tuple[int, str], ...], said: AlertSummary
) -> Digest:
    return _digest(workspace_id, title_type, places, (said,), said)


def _digest(
    workspace_id: int,
    title_type: str,
    places: tuple[tuple[int, str], ...],
    alerts: tuple[AlertSummary, ...],
    lead: AlertSummary | None,
) -> Digest:
    sites = dict(places)
    for alert in alerts:
        if alert.site_id is not None:
            sites.setdefault(alert.site_id, "")
    said = [words for words in sites.values() if words]
    place = said[0] + (f" +{len(sites) - 1}" if len(sites) > 1 else "") if said else ""
    types = _distinct(alert.user_defined_title or alert.alert_type for alert in alerts)
    ends = [_distinct(a.source for a in alerts), _distinct(a.destination for a in alerts)]
    if not ends[0] and not ends[1]:  # made by a rule: only the entities tell who took part
        ends[0] = _distinct(name for a in alerts for name in (a.any_device or a.any_address))
        shown = ends[0][0] if len(ends[0]) == 1 else "", ""
    else:
        shown = _shown(ends[0], lead and lead.source), _shown(ends[1], lead and lead.destination)
    protocols = _distinct(alert.protocol for alert in alerts)
    pattern = pattern_key(
        workspace_id=workspace_id,
        site_ids=sites,
        alert_type="|".join(types) or title_type,
        source="|".join(ends[0]),
        destination="|".join(ends[1]),
        protocol="|".join(protocols),
    )
    alert_type = lead.alert_type if lead else title_type
    protocol = _shown(protocols, lead and lead.protocol)[:80]
    texts = alert_type, protocol, shown[0][:120], shown[1][:120], place[:200]
    line = f"{texts_line(texts)}\t{numbers(sorted(sites))}\t{pattern}"
    return Digest(*texts, tuple(sorted(sites)), str(pattern), line)


def _lead(alerts: Sequence[StoredAlert]) -> int | None:
    """The place of the alert that speaks for the incident: the gravest, and of those the first."""
    order = [(-alert.said.severity, alert.at, alert.id) for alert in alerts]
    return order.index(min(order)) if order else None


def _distinct(values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value})


def _shown(values: Sequence[str], leading: str | None) -> str:
    if not values:
        return ""
    first = leading or values[0]
    return first if len(values) == 1 else f"{first} +{len(values) - 1}"


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


MARK = "details."  # flags of ours that outlive a new version of the incident itself

_INCIDENT = (
    "id, alert_type, protocol, source, destination, place, site_ids, pattern, entities_count,"
    " flags, first_activity_at, priority, priority_parts, group_key"
)
STAGE = create_temp_table("incoming_details", like=f"SELECT {_INCIDENT} FROM incidents_incident")
# What changed while its details were fetched is owed anew: what was fetched is not all there is.
_IS_ALL = "coalesce(i.details_due_at = %(lease)s::timestamptz, true)"
_INCIDENTS = f"""
    UPDATE incidents_incident i SET alert_type = d.alert_type, protocol = d.protocol,
        source = d.source, destination = d.destination, place = d.place, site_ids = d.site_ids,
        pattern = d.pattern, entities_count = d.entities_count, flags = d.flags,
        first_activity_at = d.first_activity_at,
        priority = d.priority, priority_parts = d.priority_parts, group_key = d.group_key,
        details_state = CASE WHEN {_IS_ALL} THEN 'fetched' ELSE i.details_state END,
        details_due_at = CASE WHEN {_IS_ALL} THEN NULL ELSE i.details_due_at END,
        details_attempts = 0, changed_at = %(now)s
    FROM incoming_details d WHERE i.id = d.id
"""


def store_incident_rows(
    work: Sequence[Work], *, now: datetime, leased_until: datetime | None
) -> set[int]:
    """Sum up the alerts of each incident in its row, remember patterns and pairs, rank it anew, and
    bring the rows of the queue in line that were left and joined.

    Returns other incidents whose two ends turned out to have talked before.
    """
    if not work:
        return set()
    digests = [_digest_of(one) for one in work]
    ids, patterns = [one.row.id for one in work], [digest.pattern for digest in digests]
    pairs = first_of_pairs(
        (one.row.workspace_id, *pair, alert.at, one.row.id)
        for one in work
        for alert in one.stored
        if (pair := pair_in(alert.said)) is not None
    )
    no_longer_first, known = run_together(
        *(PATTERNS, PAIRS, KNOWN), ids=array(ids), patterns=array(patterns), now=now, **pairs
    )
    ranks = rank_known(known, types=[digest.alert_type for digest in digests])
    keys = [
        group_key_of(incident_id=pk, pattern=pattern, standing=one.row.standing)
        for pk, pattern, one in zip(ids, patterns, work, strict=True)
    ]
    lines = pg_copy.lines_of(
        [f"{pk}\t{digest.line}" for pk, digest in zip(ids, digests, strict=True)],
        [f"{one.given.n_entities}\t{words(_flags_of(one))}" for one in work],
        [pg_copy.moment(_first_activity(one)) for one in work],
        [str(rank.score) for rank in ranks],
        pg_copy.texts([rank.parts for rank in ranks]),
        [key or pg_copy.NULL for key in keys],
    )
    pg_copy.copy_into("incoming_details", columns=_INCIDENT, lines=lines)
    changed = keys_of(*keys, *[one.row.group_key for one in work])
    run_together(_INCIDENTS, IN_LINE, keys=changed, now=now, lease=leased_until)
    return {row[0] for row in no_longer_first if row[0] is not None} - {*ids}


def _digest_of(one: Work) -> Digest:
    places: dict[int, str] = {}  # those of its alerts first, in the words of the first
    for site_id, _, _, said in one.found:
        if site_id is not None:
            places.setdefault(site_id, said)
    return digest_of(
        one.stored,
        workspace_id=one.row.workspace_id,
        title_type=alert_type_of(one.row.title),
        places=tuple(places.items()),
    )


def _first_activity(one: Work) -> datetime | None:
    """When the first of its alerts was detected."""
    return min([alert.at for alert in one.stored], default=None)


def _flags_of(one: Work) -> list[str]:
    given = one.given
    flags = [flag for flag in one.row.flags or () if not flag.startswith(MARK)]
    if given.n_entities > MAX_ENTITIES:
        flags.append(f"{MARK}entities:too_many")
    if given.entities_cut_short:
        flags.append(f"{MARK}entities:cut_short")
    if given.n_unreadable:
        flags.append(f"{MARK}alerts:unreadable")
    if given.n_unreadable_entities:
        flags.append(f"{MARK}entities:unreadable")
    if odd := [flag for row in one.rows for flag in row.flags]:
        flags += sorted({f"{MARK}alert.{flag}" for flag in odd})[:50]
    return flags
