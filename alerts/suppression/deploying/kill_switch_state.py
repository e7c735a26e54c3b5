"""Whether suppression is switched off, and where, as far as a person sees it."""

from alerts.suppression.models import Stop
from alerts.suppression.queries import workspaces_reached_by
from portal.accounts.models import User


def stops_in_force(user: User) -> list[Stop]:
    """Stops that hold now, that of everything first. Who sees the workspace sees its stop."""
    stops = Stop.objects.filter(lifted_at=None)
    if not stops.exists():  # as on nearly every page
        return []
    found = list(stops.select_related("workspace", "stopped_by").order_by("workspace__name"))
    seen = set(workspaces_reached_by(user).values_list("pk", flat=True))
    shown = [stop for stop in found if stop.workspace_id is None or stop.workspace_id in seen]
    return sorted(shown, key=lambda stop: stop.workspace_id is not None)
