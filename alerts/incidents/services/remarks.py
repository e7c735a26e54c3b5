"""Keep the comments that stand at an incident in Sentinel, ours recognised by their ids."""

from collections.abc import Sequence
from datetime import datetime

from alerts.incidents.models import Comment
from alerts.outbox.queries import written_by_us
from alerts.sentinel.wire import Unreadable, WireComment


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
    ours = written_by_us(name for _, name in said)
    Comment.objects.bulk_create(
        [
            Comment(
                incident_id=incident_id,
                name=name,
                author=(comment.author_name or comment.author_email or "")[:200],
                message=comment.message,
                created_at=min(comment.created_at or now, now),
                ours=name in ours,
            )
            for (incident_id, name), comment in sorted(said.items())
        ],
        update_conflicts=True,
        unique_fields=["incident", "name"],
        update_fields=["author", "message", "ours"],
        batch_size=1000,
    )
