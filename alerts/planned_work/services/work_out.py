"""Work out when planned work takes place: rows for the next three months, more every day."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from alerts.planned_work.engine.coverage import MAX_LATE, SLACK
from alerts.planned_work.engine.recurrence import Span, occurrences
from alerts.planned_work.models import Occurrence, PlannedWork, Revision
from alerts.planned_work.services.plans import AHEAD, BEHIND

BATCH = 5000
_RENEW_BEFORE = timedelta(days=62)


def spans_of(revision: Revision, *, now: datetime) -> list[Span]:
    """Return when the work takes place, from five weeks ago until its horizon. Raises PlanError
    where that is too often.
    """
    until = revision.worked_out_until
    if not revision.is_recurring:
        until = datetime.max.replace(tzinfo=now.tzinfo) - timedelta(days=3)
    return occurrences(revision.schedule, since=now - BEHIND, until=until)


def new_occurrence(revision: Revision, *, span: Span, known_from: datetime) -> Occurrence:
    """Return the row of one time; not stored yet."""
    slack_ends_at = span.ends_at + SLACK
    late_until = None if revision.is_recurring else slack_ends_at + MAX_LATE
    return Occurrence(
        work_id=revision.work_id,
        revision=revision,
        site_id=revision.work.site_id,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        late_until=late_until,
        watched=(span.starts_at, late_until or slack_ends_at),
        known_from=known_from,
    )


def store_occurrences(rows: Iterable[Occurrence]) -> list[Occurrence]:
    """Store occurrences and return them."""
    return Occurrence.objects.bulk_create(rows, batch_size=BATCH)


@transaction.atomic
def work_out_ahead(*, now: datetime) -> int:
    """Work out the occurrences of recurring work further ahead, where that is due; return how many
    were added. They count as known since the work was planned so.
    """
    due = (
        Revision.objects.filter(
            is_latest=True,
            worked_out_until__lt=now + _RENEW_BEFORE,
            work__state=PlannedWork.State.PLANNED,
        )
        .exclude(rule="")
        .select_related("work")
        .select_for_update(of=("self",), skip_locked=True)
    )
    rows = []
    for revision in due[:BATCH]:
        since, until = revision.worked_out_until, now + AHEAD
        spans = occurrences(revision.schedule, since=since, until=until)
        rows += [
            new_occurrence(revision, span=span, known_from=revision.known_from)
            for span in spans
            if span.starts_at >= since
        ]
        Revision.objects.filter(pk=revision.pk).update(worked_out_until=until)
    store_occurrences(rows)
    return len(rows)
