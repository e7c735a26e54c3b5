"""Who may learn here, who reads what learners say of lessons, and who sees totals of whom."""

from django.utils.translation import gettext as _

from portal.accounts.models import Role, User
from portal.accounts.queries import roles_of
from portal.accounts.rights import OT_ROLES, SOC_ROLES, roles_for
from training.catalog.policies import AUTHOR_ROLES

LEARNING_ROLES = roles_for("progress.learn")
# Of which roles somebody sees the totals, in the scope of the own role.
_TOTALS = {
    roles_for("progress.totals_of_soc"): SOC_ROLES,
    roles_for("progress.totals_of_ot"): OT_ROLES,
}
TOTALS_ROLES = frozenset().union(*_TOTALS)
TEAM_OF = {
    role: frozenset[Role]().union(*(team for viewers, team in _TOTALS.items() if role in viewers))
    for role in TOTALS_ROLES
}
MIN_TEAM = 5  # of fewer people no number is shown: it would tell of single ones


def team_roles(viewer: User) -> frozenset[Role]:
    """Return the roles whose totals this person sees."""
    return frozenset().union(*(TEAM_OF[role] for role in roles_of(viewer) & TEAM_OF.keys()))


def reasons_against_learning(user: User) -> list[str]:
    """Why this person may not open lessons and answer questions."""
    if roles_of(user).isdisjoint(LEARNING_ROLES):
        return [_("Lessons are for OT, the SOC and training managers.")]
    return []


def reasons_against_reading_notes(user: User) -> list[str]:
    """Why this person may not read notes on lessons."""
    if roles_of(user).isdisjoint(AUTHOR_ROLES):
        return [_("Notes on lessons are for training managers.")]
    return []
