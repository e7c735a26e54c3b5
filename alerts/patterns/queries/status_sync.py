"""Whether closes reach the source, workspace by workspace."""

from dataclasses import dataclass
from datetime import datetime

from alerts.patterns.registry import StatusSyncPlaybook, status_sync_playbooks
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import workspaces_visible_to
from portal.accounts.models import User
from portal.audit.models import Entry


@dataclass(frozen=True, slots=True)
class StatusSync:
    """One workspace: the answer, and who gave it when."""

    workspace: Workspace
    answered_by: str
    answered_at: datetime | None
    playbook: StatusSyncPlaybook | None  # that was found there

    @property
    def is_in_doubt(self) -> bool:
        """Whether what was found there contradicts the answer."""
        answer = self.workspace.closes_at_source
        if self.playbook is None or answer is None:
            return False
        return answer != self.playbook.is_enabled


def status_syncs(user: User) -> list[StatusSync]:
    """Return the workspaces of a person that are not removed, by name."""
    rows = workspaces_visible_to(user).exclude(state=Workspace.State.REMOVED)
    answers = Entry.objects.filter(action="sentinel.workspace.status_sync_noted").order_by("at")
    latest = {entry.object_id: entry for entry in answers}
    playbooks, syncs = status_sync_playbooks(), []
    for workspace in rows:
        entry = latest.get(str(workspace.pk))
        syncs.append(
            StatusSync(
                workspace=workspace,
                answered_by=entry.actor_label if entry else "",
                answered_at=entry.at if entry else None,
                playbook=playbooks.get(workspace.pk),
            )
        )
    return syncs
