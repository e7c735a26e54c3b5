"""What the page and the command show of push hints."""

from dataclasses import dataclass
from datetime import datetime

from alerts.intake.models import PushAccess, PushState, SigningKeys
from alerts.intake.push.access import keys_in_force
from alerts.sentinel.models import Workspace


@dataclass(frozen=True, slots=True)
class PushOverview:
    """Push hints of one workspace: who may send them, and what came: `hints` asked for a reading,
    `known_hints` were about incidents that were known as they are. `has_lost_key`: it was made with
    another SECRET_KEY and opens nothing any more.
    """

    workspace: Workspace
    path: str
    key_made_at: datetime | None
    has_lost_key: bool
    previous_until: datetime | None
    caller_id: str
    audience: str
    keys_fetched_at: datetime | None
    keys_error: str
    hints: int
    hinted_at: datetime | None
    known_hints: int
    known_at: datetime | None
    refused_at: datetime | None
    refusal: str

    @property
    def is_on(self) -> bool:
        """Whether anybody may send hints."""
        return self.key_made_at is not None or bool(self.caller_id)


def push_overviews(*, now: datetime) -> list[PushOverview]:
    """Return the push hints of every workspace that is not removed, by name, in four queries."""
    workspaces = Workspace.objects.exclude(state=Workspace.State.REMOVED).order_by("name")
    accesses = {row.workspace_id: row for row in PushAccess.objects.all()}
    states = {row.workspace_id: row for row in PushState.objects.all()}
    signing = {row.workspace_id: row for row in SigningKeys.objects.all()}
    return [
        _overview(
            workspace,
            accesses.get(workspace.pk) or PushAccess(workspace=workspace),
            states.get(workspace.pk) or PushState(workspace=workspace),
            signing.get(workspace.pk) or SigningKeys(workspace=workspace),
            now,
        )
        for workspace in workspaces
    ]


def _overview(
    workspace: Workspace,
    access: PushAccess,
    state: PushState,
    signing: SigningKeys,
    now: datetime,
) -> PushOverview:
    previous = access.previous_until
    return PushOverview(
        workspace=workspace,
        path=f"/hooks/sentinel/{workspace.name}/",
        key_made_at=access.key_made_at,
        has_lost_key=bool(access.key) and not keys_in_force(access, now=now),
        previous_until=previous if previous and now < previous else None,
        caller_id=access.caller_id,
        audience=access.audience,
        keys_fetched_at=signing.fetched_at,
        keys_error=signing.error,
        hints=state.hints,
        hinted_at=state.hinted_at,
        known_hints=state.known_hints,
        known_at=state.known_at,
        refused_at=state.refused_at,
        refusal=state.refusal,
    )
