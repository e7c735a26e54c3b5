"""A small past at two sites: routine on weekdays, with verdicts and endings where a test asks."""

import uuid
from datetime import timedelta

from alerts.incidents.models import (
    Alert,
    DetailsState,
    Incident,
    IncidentAlert,
    IncidentStatus,
    TimelineItem,
)
from alerts.reviews.models import Verdict
from alerts.rules.rule import Clause, RuleDefinition
from tests.conftest import NOON
from tests.factories.incidents import new_alert, new_incident

PROGRAMMING = "Unauthorized PLC Programming"


def rule_for(site, *more, source="ENG-WS-04", **members):
    """Programming from the engineering station at a site."""
    fields = {"title": "Nightly programming at the plant", "enforcement": "tagout"} | members
    lines = (
        Clause("site", "is", (site.name,)),
        Clause("alert_type", "is", (PROGRAMMING,)),
        Clause("source_device", "is", (source,)),
        *more,
    )
    return RuleDefinition(all_of=lines, **fields)


def routine(workspace, site, *, days=30, source="ENG-WS-04", destination="PLC-4", hour=6, **more):
    """One incident with one alert for each of the last days, the oldest first."""
    zone = site.zones.order_by("pk")[0]
    rows, alerts = [], []
    for back in range(days, 0, -1):
        at = (NOON - timedelta(days=back)).replace(hour=hour)
        columns = {
            "title": PROGRAMMING,
            "source": source,
            "destination": destination,
            "created_at": at,
            "site_ids": [site.pk],
            "status": IncidentStatus.CLOSED,
            "details_state": DetailsState.FETCHED,
            "classification": "BenignPositive",
        }
        rows.append(new_incident(workspace, **columns | more))
        alerts.append(
            new_alert(
                rows[-1],
                site=site,
                zone=zone,
                plant_weekday=at.weekday(),
                plant_minute=(hour + 1) * 60,
            )
        )
    Incident.objects.bulk_create(rows)
    Alert.objects.bulk_create(alerts)
    IncidentAlert.objects.bulk_create(
        IncidentAlert(incident=row, alert=alert) for row, alert in zip(rows, alerts, strict=True)
    )
    return rows


def judge(incidents, by, verdict="routine", *, cause="ld-backup", at=NOON):
    """One verdict over these incidents and their alerts."""
    note = "Nobody here did that." if verdict == "suspicious" else ""
    row = Verdict.objects.create(
        kind=verdict,
        cause=cause,
        by=by,
        given_at=at,
        key=uuid.uuid4(),
        act=uuid.uuid4(),
        note=note,
    )
    row.incidents.set(incidents)
    alerts = IncidentAlert.objects.filter(incident__in=incidents).values_list("alert", flat=True)
    row.alerts.set(list(alerts))
    return row


def close_by(person, incidents, *, after):
    """A person closed these so long after they were raised."""
    TimelineItem.objects.bulk_create(
        TimelineItem(
            incident=incident, at=incident.created_at + after, side="soc", by=person, code="closed"
        )
        for incident in incidents
    )
