"""Ask, after each poll, whether a workspace lives in the Defender portal."""

from datetime import datetime

from alerts.incidents.ingest.defender_ids import newest_portal_evidence
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import portal_residence_of
from alerts.sentinel.services.portal_residence import keep_portal_residence


def read_portal_residence(*, workspace: Workspace, now: datetime) -> bool | None:
    """Ask the newest incident that a rule of the workspace made; return whether the workspace
    is in the portal, None if unknown. The one that decided last is asked again: the portal may have
    taken it over.
    """
    earlier = portal_residence_of(workspace.pk)
    from_number = earlier.incident_number if earlier else None
    evidence = newest_portal_evidence(workspace, from_number=from_number or 0)
    row = keep_portal_residence(workspace=workspace, evidence=evidence, by="intake", now=now)
    return row.is_in_portal
