"""What the watchlists held back: alerts that became no incident while the list of a workspace was
on, one line each, with the version whose row covered them. One that no row covered, of a type of
which the solution's rules make incidents, is a finding: something else keeps it from people.

Alerts without incident are read from the logs of workspaces whose past was asked for (intake).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.models import Alert, IncidentAlert
from alerts.incidents.queries import without_incident
from alerts.suppression.engine.fields import Facts
from alerts.suppression.engine.rule import NotARule
from alerts.suppression.engine.watchlist import Routine, routine_of
from alerts.suppression.models import (
    LeftOutAlert,
    RuleVersion,
    State,
    WatchlistRequest,
)
from alerts.suppression.queries import facts_of, versions_visible_to
from portal.accounts.models import User

PATIENCE: Final = timedelta(hours=2)  # the rules run hourly, and the portal adds minutes
LOOK_BACK: Final = timedelta(days=3)
SLACK: Final = timedelta(minutes=30)  # until a row that went is gone from Log Analytics
MAX_ALERTS: Final = 2_000
_ONCE_LIVE: Final = (State.LIVE, State.PAUSED, State.EXPIRED, State.RETIRED, State.REPLACED)


@dataclass(frozen=True, slots=True)
class _Period:
    """A version as its rows were in the list, and until when at the latest."""

    version: RuleVersion
    routine: Routine
    until: datetime

    def covers(self, facts: Facts) -> bool:
        """Whether a row of it left an alert out."""
        return facts.at < self.until and self.routine.covers(facts)


def count_left_out_alerts(*, now: datetime) -> int:
    """Write a line for each alert that was left out and has none yet; returns how many."""
    requests = WatchlistRequest.objects.filter(on_at__isnull=False).filter(
        Q(ended_at=None) | Q(ended_at__gt=now - LOOK_BACK)
    )
    return sum(_count_during(request, now=now) for request in requests.select_related("workspace"))


@transaction.atomic
def _count_during(request: WatchlistRequest, *, now: datetime) -> int:
    assert request.on_at is not None
    since = max(request.on_at, now - LOOK_BACK)
    until = min(request.ended_at or now, now - PATIENCE)
    alerts = Alert.objects.filter(workspace=request.workspace, at__gte=since, at__lt=until)
    counted = LeftOutAlert.objects.filter(alert=OuterRef("pk"))
    open_alerts = without_incident(alerts).filter(~Exists(counted)).order_by("at")
    facts = facts_of(list(open_alerts.values_list("pk", flat=True)[:MAX_ALERTS]))
    periods = _periods(request) if facts else []
    lines = [
        LeftOutAlert(
            alert_id=alert,
            workspace=request.workspace,
            rule_id=version.rule_id if version else None,
            version=version,
            at=fact.at,
            found_at=now,
        )
        for alert, fact in facts.items()
        if (version := _version_for(fact, periods)) or _becomes_incident(fact)
    ]
    LeftOutAlert.objects.bulk_create(lines, ignore_conflicts=True)
    return len(lines)


def _version_for(facts: Facts, periods: Sequence[_Period]) -> RuleVersion | None:
    return next((period.version for period in periods if period.covers(facts)), None)


def _becomes_incident(facts: Facts) -> bool:
    alert_type = alert_type_for(facts.alert_type)
    return alert_type is not None and alert_type.becomes_incident


def _periods(request: WatchlistRequest) -> list[_Period]:
    """The versions that lived in the workspace, by the number of their rule."""
    versions = RuleVersion.objects.filter(
        state__in=_ONCE_LIVE, workspace_ids__contains=[request.workspace_id]
    )
    found = []
    for version in versions.select_related("rule").order_by("rule__number", "number"):
        steps = version.steps.filter(to_state=State.LIVE).order_by("at")
        first = steps.values_list("at", flat=True).first()
        since = first or version.state_since
        ends = version.expires_at or version.state_since
        gone = ends if version.state == State.LIVE else version.state_since + SLACK
        try:
            routine = routine_of(
                version.definition, workspace=request.workspace.name, since=since, until=ends
            )
        except NotARule:
            continue
        if routine.is_listed:
            found.append(_Period(version, routine, min(ends, gone)))
    return found


def left_out_visible_to(user: User, *, since: datetime) -> QuerySet[LeftOutAlert]:
    """Return what rows of rules left out that the person may see, findings not among them."""
    versions = versions_visible_to(user).values("pk")
    return _without_incident(LeftOutAlert.objects.filter(version__in=versions, at__gte=since))


def left_out_in(workspace_ids: Sequence[int], *, since: datetime) -> QuerySet[LeftOutAlert]:
    """Return what was left out there, without what became part of an incident after all."""
    rows = LeftOutAlert.objects.filter(workspace__in=workspace_ids, at__gte=since)
    return _without_incident(rows)


def _without_incident(rows: QuerySet[LeftOutAlert]) -> QuerySet[LeftOutAlert]:
    return rows.filter(~Exists(IncidentAlert.objects.filter(alert=OuterRef("alert"))))
