"""Change how severe incidents are."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from alerts.incidents.acts.acting import Effect, SkippedIncidents, carry_out, person
from alerts.incidents.models import Incident, Severity
from portal.accounts.models import User
from portal.errors import Refused


class CannotChangeSeverity(Refused):
    """The incidents stay as severe as they are."""


def change_severity(
    *,
    incident_ids: Collection[int],
    severity: Severity,
    by: User,
    now: datetime,
    act: UUID | None = None,
    skipped: SkippedIncidents | None = None,
) -> UUID:
    """Set the severity in Sentinel. Returns the act, for undo."""
    if severity == Severity.UNKNOWN:
        raise CannotChangeSeverity(_("Choose one of Sentinel's severities."))
    word = Severity(severity).label

    def plan(row: Incident) -> Effect | None:
        if row.severity == severity:
            return None
        details = {"from": Severity(row.severity).label, "to": word}
        return Effect("severity", details, patch={"severity": word})

    return carry_out(
        incident_ids=incident_ids,
        plan=plan,
        doer=person(by),
        action="incidents.incident.severity_changed",
        refusal=CannotChangeSeverity,
        nothing=_("Its severity is already %(severity)s.") % {"severity": word},
        now=now,
        act=act,
        skipped=skipped,
        severity=word,
    ).act
