"""Keep the comments that stand at an incident in Sentinel, ours recognised by their ids."""

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter

import orjson

from alerts.outbox.queries import written_by_us
from alerts.sentinel.wire import Unreadable, WireComment
from portal.cursors import kept_cursor

_MERGE = f"""
    INSERT INTO incidents_comment (incident_id, name, author, message, created_at, ours)
    SELECT incident_id, name, author, message, created_at, {written_by_us("name")}
    FROM json_to_recordset(%s::json)
        AS said(incident_id bigint, name text, author text, message text, created_at timestamptz)
    ON CONFLICT (incident_id, name) DO UPDATE
    SET author = excluded.author, message = excluded.message, ours = excluded.ours
"""


def store_comments(
    *, given: Sequence[tuple[int, Sequence[WireComment | Unreadable]]], now: datetime
) -> None:
    """Store the comments of many incidents; a comment that was edited is written over."""
    said = {
        (incident_id, comment.name[:100]): comment
        for incident_id, comments in given
        for comment in comments
        if isinstance(comment, WireComment)
    }
    if not said:
        return
    rows = [
        {
            "incident_id": incident_id,
            "name": name,
            "author": (comment.author_name or comment.author_email or "")[:200],
            "message": comment.message,
            "created_at": min(comment.created_at or now, now),
        }
        for (incident_id, name), comment in sorted(said.items(), key=itemgetter(0))
    ]
    kept_cursor().execute(_MERGE, [orjson.dumps(rows).decode()])
