"""Whether a workspace lives in the Defender portal, kept with the incident that shows it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from alerts.sentinel.models import PortalResidence, Workspace
from portal.audit.services import Actor, record


@dataclass(frozen=True, slots=True)
class PortalEvidence:
    """An incident that an analytics rule of the workspace made, and whether it is in the portal."""

    incident_name: str
    incident_number: int
    created_at: datetime
    is_in_portal: bool


@transaction.atomic
def keep_portal_residence(
    *, workspace: Workspace, evidence: PortalEvidence | None, by: Actor, now: datetime
) -> PortalResidence:
    """Keep what the newest evidence shows; without any, only that the question was asked. A change
    is in the audit record.
    """
    rows = PortalResidence.objects.select_for_update(of=("self",))
    row = rows.filter(workspace=workspace).first() or PortalResidence(workspace=workspace)
    was, row.asked_at = row.is_in_portal, now
    if evidence is None:
        row.save()
        return row
    row.incident_name, row.incident_number = evidence.incident_name, evidence.incident_number
    row.is_in_portal = evidence.is_in_portal
    if was is not evidence.is_in_portal:
        row.since = evidence.created_at
    row.save()
    if was is not evidence.is_in_portal:
        record(
            "sentinel.workspace.portal_found",
            on=workspace,
            by=by,
            at=now,
            is_in_portal=evidence.is_in_portal,
            incident=evidence.incident_number,
        )
    return row
