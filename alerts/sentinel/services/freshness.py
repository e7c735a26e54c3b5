"""Note how fresh what we know of a workspace is."""

from datetime import datetime

from alerts.sentinel.models import Freshness


def note_fresh(*, workspace_id: int, now: datetime) -> None:
    """Everything that changed there before `now` has been read. `now` is business time."""
    Freshness.objects.update_or_create(workspace_id=workspace_id, defaults={"fresh_at": now})
