"""Who may retry or discard what was given up, and why not. Page and service ask the same one."""

from django.utils.translation import gettext

from alerts.outbox.models import Change
from portal.accounts.models import Role, User
from portal.accounts.queries import reach_of

RESOLVERS = frozenset({Role.SOC_LEAD, Role.ADMINISTRATOR})


def reasons_against_resolving(change: Change, *, by: User) -> list[str]:
    """Why this person can neither retry nor discard this write."""
    if reach_of(by, RESOLVERS).covers(change.workspace):
        return []
    return [gettext("Only the SOC lead of this workspace or an administrator can do this.")]
