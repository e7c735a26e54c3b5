"""Whether closes reach the source, workspace by workspace, and what followed closes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.incidents.queries import incidents_visible_to
from alerts.incidents.recurrence import Recurrence, recurrence_by_workspace
from alerts.patterns.registry import StatusSyncPlaybook, status_sync_playbooks
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import workspaces_visible_to
from portal.accounts.models import User
from portal.audit.models import Entry

DAYS = 90


@dataclass(frozen=True, slots=True)
class StatusSync:
    """One workspace: the answer, who gave it when, and what followed closes in `DAYS` days, as far
    as the person may see its incidents.
    """

    workspace: Workspace
    answered_by: str
    answered_at: datetime | None
    recurrence: Recurrence
    playbook: StatusSyncPlaybook | None  # that was found there

    @property
    def is_in_doubt(self) -> bool:
        """Whether what was found there contradicts the answer."""
        answer = self.workspace.closes_at_source
        if self.playbook is None or answer is None:
            return False
        return answer != self.playbook.is_enabled


def status_syncs(user: User, *, now: datetime) -> list[StatusSync]:
    """Return the workspaces of a person that are not removed, by name."""
    rows = workspaces_visible_to(user).exclude(state=Workspace.State.REMOVED)
    answers = Entry.objects.filter(action="sentinel.workspace.status_sync_noted").order_by("at")
    latest = {entry.object_id: entry for entry in answers}
    recurrences = recurrence_by_workspace(
        incidents_visible_to(user), since=now - timedelta(days=DAYS), now=now
    )
    playbooks, syncs = status_sync_playbooks(), []
    for workspace in rows:
        entry = latest.get(str(workspace.pk))
        syncs.append(
            StatusSync(
                workspace=workspace,
                answered_by=entry.actor_label if entry else "",
                answered_at=entry.at if entry else None,
                recurrence=recurrences.get(workspace.pk, Recurrence(0, 0)),
                playbook=playbooks.get(workspace.pk),
            )
        )
    return syncs
