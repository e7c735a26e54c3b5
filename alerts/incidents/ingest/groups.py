"""Keep the rows that stand for many incidents right, whoever changes incidents at the same time.

Whoever changes an incident in any way that a list shows calls `regroup` last in the transaction.
Incidents are locked in the order of their ids, then groups in the order of their keys, so that
two who regroup at once wait for each other instead of deadlocking.
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import md5

from django.db import connection, transaction

from alerts.incidents.ingest.ranking import Rankable, rank_incidents
from alerts.incidents.ingest.temp_tables import array, run_together
from alerts.incidents.models import Status

_SHARED = (
    "workspace_id, site_ids, place, alert_type, title, protocol, source, destination, pattern, "
    "severity, status, ot_state, owner_id, owner_name"
)
_COLUMNS = f"{_SHARED}, n, latest_id, lead_id, number, priority, first_at, latest_at, ot_due_at"
# As the incident's properties `active_until` and `active_from`.
_ACTIVE_UNTIL = """
    CASE WHEN latest_activity_at <= modified_at THEN latest_activity_at ELSE created_at END
"""
_ACTIVE_FROM = f"least(coalesce(first_activity_at, {_ACTIVE_UNTIL}), {_ACTIVE_UNTIL})"


def _each(prefix: str, columns: str) -> str:
    return ", ".join(f"{prefix}.{column}" for column in columns.split(", "))


# What the rows of these keys should say. The lead lends what all of a group share.
_WANTED = f"""
    SELECT counted.group_key AS key, {_each("lead", _SHARED)},
           counted.n, counted.latest_id, lead.id AS lead_id, lead.number, lead.priority,
           counted.first_at, counted.latest_at, counted.ot_due_at
    FROM (SELECT group_key, count(*)::int AS n,
                 min({_ACTIVE_FROM}) AS first_at, max({_ACTIVE_UNTIL}) AS latest_at,
                 min(ot_due_at) AS ot_due_at,
                 (array_agg(id ORDER BY created_at DESC, id DESC))[1] AS latest_id,
                 (array_agg(id ORDER BY priority DESC, created_at DESC, id DESC))[1] AS lead_id
          FROM incidents_incident WHERE group_key = ANY(%(keys)s::uuid[])
          GROUP BY group_key) counted
    JOIN incidents_incident lead ON lead.id = counted.lead_id
"""
# `WHERE false` locks the rows that are there and leaves them alone. Unlike SELECT FOR UPDATE it
# also adds a row that somebody else deletes while we wait for it.
_ADD_OR_LOCK = f"""
    INSERT INTO incidents_group (key, {_COLUMNS}, changed_at)
    SELECT key, {_COLUMNS}, %(now)s FROM ({_WANTED}) wanted ORDER BY key
    ON CONFLICT (key) DO UPDATE SET n = 0 WHERE false
"""
_LOCK = """
    SELECT FROM incidents_group WHERE key = ANY(%(keys)s::uuid[]) ORDER BY key FOR UPDATE
"""
_REFRESH = f"""
    UPDATE incidents_group g SET ({_COLUMNS}, changed_at) = ROW({_each("w", _COLUMNS)}, %(now)s)
    FROM ({_WANTED}) w WHERE g.key = w.key
    AND (g.changed_at < %(now)s OR ROW({_each("g", _COLUMNS)})
         IS DISTINCT FROM ROW({_each("w", _COLUMNS)}))
"""
_DELETE_EMPTY = """
    DELETE FROM incidents_group g WHERE key = ANY(%(keys)s::uuid[])
    AND NOT EXISTS (SELECT FROM incidents_incident i WHERE i.group_key = g.key)
"""
# Counts the incidents of these keys and makes, changes or removes their rows in the queue.
# Each a statement of its own, though sent together: it sees what the one before waited for.
IN_LINE = ";".join((_LOCK, _ADD_OR_LOCK, _REFRESH, _DELETE_EMPTY))

# What beside its pattern tells in which row an incident stands: nothing where it is not open.
STANDING = f"""
    CASE WHEN gone_at IS NULL AND merged_into IS NULL AND status < {Status.CLOSED.value}
         THEN concat_ws(':', workspace_id, severity, status, ot_state, owner_id) END
"""
OLD_KEY = "translate(group_key::text, '-', '')"
_READ = f"""
    SELECT id, pattern::text, alert_type, {STANDING}, {OLD_KEY}
    FROM incidents_incident WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""
_WRITE = """
    UPDATE incidents_incident i
    SET priority = w.priority, priority_parts = w.parts::jsonb, group_key = w.key, changed_at = %s
    FROM unnest(%s::bigint[], %s::smallint[], %s::text[], %s::uuid[])
         AS w(id, priority, parts, key)
    WHERE i.id = w.id AND (i.priority <> w.priority OR i.group_key IS DISTINCT FROM w.key
                           OR i.priority_parts <> w.parts::jsonb)
"""


def key_alone(incident_id: int) -> str:
    """The queue row of an incident that stands alone, as digits."""
    return md5(f"incident:{incident_id}".encode(), usedforsecurity=False).hexdigest()


def group_key_of(*, incident_id: int, pattern: str | None, standing: str | None) -> str | None:
    """The queue row an open incident stands in, as digits: alone until its pattern is known."""
    if standing is None:
        return None
    if pattern is None:
        return key_alone(incident_id)
    return md5(f"{pattern}:{standing}".encode(), usedforsecurity=False).hexdigest()


def keys_of(*keys: str | None) -> str:
    """Rows of the queue that IN_LINE shall count anew, in the order in which it locks them."""
    return array(sorted({key for key in keys if key}))


def regroup(incident_ids: Iterable[int], *, now: datetime) -> None:
    """Rank these incidents anew and bring the queue's rows, those left and those joined, in line.

    Every service that changes an incident calls this last; thousands of incidents a call.
    """
    ids = sorted(set(incident_ids))
    if ids:  # a batch of details often leaves none, and a transaction costs without a question, too
        _regroup(ids, now=now)


@transaction.atomic
def _regroup(ids: list[int], *, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_READ, [ids])
        rows = cursor.fetchall()
        ranked = rank_incidents([Rankable(*row[:3]) for row in rows], now=now)
        keys = [
            group_key_of(incident_id=pk, pattern=pattern, standing=standing)
            for pk, pattern, _, standing, _ in rows
        ]
        scores, parts = [r.score for r in ranked], [r.parts for r in ranked]
        cursor.execute(_WRITE, [now, [row[0] for row in rows], scores, parts, keys])
    run_together(IN_LINE, keys=keys_of(*keys, *[row[4] for row in rows]), now=now)


def touch_incidents(incident_ids: Iterable[int], *, now: datetime) -> None:
    """Let live lists fetch these incidents and their rows anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH ours AS (UPDATE incidents_incident SET changed_at = %(now)s"
            " WHERE id = ANY(%(ids)s::bigint[]) RETURNING group_key)"
            " UPDATE incidents_group SET changed_at = %(now)s"
            " WHERE key IN (SELECT group_key FROM ours)",
            {"now": now, "ids": sorted(set(incident_ids))},
        )
