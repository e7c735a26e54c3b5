"""What is collected of a workspace. A worker counts it once a day: it looks at all alerts."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery

from alerts.incidents.engine.catalogue import all_types
from alerts.incidents.engine.merged_alerts import violations_in
from alerts.incidents.models import Alert, AlertRaw, Incident, IncidentAlert
from alerts.intake.models import Cursor
from alerts.sentinel.models import Workspace

SOURCE_RETENTION = timedelta(days=90)
RECENT = timedelta(days=30)
MAX_LOOKED_AT = 20_000  # newest alerts that are looked into one by one


@dataclass(frozen=True, slots=True)
class Stock:
    """How much of a workspace is here at this moment. `awaiting` are incidents whose alerts are
    still to be fetched: the other two grow with them.
    """

    incidents: int
    alerts: int
    awaiting: int
    oldest_at: datetime | None  # of the alerts


def count_stock(workspace: Workspace) -> Stock:
    """Count what grows by the minute while history is read, in one query."""
    incidents, alerts, awaiting, oldest_at = (
        Workspace.objects.filter(pk=workspace.pk)
        .values_list(
            _count_of(Incident.objects.all()),
            _count_of(Alert.objects.all()),
            _count_of(Incident.objects.filter(details_due_at__isnull=False)),
            Subquery(
                Alert.objects.filter(workspace=OuterRef("pk")).order_by("at").values("at")[:1]
            ),
        )
        .get()
    )
    return Stock(incidents or 0, alerts or 0, awaiting or 0, oldest_at)


def _count_of(rows: QuerySet[Any]) -> Subquery:
    counted = rows.order_by().filter(workspace=OuterRef("pk")).values("workspace")
    return Subquery(counted.annotate(n=Count("pk")).values("n"))


def is_reading_incomplete(workspace: Workspace) -> bool:
    """Whether incidents or their alerts are still to be read, so that counts grow with them."""
    was_read = Cursor.objects.filter(workspace=workspace, fresh_at__isnull=False).exists()
    rows = Incident.objects.filter(workspace=workspace, details_due_at__isnull=False)
    return not was_read or rows.exists()


def count_collected(workspace: Workspace, *, now: datetime) -> dict[str, Any]:
    """Return the numbers of a workspace that pages show and checks judge. Alerts are identified by
    VendorOriginalId.
    """
    alerts = Alert.objects.filter(workspace=workspace)
    totals = alerts.aggregate(
        alerts=Count("pk"),
        oldest=Min("at"),
        only_here=Count("pk", filter=Q(at__lt=now - SOURCE_RETENTION)),
    )
    incidents = Incident.objects.filter(workspace=workspace).aggregate(n=Count("pk"))
    oldest = totals["oldest"]
    return {
        "alerts": totals["alerts"],
        "incidents": incidents["n"],
        "oldest_at": oldest.isoformat() if oldest else None,
        "only_here": totals["only_here"],
        **_recent(workspace, now=now),
        **_merged(workspace),
    }


def _recent(workspace: Workspace, *, now: datetime) -> dict[str, Any]:
    """How many alerts of the last days are in more than one incident."""
    recent = Alert.objects.filter(workspace=workspace, at__gt=now - RECENT)
    links = IncidentAlert.objects.filter(alert__in=recent, incident__merged_into=None)
    doubles = links.values("alert").annotate(n=Count("incident")).filter(n__gt=1)
    return {"recent_alerts": recent.count(), "doubles": doubles.count()}


def _merged(workspace: Workspace) -> dict[str, Any]:
    """What is behind incidents: alerts, sensors, and violations where an alert lists them."""
    links = IncidentAlert.objects.filter(incident__workspace=workspace)
    sensors = Count("alert__sensor", distinct=True, filter=~Q(alert__sensor=""))
    behind = links.values("incident").annotate(n=Count("alert"), sensors=sensors)
    several = behind.aggregate(
        with_alerts=Count("incident"),
        several_alerts=Count("incident", filter=Q(n__gt=1)),
        most_alerts=Max("n"),
        several_sensors=Count("incident", filter=Q(sensors__gt=1)),
        most_sensors=Max("sensors"),
    )
    merging = [kind.title for kind in all_types() if kind.aggregated]
    newest = Alert.objects.filter(workspace=workspace).order_by("-at")[:MAX_LOOKED_AT]
    ids = list(newest.values_list("pk", flat=True))
    looked = Alert.objects.filter(pk__in=ids)
    lists = Counter(
        found
        for body in AlertRaw.objects.filter(alert__in=ids)
        .annotate(bag=F("body__properties__additionalData"))
        .values_list("bag", flat=True)
        .iterator(chunk_size=1000)
        if (found := violations_in(body))
    )
    return {
        **{name: value or 0 for name, value in several.items()},
        "looked_at": len(ids),
        "of_merging_types": looked.filter(alert_type__in=merging).count(),
        "merging_types": len(merging),
        "with_violations": sum(lists.values()),
        "violations": sum(n * times for n, times in lists.items()),
    }
