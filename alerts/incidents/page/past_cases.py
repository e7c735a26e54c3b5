"""True positives of the past that concern the same devices as an incident."""

from collections.abc import Sequence

from django.db.models import FETCH_RAISE, Exists, OuterRef, Q

from alerts.incidents.models import Alert, Incident, IncidentAlert
from alerts.incidents.queries import incidents_visible_to
from portal.accounts.models import User

MAX_CASES = 3
SHOWN = ("number", "title", "latest_activity_at", "modified_at", "created_at")


def true_positives_like(
    incident: Incident, alerts: Sequence[Alert], user: User
) -> tuple[list[Incident], bool]:
    """Return the newest true positives with an alert that names the same devices, and whether
    those are two. Who began does not matter.
    """
    names = _devices_of(incident, alerts)
    if not names:
        return [], False
    cases = incidents_visible_to(user).filter(
        classification="TruePositive", workspace=incident.workspace_id
    )
    is_named = [
        Q(alert__any_device__contains=[name]) | Q(alert__any_address__contains=[name])
        for name in names
    ]
    named = IncidentAlert.objects.filter(*is_named, incident=OuterRef("pk"))
    found = cases.filter(Exists(named)).exclude(pk=incident.pk).order_by("-created_at", "-pk")
    found = found.only(*SHOWN).fetch_mode(FETCH_RAISE)
    return list(found[:MAX_CASES]), len(names) == 2


def _devices_of(incident: Incident, alerts: Sequence[Alert]) -> list[str]:
    """The one or two devices that it is about; none where it is about more."""
    newest = alerts[0] if alerts else None
    ends = [newest.source, newest.destination] if newest else [incident.source]
    names = sorted({end for end in ends if end})
    if not names and newest is not None:
        names = sorted(newest.any_device or newest.any_address)
    return names if len(names) < 3 else []
