"""The verbs of pages by their names, with what a form said as plain values: now, or later piece by
piece, it is the same service that acts.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from alerts.incidents.acts.acting import SkippedIncidents
from alerts.incidents.acts.assign import assign_incidents
from alerts.incidents.acts.close import close_incidents, reopen_incidents
from alerts.incidents.acts.comment import comment_on_incidents
from alerts.incidents.acts.escalate import escalate_incidents
from alerts.incidents.acts.severity import change_severity
from alerts.incidents.models import Severity
from portal.accounts.models import User

type ActValues = dict[str, Any]  # what can be kept as JSON


def do_verb(
    *,
    verb: str,
    said: ActValues,
    incident_ids: Collection[int],
    by: User,
    now: datetime,
    act: UUID | None = None,
    skipped: SkippedIncidents | None = None,
) -> UUID:
    """Carry out one verb; see `carry_out` for `skipped`. Returns the act, for undo."""
    common = {
        "incident_ids": incident_ids,
        "by": by,
        "now": now,
        "act": act,
        "skipped": skipped,
    }
    return _VERBS[verb](said, common)


def _assign(said: ActValues, common: dict[str, Any]) -> UUID:
    to = User.objects.get(uuid=said["to"]) if said["to"] else None
    return assign_incidents(to=to, **common)


_VERBS: dict[str, Callable[[ActValues, dict[str, Any]], UUID]] = {
    "assign": _assign,
    "severity": lambda said, common: change_severity(severity=Severity(said["severity"]), **common),
    "close": lambda said, common: close_incidents(**said, **common),
    "reopen": lambda said, common: reopen_incidents(**common),
    "escalate": lambda said, common: escalate_incidents(note=said["note"], **common),
    "comment": lambda said, common: comment_on_incidents(message=said["message"], **common),
}
