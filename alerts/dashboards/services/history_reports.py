"""Ask for an analysis of a period, and make it in a worker."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from alerts.dashboards.models import HistoryReport
from alerts.dashboards.policies import reasons_against_history
from alerts.dashboards.queries.history_analysis import analyse_history
from portal import clock
from portal.accounts.models import User
from portal.accounts.queries import reach_in_json, reach_of
from portal.audit.services import record
from portal.errors import Refused
from portal.jobs.models import JobState
from portal.jobs.services import back_off, do_next, put_back, run_while_due, settle

PERIODS = (30, 90, 180, 365)  # days
MAX_REPORTS, MAX_WAITING = 20, 3
MAX_ATTEMPTS = 4


class CannotRequestHistory(Refused):
    """No report is made."""


@transaction.atomic
def request_history_report(
    *, days: int, by: User, now: datetime, unshifted: datetime
) -> HistoryReport:
    """Owe a person the analysis of the days until now; a worker makes it. Older reports of theirs
    than the newest 20 go.
    """
    reasons = reasons_against_history(by=by)
    if days not in PERIODS:
        reasons.append(gettext("Choose one of the periods."))
    own = HistoryReport.objects.filter(by=by).order_by("-made_at", "-pk")
    if own.filter(state__in=[JobState.WAITING, JobState.RUNNING]).count() >= MAX_WAITING:
        reasons.append(gettext("Three reports are being made for you. Wait for one of them."))
    if reasons:
        raise CannotRequestHistory(*reasons)
    kept = list(own.values_list("pk", flat=True)[: MAX_REPORTS - 1])
    own.exclude(pk__in=kept).delete()
    report = HistoryReport.objects.create(
        by=by,
        reach=reach_in_json(reach_of(by)),
        since=now - timedelta(days=days),
        until=now,
        made_at=now,
        due_at=unshifted,
    )
    record("dashboards.history_report.requested", on=report, by=by, at=now, days=days)
    return report


@transaction.atomic
def note_history_export(
    report: HistoryReport, *, table: str, rows: int, by: User, now: datetime
) -> None:
    """Put on record, before it is sent, who takes which table of which period away."""
    record(
        "dashboards.history.exported",
        on=report,
        by=by,
        at=now,
        table=table,
        rows=rows,
        since=report.since,
        until=report.until,
    )


def make_due_reports() -> None:
    """Make every report that is due."""

    def step() -> bool:
        rows = HistoryReport.objects.select_related("by")
        return do_next(rows, work=_make, now=clock.unshifted(), on_error=_try_again)

    run_while_due(step)


def _make(report: HistoryReport) -> None:
    analysis = analyse_history(report.by, since=report.since, until=report.until)
    settle(report, now=clock.unshifted(), result=analysis.as_json())


def _try_again(report: HistoryReport, error: Exception) -> None:
    text = f"{type(error).__name__}: {error}"
    if report.attempts >= MAX_ATTEMPTS:
        settle(report, now=clock.unshifted(), state=JobState.DEAD, error=text)
    else:
        put_back(report, due_at=clock.unshifted() + back_off(report.attempts), error=text)
