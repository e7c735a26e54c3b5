"""Who may learn here."""

from django.utils.translation import gettext as _

from portal.accounts.models import OT_ROLES, SOC_ROLES, Role, User
from portal.accounts.queries import roles_of

LEARNING_ROLES = SOC_ROLES | OT_ROLES | {Role.TRAINING_MANAGER}


def reasons_against_learning(user: User) -> list[str]:
    """Why this person may not open lessons and answer questions."""
    if roles_of(user).isdisjoint(LEARNING_ROLES):
        return [_("Lessons are for OT, the SOC and training managers.")]
    return []
