"""Where the incidents of a workspace are read from, what waits there, and what was found when
everything was compared: all from rows that workers have written.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet, Sum

from alerts.intake.engine.periods import SWEEP_EVERY
from alerts.intake.models import Cursor, Missing, Run
from alerts.intake.services.slices import COUNTERPARTS, POLL
from alerts.intake.services.sweep import (
    BROKE_OFF,
    is_sweep_under_way,
    latest_sweep_began_at,
    sweep_began_at,
)
from alerts.sentinel.models import IncidentSource, PortalResidence, Workspace
from alerts.sentinel.queries import placed_but_unread, portal_residence_of, waiting_incidents
from alerts.sentinel.wording import SENTENCES, error_words
from portal.formats.stored_sentences import in_readers_language
from portal.jobs.models import Job

LONG_WAIT = timedelta(hours=1)  # Sentinel's own list names an incident within minutes


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
class Failure:
    """Why the newest slice of a comparison failed, and when."""

    at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """Where incidents come from. The list was read to its end at `read_at`, and its latest change
    was at `changes_until`; the two times of the workspace's own list are of one that Graph serves.
    `error` is why it cannot be read at the moment; `waits_long`: longer than an hour.
    """

    by_graph: bool
    residence: PortalResidence | None  # None: no poll has asked yet
    read_at: datetime | None
    changes_until: datetime | None
    error: str
    own_changes_until: datetime | None
    own_error: str
    waiting: int
    waiting_since: datetime | None
    waits_long: bool
    unread: int  # have their place, but Graph's version was not read yet
    compared: Comparison | None
    is_comparing: bool
    comparing_since: datetime | None
    comparing_failed: Failure | None
    differed: Comparison | None  # the latest one that found a difference
    missing: int


def source_facts(workspace: Workspace, *, now: datetime) -> SourceFacts:
    """Return where the incidents of a workspace come from, and its state."""
    cursor = Cursor.objects.filter(pk=workspace.pk).first() or Cursor()
    by_graph = workspace.source == IncidentSource.GRAPH
    errors = dict(
        Job.objects.filter(kind__in=(POLL, COUNTERPARTS), key=str(workspace.uuid)).values_list(
            "kind", "latest_error"
        )
    )
    waiting = waiting_incidents(workspace.pk) if by_graph else None
    slices = Run.objects.filter(workspace=workspace, kind=Run.Kind.SWEEP, finished_at__isnull=False)
    return SourceFacts(
        by_graph=by_graph,
        residence=portal_residence_of(workspace.pk),
        read_at=cursor.fresh_at,
        changes_until=cursor.watermark,
        error=error_words(errors.get(POLL, "")),
        own_changes_until=cursor.own_watermark if by_graph else None,
        own_error=error_words(errors.get(COUNTERPARTS, "")) if by_graph else "",
        waiting=waiting.count if waiting else 0,
        waiting_since=waiting.since if waiting else None,
        waits_long=bool(waiting and waiting.since and now - waiting.since > LONG_WAIT),
        unread=len(placed_but_unread(workspace.pk)) if by_graph else 0,
        compared=_latest_comparison(slices, cursor),
        is_comparing=is_sweep_under_way(cursor),
        comparing_since=sweep_began_at(cursor),
        comparing_failed=_failure(slices),
        differed=_latest_difference(slices, cursor),
        missing=Missing.objects.filter(workspace=workspace).count(),
    )


def _latest_comparison(slices: QuerySet[Run], cursor: Cursor) -> Comparison | None:
    """All slices of the sweep that came to its end last, as one."""
    if cursor.swept_at is None:
        return None
    since = latest_sweep_began_at(cursor)
    return _added_up(slices, since=since, until=cursor.swept_at)


def _latest_difference(slices: QuerySet[Run], cursor: Cursor) -> Comparison | None:
    """The comparison, ended or not, that was the latest to find anything."""
    differing = slices.filter(Q(new__gt=0) | Q(changed__gt=0) | Q(deleted__gt=0))
    newest = differing.order_by("-started_at", "-pk").first()
    if newest is None:
        return None
    began_at, latest = sweep_began_at(cursor), _latest_comparison(slices, cursor)
    if began_at and newest.started_at >= began_at:
        return _added_up(slices, since=began_at, until=newest.started_at)
    if latest and not latest.is_equal:
        return latest
    return _added_up(slices, since=None, until=newest.started_at)


def _added_up(slices: QuerySet[Run], *, since: datetime | None, until: datetime) -> Comparison:
    """The slices of this time. Where the beginning was not kept, those of the day up to its end:
    the next sweep begins no sooner than a day after the one before has ended.
    """
    own = slices.filter(started_at__lte=until)
    if since:
        own = own.filter(started_at__gte=since)
    else:
        own = own.filter(started_at__gt=until - SWEEP_EVERY)
    found = own.aggregate(
        new=Sum("new", default=0), changed=Sum("changed", default=0), gone=Sum("deleted", default=0)
    )
    return Comparison(until, **found)


def _failure(slices: QuerySet[Run]) -> Failure | None:
    newest = slices.order_by("-started_at", "-pk").first()
    if newest is None or newest.finished_at is None or not newest.error:
        return None
    words = in_readers_language(newest.error, (BROKE_OFF, *SENTENCES))
    return Failure(newest.finished_at, words)
