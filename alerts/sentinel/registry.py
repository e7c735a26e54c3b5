"""What upper rooms add to the command `workspace`."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from alerts.sentinel.engine.rights import RightsEntries
from alerts.sentinel.models import Workspace

type CheckWorkspace = Callable[[Workspace, datetime], list[dict[str, Any]]]

_checks: list[CheckWorkspace] = []


def register_workspace_check(check: CheckWorkspace) -> None:
    """Let `workspace check` do this: read what stands around a workspace now, and return the checks
    as the command prints them.
    """
    _checks[:] = [check]


def registry_checks(workspace: Workspace, *, now: datetime) -> list[dict[str, Any]]:
    """Return the checks of a workspace, made now."""
    return [row for check in _checks for row in check(workspace, now)]


type ReadRights = Callable[[int, str, str], RightsEntries | None]

_rights: list[ReadRights] = []


def register_rights(read: ReadRights) -> None:
    """Let this function return what the identity of a purpose is granted in a workspace, by its id,
    or on a resource group, as it was read last; None where that is not known.
    """
    _rights[:] = [read]


def granted_rights_of(workspace_id: int, identity: str, group: str = "") -> RightsEntries | None:
    """Return what an identity was granted when it was read last; None where that is not known."""
    return _rights[0](workspace_id, identity, group) if _rights else None


type WorkspaceAction = Callable[[Workspace, datetime, Mapping[str, Any]], dict[str, Any]]

_actions: dict[str, WorkspaceAction] = {}


def register_workspace_action(name: str, action: WorkspaceAction) -> None:
    """Let `workspace <name>` do this, with the command's options; what it returns is printed.
    Members `checks` and `findings` are printed one a line; a check that failed, or a finding that
    is more than a note, ends the command with 1.
    """
    _actions[name] = action


def workspace_actions() -> dict[str, WorkspaceAction]:
    """Return what upper rooms added, by name."""
    return dict(_actions)
