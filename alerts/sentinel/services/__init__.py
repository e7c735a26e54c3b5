"""What is done to workspaces, and what is noted about how they answer."""

from alerts.sentinel.services.portal_residence import PortalEvidence, keep_portal_residence
from alerts.sentinel.services.reach import (
    may_call_workspace,
    note_denied,
    note_error,
    note_fresh,
    note_gone,
    note_reach_failure,
    note_success,
    note_throttled,
)
from alerts.sentinel.services.workspaces import (
    CannotAddWorkspace,
    CannotChangeWorkspace,
    add_workspace,
    keep_capability,
    pause_workspace,
    point_workspace,
    remove_workspace,
    resume_workspace,
    set_credential,
    set_secret_end,
    set_source,
)

__all__ = [
    "CannotAddWorkspace",
    "CannotChangeWorkspace",
    "PortalEvidence",
    "add_workspace",
    "keep_capability",
    "keep_portal_residence",
    "may_call_workspace",
    "note_denied",
    "note_error",
    "note_fresh",
    "note_gone",
    "note_reach_failure",
    "note_success",
    "note_throttled",
    "pause_workspace",
    "point_workspace",
    "remove_workspace",
    "resume_workspace",
    "set_credential",
    "set_secret_end",
    "set_source",
]
