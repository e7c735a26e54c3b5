"""Who may say who sends push hints, and why not."""

from django.utils.translation import gettext

from portal.accounts.models import Role, User
from portal.accounts.queries import roles_of

PUSH_ROLES = frozenset({Role.ADMINISTRATOR})


def reasons_against_push_settings(*, by: User | str) -> list[str]:
    """Why this person cannot change who sends push hints; a command may."""
    if isinstance(by, str) or not roles_of(by).isdisjoint(PUSH_ROLES):
        return []
    return [gettext("Only an administrator can do this.")]
