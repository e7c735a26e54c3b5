"""What upper rooms add to the command `workspace`, and what they read of its rights."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.sentinel.engine.rights import RightsEntries
from alerts.sentinel.models import Workspace
from portal.rooms import Contribution


@dataclass(frozen=True, slots=True)
class WorkspaceCheck(Contribution):
    """What `workspace check` does: read what surrounds a workspace now, and return the checks as
    the command prints them.
    """

    run: Callable[[Workspace, datetime], list[dict[str, Any]]]


def registry_checks(workspace: Workspace, *, now: datetime) -> list[dict[str, Any]]:
    """Return the checks of a workspace, made now."""
    return [row for check in WorkspaceCheck.entries for row in check.run(workspace, now)]


@dataclass(frozen=True, slots=True)
class GrantedRightsSource(Contribution):
    """Returns what the identity of a purpose is granted in a workspace, by its id, or on a resource
    group, as it was read last; None where that is not known.
    """

    read: Callable[[int, str, str], RightsEntries | None]


def granted_rights_of(workspace_id: int, identity: str, group: str = "") -> RightsEntries | None:
    """Return what an identity was granted when it was read last; None where that is not known."""
    sources = GrantedRightsSource.entries
    return sources[0].read(workspace_id, identity, group) if sources else None


type WorkspaceAction = Callable[[Workspace, datetime, Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class WorkspaceCommand(Contribution):
    """What `workspace <name>` does, with the command's options; what it returns is printed.

    Members `checks` and `findings` are printed one a line; a check that failed, or a finding that
    is more than a note, ends the command with 1.
    """

    name: str
    run: WorkspaceAction


def workspace_actions() -> dict[str, WorkspaceAction]:
    """Return what upper rooms add, by name."""
    return {command.name: command.run for command in WorkspaceCommand.entries}
