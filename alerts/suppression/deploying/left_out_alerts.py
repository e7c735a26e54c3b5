"""What the watchlists held back: alerts that became no incident, one line each, with the version
whose row covered them while Sentinel held that row and an open gate. One that no row covered then,
of a type of which the solution's rules make incidents, is a finding: something else keeps it from
people.

Alerts without incident are read from the logs of workspaces whose past was asked for (intake).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from alerts.incidents.engine.catalogue import alert_type_for
from alerts.incidents.models import Alert, IncidentAlert
from alerts.incidents.queries import without_incident
from alerts.rules.fields import FieldValues
from alerts.suppression.deploying.watchlist_periods import ListInForce, remove_old_periods
from alerts.suppression.models import LeftOutAlert, RuleVersion, WatchlistRequest
from alerts.suppression.queries import facts_of, versions_visible_to
from portal.accounts.models import User
from portal.jobs.failures import RoundFailures

PATIENCE: Final = timedelta(hours=2)  # the rules run hourly, and the portal adds minutes
LOOK_BACK: Final = timedelta(days=3)
MAX_ALERTS: Final = 2_000


def count_left_out_alerts(*, now: datetime) -> int:
    """Write a line for each alert that was left out and has none yet; returns how many."""
    requests = WatchlistRequest.objects.filter(on_at__isnull=False).filter(
        Q(ended_at=None) | Q(ended_at__gt=now - LOOK_BACK)
    )
    failures, count = RoundFailures(), 0
    for request in requests.select_related("workspace").order_by("pk"):
        with failures.isolate(request):
            count += _count_during(request, now=now)
    remove_old_periods(now=now, is_dry_run=False)
    return count


@transaction.atomic
def _count_during(request: WatchlistRequest, *, now: datetime) -> int:
    assert request.on_at is not None
    since = max(request.on_at, now - LOOK_BACK)
    until = min(request.ended_at or now, now - PATIENCE)
    alerts = Alert.objects.filter(workspace=request.workspace, at__gte=since, at__lt=until)
    counted = LeftOutAlert.objects.filter(alert=OuterRef("pk"))
    open_alerts = without_incident(alerts).filter(~Exists(counted)).order_by("at")
    facts = facts_of(list(open_alerts.values_list("pk", flat=True)[:MAX_ALERTS]))
    in_force = ListInForce(request.workspace_id, since=since, until=until)
    rows = {alert: in_force.row_for(fact) for alert, fact in facts.items()}
    versions = _versions_of([row for row in rows.values() if row])
    lines = []
    for alert, fact in facts.items():
        row = rows[alert]
        version = versions.get((row["Rule"], row["Version"])) if row else None
        if version or _becomes_incident(fact):
            lines.append(
                LeftOutAlert(
                    alert_id=alert,
                    workspace=request.workspace,
                    rule_id=version.rule_id if version else None,
                    version=version,
                    at=fact.at,
                    found_at=now,
                )
            )
    LeftOutAlert.objects.bulk_create(lines, ignore_conflicts=True)
    return len(lines)


def _versions_of(rows: Sequence[Mapping[str, str]]) -> dict[tuple[str, str], RuleVersion]:
    """Return the versions whose rows these are, as the rows name them."""
    numbers = {int(row["Rule"].removeprefix("R-")) for row in rows}
    versions = RuleVersion.objects.filter(rule__number__in=numbers).select_related("rule")
    return {(f"R-{row.rule.number}", str(row.number)): row for row in versions}


def _becomes_incident(facts: FieldValues) -> bool:
    alert_type = alert_type_for(facts.alert_type)
    return alert_type is not None and alert_type.becomes_incident


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
