"""What upper rooms add to the command `workspace`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from alerts.sentinel.models import Workspace

type CheckWorkspace = Callable[[Workspace, datetime], list[dict[str, Any]]]

_checks: list[CheckWorkspace] = []


def register_workspace_check(check: CheckWorkspace) -> None:
    """Let `workspace check` do this: read what stands around a workspace now, and return the checks
    as the command prints them.
    """
    _checks[:] = [check]


def checks_of(workspace: Workspace, *, now: datetime) -> list[dict[str, Any]]:
    """Return the checks of a workspace, made now."""
    return [row for check in _checks for row in check(workspace, now)]
