"""Where the incidents of a workspace are read from, what waits there, and what was found when
everything was compared: all from rows that workers have written.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.intake.models import Cursor, Missing, Run
from alerts.intake.services.slices import COUNTERPARTS, POLL
from alerts.sentinel.models import IncidentSource, Workspace
from alerts.sentinel.queries import placed_but_unread, waiting_incidents
from alerts.sentinel.wording import error_words
from portal.jobs.models import Job

LONG_WAIT = timedelta(hours=1)  # Sentinel's own list names an incident within minutes
MAX_SWEEPS = 100


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison of all incidents found that reading had missed."""

    at: datetime
    new: int
    changed: int
    gone: int

    @property
    def is_equal(self) -> bool:
        """Whether nothing differed."""
        return not (self.new or self.changed or self.gone)


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """Where incidents come from. `read_at`: the list was read to its end; `seen_until`: the latest
    change that it told of. `error` is why it cannot be read at the moment. The two times of the
    workspace's own list are of one that Microsoft Graph serves. `waits_long`: longer than an hour.
    """

    by_graph: bool
    is_in_portal: bool | None  # None: not found out yet
    probed_at: datetime | None  # Graph, by the command
    read_at: datetime | None
    seen_until: datetime | None
    error: str
    own_seen_until: datetime | None
    own_error: str
    waiting: int
    waiting_since: datetime | None
    waits_long: bool
    unread: int  # have their place, but Graph's version was not read yet
    compared: Comparison | None
    differed: Comparison | None  # the latest one that found a difference
    missing: int


def source_facts(workspace: Workspace, *, now: datetime) -> SourceFacts:
    """Return where the incidents of a workspace come from, and how that stands."""
    cursor = Cursor.objects.filter(pk=workspace.pk).first() or Cursor()
    by_graph = workspace.source == IncidentSource.GRAPH
    errors = dict(
        Job.objects.filter(kind__in=(POLL, COUNTERPARTS), key=str(workspace.uuid)).values_list(
            "kind", "latest_error"
        )
    )
    waiting = waiting_incidents(workspace.pk) if by_graph else None
    probed_at = workspace.capabilities.get("graph", {}).get("probed_at")
    sweeps = [
        Comparison(run.started_at, run.new, run.changed, run.deleted)
        for run in Run.objects.filter(
            workspace=workspace, kind=Run.Kind.SWEEP, error="", finished_at__isnull=False
        ).order_by("-started_at", "-pk")[:MAX_SWEEPS]
    ]
    return SourceFacts(
        by_graph=by_graph,
        is_in_portal=workspace.capabilities.get("defender_portal", {}).get("is_there"),
        probed_at=datetime.fromisoformat(probed_at) if probed_at else None,
        read_at=cursor.fresh_at,
        seen_until=cursor.watermark,
        error=error_words(errors.get(POLL, "")),
        own_seen_until=cursor.own_watermark if by_graph else None,
        own_error=error_words(errors.get(COUNTERPARTS, "")) if by_graph else "",
        waiting=waiting.count if waiting else 0,
        waiting_since=waiting.since if waiting else None,
        waits_long=bool(waiting and waiting.since and now - waiting.since > LONG_WAIT),
        unread=len(placed_but_unread(workspace.pk)) if by_graph else 0,
        compared=sweeps[0] if sweeps and cursor.swept_at else None,
        differed=next((sweep for sweep in sweeps if not sweep.is_equal), None),
        missing=Missing.objects.filter(workspace=workspace).count(),
    )
