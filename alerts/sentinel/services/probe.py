"""Keep what a probe found that a workspace can do."""

from datetime import datetime
from typing import Any

from django.db import transaction

from alerts.sentinel.models import Workspace
from portal.audit.services import Actor, record


@transaction.atomic
def keep_capability(
    *, workspace_id: int, name: str, found: dict[str, Any], by: Actor, now: datetime
) -> None:
    """Keep it under its name, beside what other probes found. Nothing new is no entry on record."""
    rows = Workspace.objects.select_for_update(of=("self",), no_key=True)
    workspace = rows.get(pk=workspace_id)
    if workspace.capabilities.get(name) == found:
        return
    workspace.capabilities = workspace.capabilities | {name: found}
    workspace.save(update_fields=["capabilities"])
    record("sentinel.workspace.probed", on=workspace, by=by, at=now, found={name: found})
