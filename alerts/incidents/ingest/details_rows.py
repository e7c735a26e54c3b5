"""What details decide of the incidents' own rows."""

from collections.abc import Sequence
from datetime import datetime

from alerts.incidents.ingest import pg_copy
from alerts.incidents.ingest.details_work import Work
from alerts.incidents.ingest.digest import Digest, digest_of
from alerts.incidents.ingest.fetched_details import MAX_ENTITIES
from alerts.incidents.ingest.groups import IN_LINE, group_key_of, keys_of
from alerts.incidents.ingest.pattern_stats import PAIRS, PATTERNS, first_of_pairs, pair_in
from alerts.incidents.ingest.pg_copy import words
from alerts.incidents.ingest.ranking import KNOWN, rank_known
from alerts.incidents.ingest.rows import alert_type_of
from alerts.incidents.ingest.temp_tables import array, create_temp_table, run_together

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
