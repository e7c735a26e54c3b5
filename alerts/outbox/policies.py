"""Who may retry or discard what was given up, and why not. Page and service ask the same one."""

from django.utils.translation import gettext

from alerts.outbox.models import Change
from portal.accounts.models import Role, User
from portal.accounts.queries import reach_of

RESOLVERS = frozenset({Role.SOC_LEAD, Role.ADMINISTRATOR})


def reasons_against_resolving(change: Change, *, by: User) -> list[str]:
    """Why this person can neither retry nor discard this write."""
    reach, workspace = reach_of(by, RESOLVERS), change.workspace
    organisation = workspace.organisation.uuid if workspace.organisation else None
    if (
        reach.everywhere
        or workspace.uuid in reach.workspaces
        or organisation in reach.organisations
    ):
        return []
    return [gettext("Only the SOC lead of this workspace or an administrator can do this.")]
