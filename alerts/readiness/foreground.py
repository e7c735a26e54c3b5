"""The door for `workspace check`: look with every identity at once, and judge."""

from datetime import datetime
from typing import Any

from alerts.readiness.queries.readings import checks_of
from alerts.readiness.services.look import look
from alerts.readiness.wording import for_programs
from alerts.sentinel.client import client_for
from alerts.sentinel.models import Purpose, Workspace


def check_now(workspace: Workspace, now: datetime) -> list[dict[str, Any]]:
    """Read everything around a workspace, as its workers do once a day, and return the checks with
    the members that `workspace check --json` promises.
    """
    if not workspace.is_removed:
        for purpose in Purpose:
            look(workspace, purpose=purpose.value, now=now, connect=client_for)
    return for_programs(checks_of(workspace, now=now))
