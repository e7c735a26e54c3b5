"""Who may write lessons, who publishes them, and who may say what an alert type shows."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.queries import reach_of, roles_of
from portal.accounts.rights import roles_for
from training.catalog.models import Draft

AUTHOR_ROLES = roles_for("catalog.write")
REVIEWER_ROLES = roles_for("catalog.review")


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


def reasons_against_discarding(user: User, drafts: Iterable[Draft]) -> list[str]:
    """Why this person may not throw away these drafts: what another wrote exists nowhere else."""
    if reasons := reasons_against_writing(user):
        return reasons
    others = {draft.edited_by.name for draft in drafts if draft.edited_by_id != user.pk}
    if others and not reach_of(user, AUTHOR_ROLES).everywhere:
        words = _(
            "Only %(names)s or a training manager for everything can discard what they wrote."
        )
        return [words % {"names": ", ".join(sorted(others))}]
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
