"""Who attaches captures, who opens them and who removes them; sentences give the reason if not."""

from django.utils.translation import gettext as _

from alerts.captures.models import Capture
from alerts.incidents.models import Incident
from alerts.incidents.policies import reasons_against_acting
from alerts.incidents.queries import incidents_visible_to
from portal.accounts.models import User
from portal.accounts.rights import roles_for

OPENING_ROLES = roles_for("captures.open")
MAX_PER_INCIDENT = 20


def reasons_against_attaching(incident: Incident, *, by: User) -> list[str]:
    """Why this person may not attach a capture to the incident; [] if they may."""
    return reasons_against_acting(incident, by=by)


def reasons_against_opening(capture: Capture, *, by: User) -> list[str]:
    """Why this person may not look into a capture or take its file away."""
    if capture.is_removed:
        return [_("This capture was removed; only its name and checksum are kept.")]
    if capture.is_in_quarantine:
        return [_("This capture is in quarantine until it has been read. Come back in a minute.")]
    if not may_open_captures_of(capture.incident, by=by):
        return [_("Only OT, the SOC and auditors can open captures.")]
    return []


def may_open_captures_of(incident: Incident, *, by: User) -> bool:
    """Whether the person looks into captures of this incident; who only sees it may not."""
    return incidents_visible_to(by, OPENING_ROLES).filter(pk=incident.pk).exists()


def reasons_against_removing_capture(capture: Capture, *, by: User) -> list[str]:
    """Why this person may not remove a capture: who attached it may, and the SOC lead."""
    if capture.is_removed:
        return [_("This capture has already been removed.")]
    leads = incidents_visible_to(by, roles_for("captures.remove")).filter(pk=capture.incident_id)
    own = incidents_visible_to(by, roles_for("captures.remove_own")).filter(pk=capture.incident_id)
    if leads.exists() or (capture.by_id == by.pk and own.exists()):
        return []
    return [_("Only the person who attached a capture or a SOC lead may remove it.")]
