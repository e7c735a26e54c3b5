"""Comments of incidents: those that stand in Sentinel, and ours from the moment they are owed."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter

import orjson

from alerts.incidents.models import Comment, Incident
from alerts.outbox.models import Change, Kind
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


def show_our_comments(
    changes: Iterable[Change], *, incidents: Iterable[Incident], author: str
) -> None:
    """Keep what was owed as comments of these incidents."""
    rows = {(each.workspace_id, each.name): each for each in incidents}
    Comment.objects.bulk_create(
        [
            Comment(
                incident=rows[change.workspace_id, change.incident_name],
                name=str(change.key),
                author=author,
                message=change.message,
                created_at=change.made_at,
                ours=True,
            )
            for change in changes
            if change.kind == Kind.COMMENT
        ],
        ignore_conflicts=True,
    )


def drop_our_comments(changes: Iterable[Change]) -> None:
    """Take comments off that will never be written."""
    names = [str(change.key) for change in changes if change.kind == Kind.COMMENT]
    Comment.objects.filter(name__in=names, ours=True).delete()
