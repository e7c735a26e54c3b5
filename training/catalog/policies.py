"""Who may write lessons, who publishes them, and who may say what an alert type shows."""

from django.utils.translation import gettext as _

from portal.accounts.models import Role, User
from portal.accounts.queries import reach_of, roles_of

AUTHOR_ROLES = frozenset({Role.TRAINING_MANAGER})
REVIEWER_ROLES = frozenset({Role.TRAINING_MANAGER})


def reasons_against_writing(user: User) -> list[str]:
    """Why this person may not write drafts of lessons."""
    if roles_of(user).isdisjoint(AUTHOR_ROLES):
        return [_("Only training managers write lessons.")]
    return []


def reasons_against_publishing(user: User) -> list[str]:
    """Why this person may not publish lessons: everybody learns from the same ones, in every
    workspace and organisation.
    """
    if reasons := reasons_against_writing(user):
        return reasons
    if not reach_of(user, AUTHOR_ROLES).everywhere:
        return [
            _(
                "Lessons are the same for everybody: only a training manager for everything can "
                "publish them."
            )
        ]
    return []


def reasons_against_reviewing(user: User) -> list[str]:
    """Why this person may not review the techniques of alert types: a review holds in every
    workspace and organisation.
    """
    if roles_of(user).isdisjoint(REVIEWER_ROLES):
        return [_("Alert types are reviewed by training managers.")]
    if not reach_of(user, REVIEWER_ROLES).everywhere:
        return [
            _(
                "A review holds for everybody: only a training manager for everything can "
                "review alert types."
            )
        ]
    return []
