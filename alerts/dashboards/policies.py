"""Who sees what of home and system status."""

from django.utils.translation import gettext

from portal.accounts.models import User
from portal.accounts.queries import reach_of, roles_of
from portal.accounts.rights import OT_ROLES, SOC_ROLES, roles_for

READ_NUMBERS = roles_for("dashboards.numbers")
READ_DETAILS = roles_for("dashboards.details")
READ_HISTORY = roles_for("dashboards.history")
READ_PLAN = roles_for("dashboards.plan")


def reasons_against_history(*, by: User) -> list[str]:
    """Why this person cannot have the alerts of a period analysed."""
    if roles_of(by) & READ_HISTORY:
        return []
    return [gettext("Only managers and SOC leads can do this.")]


def sections_of(user: User) -> list[str]:
    """The sections of the person's home, OT first. Status is what remains for administrators."""
    roles = roles_of(user)
    sections = [
        name
        for name, whose in (("ot", OT_ROLES), ("soc", SOC_ROLES), ("numbers", READ_NUMBERS))
        if roles & whose
    ]
    if not sections and roles & roles_for("dashboards.status"):
        return ["status"]
    return sections


def reads_plan(user: User) -> bool:
    """Whether home shows the person which rules can be signed next."""
    return bool(roles_of(user) & READ_PLAN)


def can_see_details(user: User) -> bool:
    """Whether the person sees what is owed, given up and unreadable. Freshness is for everybody."""
    return bool(roles_of(user) & READ_DETAILS)


def can_see_everything(user: User) -> bool:
    """Whether the person may read words that can be about any workspace."""
    return reach_of(user, READ_DETAILS).everywhere
