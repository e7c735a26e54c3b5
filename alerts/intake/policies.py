"""Who may say who sends push hints, who sees how far the past was read and has it read."""

from django.utils.translation import gettext

from alerts.sentinel.models import Workspace
from portal.accounts.models import User
from portal.accounts.queries import reach_of, roles_of
from portal.accounts.rights import roles_for

PUSH_ROLES = roles_for("intake.push")
PAST_VIEWERS = roles_for("intake.view_past")


def reasons_against_push_settings(*, by: User | str) -> list[str]:
    """Why this person cannot change who sends push hints; a command may."""
    if isinstance(by, str) or not roles_of(by).isdisjoint(PUSH_ROLES):
        return []
    return [gettext("Only an administrator can do this.")]


def may_view_past(workspace: Workspace, *, user: User) -> bool:
    """Whether somebody sees how far the past of a workspace was read."""
    return reach_of(user, PAST_VIEWERS).covers(workspace)


def reasons_against_reading_past(workspace: Workspace, *, by: User | str) -> list[str]:
    """Why this person cannot have the past read or paused; a command may."""
    roles = roles_for("intake.read_past")
    if not isinstance(by, str) and not reach_of(by, roles).covers(workspace):
        return [gettext("Only an administrator can have older alerts of a workspace read.")]
    return []
