"""What the pages of a workspace show beside its checks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from alerts.readiness.models import Finding, SetupStep
from alerts.readiness.policies import READERS, VIEWERS
from alerts.sentinel.models import ClientPurpose, Workspace
from alerts.sentinel.queries import workspaces_visible_to
from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.jobs.models import Job, JobState

_KINDS = [f"readiness.{purpose}" for purpose in ClientPurpose]


@dataclass(frozen=True, slots=True)
class Collected:
    """What was counted of a workspace, and when."""

    numbers: dict[str, Any]
    read_at: datetime | None


def workspaces_to_view(user: User) -> QuerySet[Workspace]:
    """The workspaces of which the person sees the checks or what is collected, by name."""
    reach = reach_of(user, VIEWERS | READERS)
    workspaces = workspaces_visible_to(user).exclude(state=Workspace.State.REMOVED)
    return workspaces if reach.everywhere else workspaces.filter(reach.workspaces_where())


def is_check_under_way(workspace: Workspace, *, unshifted: datetime) -> bool:
    """Whether a worker looks at the workspace, or is about to."""
    at_work = Q(state=JobState.RUNNING) | Q(state=JobState.WAITING, due_at__lte=unshifted)
    return Job.objects.filter(at_work, kind__in=_KINDS, key=str(workspace.uuid)).exists()


def latest_steps(workspace: Workspace) -> dict[tuple[str, str], SetupStep]:
    """Return the newest step of each kind, by kind and target."""
    steps = workspace.setup_steps.select_related("by").order_by("kind", "target", "-pk")
    return {(step.kind, step.target): step for step in steps.distinct("kind", "target")}


def collected_of(workspace: Workspace) -> Collected:
    """Return what was counted of a workspace; without numbers where nothing was yet."""
    row = Finding.objects.filter(workspace=workspace, part="collected").first()
    return Collected(row.facts, row.read_at) if row and row.facts else Collected({}, None)
