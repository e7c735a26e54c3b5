"""Who sees whether a workspace is ready, and who may have things put right. Pages and services ask
the same ones.
"""

from django.utils.translation import gettext

from alerts.sentinel.models import Workspace
from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.accounts.rights import roles_for

VIEWERS = roles_for("readiness.view")
CHECKERS = roles_for("readiness.check")
READERS = roles_for("sentinel.see_workspace")


def may_view(workspace: Workspace, *, user: User) -> bool:
    """Whether somebody sees the checks of a workspace."""
    return reach_of(user, VIEWERS).covers(workspace)


def reasons_against_checking(workspace: Workspace, *, by: User) -> list[str]:
    """Why this person cannot have the workspace checked now."""
    if not reach_of(by, CHECKERS).covers(workspace):
        return [
            gettext("Only the SOC lead of this workspace or an administrator can have it checked.")
        ]
    return _reasons_against_working_there(workspace)


def is_administrator_of(workspace: Workspace, *, user: User) -> bool:
    """Whether somebody may have things changed in Sentinel here, as their roles are now."""
    return user.is_active and reach_of(user, roles_for("readiness.set_up")).covers(workspace)


def reasons_against_setting_up(workspace: Workspace, *, by: User) -> list[str]:
    """Why this person can have nothing changed in Sentinel here."""
    if not is_administrator_of(workspace, user=by):
        return [gettext("Only an administrator can have this changed in Sentinel.")]
    return _reasons_against_working_there(workspace)


def _reasons_against_working_there(workspace: Workspace) -> list[str]:
    if workspace.state == Workspace.State.ACTIVE:
        return []
    if workspace.is_removed:
        return [gettext("This workspace was removed.")]
    return [gettext("This workspace is paused. Resume it first.")]
