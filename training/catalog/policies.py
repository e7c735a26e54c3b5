"""Who may say what an alert type shows."""

from django.utils.translation import gettext as _

from portal.accounts.models import Role, User
from portal.accounts.queries import roles_of

REVIEWER_ROLES = frozenset({Role.TRAINING_MANAGER})


def reasons_against_reviewing(user: User) -> list[str]:
    """Why this person may not review the techniques of alert types."""
    if roles_of(user).isdisjoint(REVIEWER_ROLES):
        return [_("Alert types are reviewed by training managers.")]
    return []
