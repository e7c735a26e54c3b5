"""Since when and until when all incidents of a person's workspaces were read."""

from collections.abc import Iterable

from alerts.dashboards.engine.periods import Coverage
from alerts.dashboards.queries.sync import Sync


def coverage_by_workspace(syncs: Iterable[Sync]) -> dict[int, Coverage]:
    """What was read of each workspace; paused ones only where nothing else is there, as nobody
    expects their data.
    """
    given = list(syncs)
    active = [sync for sync in given if not sync.is_paused] or given
    return {sync.workspace_id: Coverage(sync.history_since, sync.fresh_at) for sync in active}
