"""Show comments of ours from the moment they are owed, and no longer once they are withdrawn."""

from collections.abc import Iterable

from alerts.incidents.models import Comment, Incident
from alerts.outbox.models import Change, Kind


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
