"""How the workspaces of a person stand, asked once a request: by the page and by its frame."""

from django.http import HttpRequest

from alerts.dashboards.queries.sync import Sync, syncs_visible_to
from portal import clock
from portal.accounts.models import User


def syncs_of(request: HttpRequest) -> list[Sync]:
    """The workspaces that the signed-in person gets data from; none for strangers."""
    if not isinstance(request.user, User):
        return []
    held: list[Sync] | None = getattr(request, "tagout_syncs", None)
    if held is None:
        now, unshifted = clock.now_of(request), clock.unshifted()
        held = syncs_visible_to(request.user, now=now, unshifted=unshifted)
        setattr(request, "tagout_syncs", held)  # noqa: B010  (requests have no such field)
    return held
