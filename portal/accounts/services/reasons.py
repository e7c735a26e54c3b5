"""Who may look after people, and why not: page and service ask the same. It stands here because
roles are read by `queries`, which policies may not import.
"""

from django.utils.translation import gettext

from portal.accounts.models import Role, User
from portal.accounts.queries import roles_of
from portal.audit.services import Actor


def reasons_against_managing(by: Actor) -> list[str]:
    """Why this person may not disable people or take roles back. Commands may: whoever runs them
    holds the database anyway.
    """
    if not isinstance(by, User):
        return []
    if by.via_token is not None or Role.ADMINISTRATOR not in roles_of(by):
        return [gettext("Only administrators can manage people.")]
    return []


def reasons_against_disabling(person: User, *, by: Actor) -> list[str]:
    """Why this account is not disabled."""
    reasons = reasons_against_managing(by)
    if isinstance(by, User) and by.pk == person.pk:
        reasons.append(gettext("This is your own account. Ask another administrator."))
    if not person.is_active:
        reasons.append(gettext("This account is already disabled."))
    return reasons


def reasons_against_revoking(role: str, *, of: User, by: Actor) -> list[str]:
    """Why this role is not taken back."""
    reasons = reasons_against_managing(by)
    if isinstance(by, User) and by.pk == of.pk and role == Role.ADMINISTRATOR:
        reasons.append(gettext("This is your own administrator role. Ask another administrator."))
    return reasons
