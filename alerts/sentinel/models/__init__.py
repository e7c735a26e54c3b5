"""The nouns of this room."""

from alerts.sentinel.models.credential import Purpose, WorkspaceCredential
from alerts.sentinel.models.freshness import Freshness
from alerts.sentinel.models.reachability import Reachability
from alerts.sentinel.models.workspace import CredentialKind, Workspace

__all__ = [
    "CredentialKind",
    "Freshness",
    "Purpose",
    "Reachability",
    "Workspace",
    "WorkspaceCredential",
]
