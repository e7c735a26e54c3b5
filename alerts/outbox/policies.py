"""Who may retry or discard what was given up, who may take back what waits, and why not. Page and
service ask the same one.
"""

from django.db.models import QuerySet
from django.utils.translation import gettext

from alerts.outbox.models import Change
from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.accounts.rights import roles_for

RESOLVERS = roles_for("outbox.resolve")


def reasons_against_resolving(change: Change, *, by: User) -> list[str]:
    """Why this person can neither retry nor discard this write."""
    if reach_of(by, RESOLVERS).covers(change.workspace):
        return []
    return [gettext("Only the SOC lead of this workspace or an administrator can do this.")]


def reasons_against_withdrawing_changes(changes: QuerySet[Change], *, by: User) -> list[str]:
    """Return why this person, lead or not, cannot take back all of these changes."""
    if not changes.exclude(by=by).exists():
        return []
    return [gettext("Only the person who decided this can undo it.")]
