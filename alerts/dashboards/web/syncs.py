"""How the workspaces of a person stand, asked once a request: by the page and by its frame."""

from django.http import HttpRequest

from alerts.dashboards.queries.sync import Sync, syncs_visible_to, with_standings
from portal import clock
from portal.accounts.models import User


def syncs_of(request: HttpRequest) -> list[Sync]:
    """The workspaces that the signed-in person gets data from; none for strangers."""
    if not isinstance(request.user, User):
        return []
    held: list[Sync] | None = getattr(request, "tagout_syncs", None)
    if held is None:
        held = syncs_visible_to(request.user, now=clock.now_of(request))
        if any(sync.level not in ("", "ok") for sync in held):
            held = with_standings(held, unshifted=clock.unshifted())
        setattr(request, "tagout_syncs", held)  # noqa: B010  (requests have no such field)
    return held
