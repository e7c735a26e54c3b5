"""Stop what a cap stops (S6): the rule, or all rules of the workspace. The way back of a rule is a
new version that both sides sign, of a workspace the switch of the SOC lead.
"""

from datetime import datetime

from django.db import transaction

from alerts.incidents.acts.apply import write_timeline
from alerts.incidents.models import TimelineItem
from alerts.rules.sentence import Sentence
from alerts.suppression.deploying.kill_switch import switch_off
from alerts.suppression.models import BrakeTrip
from alerts.suppression.watching.lifecycle import ITSELF, stop_by_itself
from portal.audit.services import record
from portal.jobs.failures import RoundFailures


def stop_at_brakes(*, now: datetime) -> int:
    """Carry out the stops that are owed; returns how many. One that fails holds up no other, and
    is tried again in the next round: until then nothing is closed beyond its cap.
    """
    stopped, failures = 0, RoundFailures()
    trips = BrakeTrip.objects.filter(stopped_at=None).order_by("pk")
    for trip in trips.select_related("incident", "workspace", "version__rule"):
        with failures.isolate(trip):
            _stop(trip, now=now)
            stopped += 1
    return stopped


def reason_of(trip: BrakeTrip) -> Sentence:
    """Return why it stopped."""
    incident = trip.incident
    details = {"workspace": trip.workspace.name} if trip.workspace else {}
    return Sentence(
        f"brake.{trip.brake}",
        incident=f"#{incident.number}" if incident.number else incident.name,
        limit=trip.limit,
        most=trip.most,
        **details,
    )


def _stop(trip: BrakeTrip, *, now: datetime) -> None:
    reason = reason_of(trip)
    if trip.workspace_id is not None:  # committed by itself, before all else
        switch_off(by=None, by_label=ITSELF, workspace_id=trip.workspace_id, reason=reason, now=now)
    with transaction.atomic():
        if trip.version is not None:
            stop_by_itself(version_id=trip.version.pk, reasons=[reason], now=now)
        write_timeline(
            incident_ids=[trip.incident_id],
            code="rule-stopped",
            side=TimelineItem.Side.PORTAL,
            by=ITSELF,
            now=now,
            details={
                "rule": trip.version.rule.label if trip.version else "",
                "workspace": trip.workspace.name if trip.workspace else "",
                "ending": "cap-of-rule" if trip.version else "cap-of-workspace",
            },
        )
        record("suppression.brake.tripped", on=trip, by=ITSELF, at=now, reason=str(reason))
        BrakeTrip.objects.filter(pk=trip.pk).update(stopped_at=now)
