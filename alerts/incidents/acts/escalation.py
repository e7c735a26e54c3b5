"""Whom an escalation reaches, and what it changes, before anybody presses the button."""

from collections.abc import Sequence

from django.utils.translation import gettext

from alerts.incidents.models import Incident, Severity
from alerts.incidents.wording import SEVERITY_WORDS
from alerts.sentinel.models import Workspace
from portal.accounts.models import Role, User
from portal.accounts.queries import people_holding


def leads_of(workspace: Workspace, *, by: User) -> list[User]:
    """Return the SOC leads of a workspace, except the person who escalates."""
    parents = [workspace.organisation.uuid] if workspace.organisation else []
    leads = people_holding([Role.SOC_LEAD], workspaces=[workspace.uuid], organisations=parents)
    return [lead for lead in leads if lead.pk != by.pk]


def leads_of_all(incidents: Sequence[Incident], *, by: User) -> list[User]:
    """Return every lead who hears of at least one of these incidents, by name."""
    workspaces = {row.workspace_id: row.workspace for row in incidents}.values()
    leads = {lead.pk: lead for each in workspaces for lead in leads_of(each, by=by)}
    return sorted(leads.values(), key=lambda lead: lead.name)


def escalation_lines(incidents: Sequence[Incident], *, by: User) -> list[tuple[str, str]]:
    """Return what an escalation would do, as pairs of name and effect."""
    return [
        (gettext("Severity"), _severity_effect(incidents)),
        (gettext("Owner"), _owner_effect(incidents)),
        (gettext("Notifies"), told_words(leads_of_all(incidents, by=by))),
    ]


def told_words(leads: Sequence[User]) -> str:
    """Return who hears of it, or that nobody does."""
    if not leads:
        return gettext("nobody: no SOC lead covers this workspace")
    names = ", ".join(lead.name for lead in leads)
    return gettext("%(names)s, in the inbox and by mail") % {"names": names}


def _severity_effect(incidents: Sequence[Incident]) -> str:
    high = str(SEVERITY_WORDS[Severity.HIGH])
    before = {str(SEVERITY_WORDS[Severity(row.severity)]) for row in incidents}
    if before == {high}:
        return gettext("stays %(severity)s") % {"severity": high}
    return f"{before.pop()} → {high}" if len(before) == 1 else high


def _owner_effect(incidents: Sequence[Incident]) -> str:
    owners = {row.owner_name for row in incidents}
    if owners == {""}:
        return gettext("you")
    if len(owners) == 1:
        return gettext("stays %(name)s") % {"name": owners.pop()}
    return gettext("stays as it is; you, where there is none")
