"""Look again at what only a hold kept open: it may have ended, been corrected, or narrowed (S1)."""

from collections.abc import Sequence
from datetime import datetime

from alerts.incidents.models import DetailsState, Incident, Status
from alerts.suppression.enforcing.judging import Judgement
from alerts.suppression.engine.guards.scene import is_only_held
from alerts.suppression.models import HeldIncident

MAX_HELD = 200  # looked at in one go; those that waited longest come first


def note_hold(*, incident_id: int, judgement: Judgement, now: datetime) -> bool:
    """Remember an incident that live rules would close but for a hold. Whatever else speaks against
    it makes it a person's, and is no hold that ends. Returns whether it waits.
    """
    waits = judgement.cover.is_live and is_only_held(each.code for each in judgement.reasons)
    if waits:
        HeldIncident.objects.update_or_create(
            incident_id=incident_id,
            defaults={"looked_at": now},
            create_defaults={"held_at": now, "looked_at": now},
        )
    return waits


def held_incidents(workspace_id: int, *, since: datetime) -> Sequence[Incident]:
    """Return what waits in a workspace, and forget what people or Sentinel have moved meanwhile.
    Rules act on what was made since `since` only.
    """
    rows = HeldIncident.objects.filter(incident__workspace=workspace_id)
    waiting = rows.filter(
        incident__status=Status.NEW,
        incident__details_state=DetailsState.FETCHED,
        incident__gone_at=None,
        incident__merged_into=None,
        incident__created_at__gte=since,
    )
    rows.exclude(pk__in=waiting.values("pk")).delete()
    found = waiting.select_related("incident").order_by("looked_at", "pk")[:MAX_HELD]
    return [each.incident for each in found]


def forget_hold(incident_id: int) -> None:
    """Forget an incident: rules have acted on it, or it is a person's."""
    HeldIncident.objects.filter(incident=incident_id).delete()
