"""An incident and its details: what was fetched of it, and what its row then states of its alerts.

That is both ends, protocol, place, pattern and priority. Patterns and pairs of devices are counted
on the way, so that lists need not count them.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import md5
from typing import NamedTuple
from uuid import UUID, uuid5

from alerts.incidents.engine.catalogue import alert_type_of, bare_title
from alerts.incidents.engine.title_proof import is_of_title
from alerts.incidents.ingest import pg_copy
from alerts.incidents.ingest.alert_facts import AlertRow, AlertSummary
from alerts.incidents.ingest.alert_rows import StoredAlert
from alerts.incidents.ingest.groups import (
    GROUP_STATE,
    IN_LINE,
    OLD_KEY,
    PRIORITY_FACTS,
    group_key_of,
    keys_of,
    rank_by_facts,
)
from alerts.incidents.ingest.pg_copy import (
    copy_line,
    create_temp_table,
    numbers_member,
    texts_member,
    times,
)
from alerts.incidents.models.group import PAIR_IS_NEW, PAIR_NEW_HOURS
from alerts.sentinel.wire.alerts import WireAlert
from alerts.sentinel.wire.entities import WireComment, WireEntity
from alerts.sentinel.wire.records import UnreadableRecord
from alerts.sites.services.learn import DeviceLocation
from portal.formats.plain_sql import array, run_together

MAX_ENTITIES = 500  # rows kept an incident; more than that is never suppressed (S1)
MARK = "details."  # flags of ours that outlive a new version of the incident itself


class IncidentDetails:
    """All that was fetched for one incident; `comments` is None where they were not asked for."""

    def __init__(
        self,
        incident_id: int,
        alerts: Sequence[WireAlert | UnreadableRecord],
        entities: Sequence[WireEntity | UnreadableRecord],
        comments: Sequence[WireComment | UnreadableRecord] | None = None,
        entities_cut_short: bool = False,
    ) -> None:
        self.incident_id, self.comments = incident_id, comments
        self.alerts = [alert for alert in alerts if isinstance(alert, WireAlert)]
        self.n_unreadable_alerts = len(alerts) - len(self.alerts)
        readable = [entity for entity in entities if isinstance(entity, WireEntity)]
        devices = [entity.device for entity in readable if entity.device]
        self.entities, self.devices = readable[:MAX_ENTITIES], devices[:MAX_ENTITIES]
        self.n_entities, self.n_unreadable_entities = len(entities), len(entities) - len(readable)
        self.entities_cut_short = entities_cut_short


@dataclass(slots=True)
class LockedIncident:
    """An incident whose details are being stored: its row, what was fetched, what it became."""

    id: int
    workspace_id: int
    title: str
    created: str
    flags: Sequence[str] | None
    standing: str | None  # tells its row in the queue, with its pattern
    group_key: str | None
    likeness: tuple[str | None, str]  # pattern and functions, as they were
    storm: str | None
    details: IncidentDetails
    alert_rows: list[AlertRow] = field(default_factory=list)
    alert_places: list[DeviceLocation] = field(default_factory=list)
    device_places: list[DeviceLocation] = field(default_factory=list)
    alerts: list[StoredAlert] = field(default_factory=list)

    @property
    def created_at(self) -> datetime:
        """When it was made; few ask, so it is read when asked for."""
        return datetime.fromisoformat(self.created)


_LOCK = f"""
    SELECT id, workspace_id, title, created_at::text, nullif(flags, '{{}}'), {GROUP_STATE},
           {OLD_KEY}, pattern::text, functions, storm::text
    FROM incidents_incident WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""


def lock_incidents(
    fetched: Iterable[IncidentDetails], *, temp_tables: Sequence[str]
) -> list[LockedIncident]:
    """Lock and return the incidents that are still there, by id; make temporary tables ready."""
    by_id = {details.incident_id: details for details in fetched}
    (rows,) = run_together(*temp_tables, _LOCK, ids=numbers_member([*by_id]))
    return [
        LockedIncident(
            id=pk,
            workspace_id=workspace_id,
            title=title,
            created=created,
            flags=flags,
            standing=standing,
            group_key=group_key,
            likeness=(pattern, functions),
            storm=storm,
            details=by_id[pk],
        )
        for pk, workspace_id, title, created, flags, standing, group_key, *more in rows
        for pattern, functions, storm in (more,)
    ]


class IncidentSummary(NamedTuple):
    """The columns of an incident that its alerts decide."""

    alert_type: str
    pattern: str  # a UUID in letters: Python's own are slow to compare and to write
    names_device: bool
    functions: str  # what its alerts do, as far as they say; another one is another row
    line: str  # all columns, as members of a line


def _summary_of(incident: LockedIncident) -> IncidentSummary:
    """Return the sum of an incident's alerts; most have one, like that of the one before."""
    places: dict[int, str] = {}  # those of its alerts first, in the words of the first
    for place in (*incident.alert_places, *incident.device_places):
        if place.site_id is not None:
            places.setdefault(place.site_id, place.words)
    lead = min(incident.alerts, key=_gravest_first) if incident.alerts else None
    return _summarize(
        incident.workspace_id,
        alert_type_of(incident.title),
        tuple(places.items()),
        tuple([alert.summary for alert in incident.alerts]),
        lead.summary if lead else None,
    )


def _gravest_first(alert: StoredAlert) -> tuple[int, datetime, int]:
    """Sort the gravest alert, and of those the first, to the front: it is the incident's."""
    return -alert.summary.severity, alert.at, alert.id


@lru_cache(maxsize=8192)
def _summarize(
    workspace_id: int,
    title_type: str,
    places: tuple[tuple[int, str], ...],
    alerts: tuple[AlertSummary, ...],
    lead: AlertSummary | None,
) -> IncidentSummary:
    sites = dict(places)
    for alert in alerts:
        if alert.site_id is not None:
            sites.setdefault(alert.site_id, "")
    names = [name for name in sites.values() if name]
    place = names[0] + (f" +{len(sites) - 1}" if len(sites) > 1 else "") if names else ""
    types = _distinct(alert.user_defined_title or alert.alert_type for alert in alerts)
    sources = _distinct(alert.source for alert in alerts)
    destinations = _distinct(alert.destination for alert in alerts)
    if sources or destinations:
        source = _shown(sources, lead and lead.source)
        destination = _shown(destinations, lead and lead.destination)
    else:  # made by a rule: only the entities tell who took part
        sources = _distinct(name for a in alerts for name in (a.any_device or a.any_address))
        source, destination = sources[0] if len(sources) == 1 else "", ""
    names_device = bool(sources or destinations) or any(
        alert.any_device or alert.any_address for alert in alerts
    )
    protocols = _distinct(alert.protocol for alert in alerts)
    pattern = pattern_key(
        workspace_id=workspace_id,
        site_ids=sites,
        alert_type="|".join(types) or title_type,
        source="|".join(sources),
        destination="|".join(destinations),
        protocol="|".join(protocols),
    )
    alert_type = lead.alert_type if lead else title_type
    protocol = _shown(protocols, lead and lead.protocol)[:80]
    texts = alert_type, protocol, source[:120], destination[:120], place[:200]
    named = "t" if names_device else "f"
    functions = "|".join(_distinct(alert.function for alert in alerts))[:200]
    line = f"{copy_line(texts)}\t{numbers_member(sorted(sites))}\t{pattern}\t{named}"
    line = f"{line}\t{copy_line((functions,))}"
    return IncidentSummary(alert_type, str(pattern), names_device, functions, line)


def _distinct(values: Iterable[str]) -> list[str]:
    return sorted({value for value in values if value})


def _shown(values: Sequence[str], leading: str | None) -> str:
    if not values:
        return ""
    first = leading or values[0]
    return first if len(values) == 1 else f"{first} +{len(values) - 1}"


# Workspace, site, two ends that an alert names there; when, and in which incident.
type PairSighting = tuple[int, int | None, str, str, datetime, int]
type Sighting = tuple[datetime, int]


@lru_cache(maxsize=8192)
def pair_key(workspace_id: int, site_id: int | None, source: str, destination: str) -> str:
    """The same for the same two ends at the same place, whichever of them began."""
    ends = "\x1f".join(sorted((source.casefold(), destination.casefold())))
    return md5(f"{workspace_id}:{site_id}:{ends}".encode(), usedforsecurity=False).hexdigest()


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


def pair_in(alert: AlertSummary) -> tuple[int | None, str, str] | None:
    """Return the two devices that an alert names, with their site; None where it names others."""
    if alert.source and alert.destination:
        return alert.site_id, alert.source, alert.destination
    if alert.source or alert.destination:
        return None
    names = alert.any_device or alert.any_address
    return (alert.site_id, *names) if len(names) == 2 else None


def first_of_pairs(pairs: Iterable[PairSighting]) -> dict[str, str]:
    """Of these sightings the first of each pair, as what PAIRS asks for."""
    sightings: dict[str, list[Sighting]] = {}
    for workspace_id, site_id, source, destination, at, incident_id in pairs:
        key = pair_key(workspace_id, site_id, source, destination)
        sightings.setdefault(key, []).append((at, incident_id))
    first = {key: min(sightings_of_pair) for key, sightings_of_pair in sightings.items()}
    again = [_latest_elsewhere(found, first[key][1]) for key, found in sightings.items()]
    moments = times([at for at, _ in first.values()]) if first else ()
    return {
        "pairs": array(first),
        "pairs_at": array(moments),
        "pairs_in": array([incident_id for _, incident_id in first.values()]),
        "pairs_again": array(["NULL" if at is None else at.isoformat() for at in again]),
    }


def _latest_elsewhere(sightings: Sequence[Sighting], incident_id: int) -> datetime | None:
    """Return when an incident other than this one showed the pair last."""
    return max((at for at, other_id in sightings if other_id != incident_id), default=None)


_INCIDENT = (
    "id, alert_type, protocol, source, destination, place, site_ids, pattern, names_device,"
    " functions, entities_count, flags, first_activity_at, priority, priority_parts, group_key"
)
TEMP_TABLE = create_temp_table(
    "incoming_details", like=f"SELECT {_INCIDENT} FROM incidents_incident"
)
# What changed while its details were fetched is owed anew: what was fetched is not all there is.
_IS_ALL = "coalesce(i.details_due_at = %(lease)s::timestamptz, true)"
_INCIDENTS = f"""
    UPDATE incidents_incident i SET alert_type = d.alert_type, protocol = d.protocol,
        source = d.source, destination = d.destination, place = d.place, site_ids = d.site_ids,
        pattern = d.pattern, names_device = d.names_device, functions = d.functions,
        storm = CASE WHEN (i.pattern, i.functions) = (d.pattern, d.functions) THEN i.storm END,
        entities_count = d.entities_count, flags = d.flags,
        first_activity_at = d.first_activity_at,
        priority = d.priority, priority_parts = d.priority_parts, group_key = d.group_key,
        details_state = CASE WHEN {_IS_ALL} THEN 'fetched' ELSE i.details_state END,
        details_due_at = CASE WHEN {_IS_ALL} THEN NULL ELSE i.details_due_at END,
        details_attempts = 0, changed_at = %(now)s
    FROM incoming_details d WHERE i.id = d.id
"""


def store_incident_rows(
    incidents: Sequence[LockedIncident], *, now: datetime, leased_until: datetime | None
) -> set[int]:
    """Sum up the alerts of each incident in its row, count patterns and pairs, rank it anew, and
    bring the rows of the queue in line that were left and joined.

    Returns other incidents whose two ends turned out to have talked before.
    """
    if not incidents:
        return set()
    summaries = [_summary_of(incident) for incident in incidents]
    ids = [incident.id for incident in incidents]
    patterns = [summary.pattern for summary in summaries]
    pairs = first_of_pairs(
        (incident.workspace_id, *pair, alert.at, incident.id)
        for incident in incidents
        for alert in incident.alerts
        if (pair := pair_in(alert.summary)) is not None
    )
    no_longer_first, facts = run_together(
        *(PATTERNS, PAIRS, PRIORITY_FACTS),
        ids=array(ids),
        patterns=array(patterns),
        now=now,
        **pairs,
    )
    ranks = rank_by_facts(facts, types=[summary.alert_type for summary in summaries])
    keys = [
        group_key_of(
            incident_id=incident.id,
            pattern=summary.pattern if summary.names_device else None,
            functions=summary.functions,
            storm=incident.storm
            if incident.likeness == (summary.pattern, summary.functions)
            else None,
            standing=incident.standing,
            parts=rank.parts,
        )
        for incident, summary, rank in zip(incidents, summaries, ranks, strict=True)
    ]
    copy_rows = pg_copy.copy_rows_of(
        [f"{pk}\t{summary.line}" for pk, summary in zip(ids, summaries, strict=True)],
        [
            f"{incident.details.n_entities}\t{texts_member(_flags_of(incident))}"
            for incident in incidents
        ],
        [
            pg_copy.moment(min([alert.at for alert in incident.alerts], default=None))
            for incident in incidents
        ],
        [str(rank.score) for rank in ranks],
        pg_copy.texts([rank.parts for rank in ranks]),
        [key or pg_copy.NULL for key in keys],
    )
    pg_copy.copy_into("incoming_details", columns=_INCIDENT, copy_rows=copy_rows)
    changed = keys_of(*keys, *[incident.group_key for incident in incidents])
    run_together(_INCIDENTS, IN_LINE, keys=changed, now=now, lease=leased_until)
    return {pk for (pk,) in no_longer_first if pk is not None} - {*ids}


def _flags_of(incident: LockedIncident) -> list[str]:
    details = incident.details
    flags = [flag for flag in incident.flags or () if not flag.startswith(MARK)]
    if details.n_entities > MAX_ENTITIES:
        flags.append(f"{MARK}entities:too_many")
    if details.entities_cut_short:
        flags.append(f"{MARK}entities:cut_short")
    if details.n_unreadable_alerts:
        flags.append(f"{MARK}alerts:unreadable")
    if details.n_unreadable_entities:
        flags.append(f"{MARK}entities:unreadable")
    if odd := [flag for row in incident.alert_rows for flag in row.flags if not is_of_title(flag)]:
        flags += sorted({f"{MARK}alert.{flag}" for flag in odd})[:50]
    return flags


# Keys are stored. Another namespace or another order of fields would orphan all of them.
_NAMESPACE = UUID("6b0f4f0e-4d0c-5c58-9d0e-1a6f3a1f7d52")


def pattern_key(
    *,
    workspace_id: int,
    site_ids: Iterable[int],
    alert_type: str,
    source: str,
    destination: str,
    protocol: str,
) -> UUID:
    """The same key for equal patterns, whatever the spelling and in whatever process."""
    texts = [_plain(text) for text in (bare_title(alert_type), source, destination, protocol)]
    facts = [workspace_id, sorted(set(site_ids)), *texts]
    return uuid5(_NAMESPACE, json.dumps(facts, ensure_ascii=False, separators=(",", ":")))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
