"""Who runs playbooks, who consents and who marks them, and why not: page and service ask alike. For
automation rules that are made here see `rules`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext

from alerts.automation.models import Inventory, PlantConsent, Playbook, PlaybookRun
from alerts.incidents.models import Incident, touches_sites
from alerts.incidents.policies import reasons_against_acting
from alerts.outbox.models import ChangeOutcome
from alerts.reviews.policies import sites_as_ot, works_in
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from portal.accounts.models import User
from portal.accounts.queries import reach_of
from portal.accounts.rights import roles_for
from portal.text import visible_text

VALID: Final = timedelta(hours=4)  # how long a consent is good for its one run
MAX_AGE: Final = timedelta(minutes=30)  # of the list of playbooks: three readings of it
MAX_REASON_LENGTH: Final = 300
MARKING: Final = roles_for("automation.mark_acting")


def reasons_against_running(
    playbook: Playbook, incidents: Sequence[Incident], *, by: User
) -> list[str]:
    """Why this person cannot run the playbook on these incidents, consent aside."""
    reasons = reasons_against_acting(incidents, by=by)
    if any(incident.workspace_id != playbook.workspace_id for incident in incidents):
        reasons.append(gettext("The playbook belongs to another workspace."))
    return reasons + reasons_against_playbook(playbook)


def reasons_of_unread_list(workspace_id: int, *, now: datetime) -> list[str]:
    """Return why the stored playbooks of a workspace cannot be relied on: a person who consents, or
    marks one as harmless, must have seen what is in Azure now.
    """
    row = Inventory.objects.filter(workspace=workspace_id).first()
    if row is None or row.playbooks_read_at is None:
        return [gettext("The playbooks of this workspace have not been read yet.")]
    if row.playbooks_error:
        return [
            gettext(
                "The playbooks of this workspace cannot be read, so nobody knows what this one does"
                " now. See the page Playbooks for what to do."
            )
        ]
    if row.playbooks_read_at < now - MAX_AGE:
        return [
            gettext(
                "The playbooks of this workspace were last read more than half an hour ago. Wait"
                " until they have been read again."
            )
        ]
    return []


def reasons_against_playbook(playbook: Playbook) -> list[str]:
    """Why nobody can run it on an incident."""
    names = {"playbook": playbook.name}
    if playbook.gone_at is not None:
        return [gettext("%(playbook)s is no longer in Azure.") % names]
    if not playbook.is_enabled:
        return [gettext("%(playbook)s is disabled in Azure.") % names]
    if not playbook.has_incident_trigger:
        return [gettext("%(playbook)s has no Sentinel incident trigger.") % names]
    return []


def reason_for_consent(playbook: Playbook, *, now: datetime) -> str:
    """Return why it does not run without a consent, or with none that is there."""
    if not playbook.has_all_steps:
        return reason_of_unread_steps(playbook)
    if reasons := reasons_of_unread_list(playbook.workspace_id, now=now):
        return reasons[0]
    return gettext(
        "%(playbook)s acts on the plant: OT of the site must consent, or a second person of the SOC"
        " must confirm it with a reason."
    ) % {"playbook": playbook.name}


def reason_of_unread_steps(playbook: Playbook) -> str:
    """Why nobody can consent to a playbook of which not all steps were read."""
    return gettext(
        "%(playbook)s has more steps than Tagout reads, so nobody can consent to them. Split it up,"
        " or run it in Azure."
    ) % {"playbook": playbook.name}


def consent_in_force(
    playbook: Playbook, incident: Incident, *, now: datetime
) -> PlantConsent | None:
    """The consent that a run on this incident could use now: given to these steps, all of which
    were read, and lately; not too old, not used, by somebody who could give it still. A run that
    was taken back before it was sent has used nothing.
    """
    if not playbook.has_all_steps or reasons_of_unread_list(playbook.workspace_id, now=now):
        return None
    consents = PlantConsent.objects.filter(
        playbook=playbook,
        incident=incident,
        definition_digest=playbook.definition_digest,
        state=PlantConsent.State.CONSENTED,
        decided_at__gt=now - VALID,
    )
    # Asked of the runs: of a consent with two runs, one taken back says nothing about the other.
    used = PlaybookRun.objects.filter(consent__in=consents)
    used = used.exclude(change__outcome=ChangeOutcome.WITHDRAWN)
    unused = consents.exclude(pk__in=used.values("consent")).order_by("-decided_at")
    unused = unused.select_related("decided_by", "incident__workspace__organisation")
    return next((consent for consent in unused if is_giver_still_entitled(consent)), None)


def is_giver_still_entitled(consent: PlantConsent) -> bool:
    """Whether the person who consented could do so as their rights and the incident are now: what
    OT of one site said does not reach a site that came to the incident later.
    """
    if consent.decided_by is None:
        return False
    return consent_kind(consent, by=consent.decided_by) in (consent.kind, PlantConsent.Kind.OT)


def reasons_against_asking_consent(
    playbook: Playbook, incident: Incident, *, reason: str, by: User, now: datetime
) -> list[str]:
    """Why this person cannot ask for consent."""
    reasons = reasons_against_running(playbook, [incident], by=by)
    if not playbook.acts_on_plant:
        reasons.append(gettext("This playbook needs no consent."))
    if not playbook.has_all_steps:
        reasons.append(reason_of_unread_steps(playbook))
    reasons += reasons_of_unread_list(playbook.workspace_id, now=now)
    return reasons + reasons_against_reason(reason)


def reasons_against_reason(reason: str) -> list[str]:
    """Why this is no reason."""
    if not visible_text(reason):
        return [gettext("Write why, in one line.")]
    if len(reason) > MAX_REASON_LENGTH:
        return [gettext("Keep the reason under 300 characters.")]
    return []


def consent_kind(consent: PlantConsent, *, by: User) -> str:
    """In which capacity this person could consent: `ot` (speaks for every site of the incident),
    `second` (of the SOC there), or "" (in none).
    """
    incident = consent.incident
    own_sites = {site.pk for site in sites_as_ot(by, incident)}
    if incident.site_ids and own_sites >= set(incident.site_ids):
        return PlantConsent.Kind.OT.value
    if works_in(by, incident.workspace):
        return PlantConsent.Kind.SECOND.value
    return ""


def reasons_against_deciding_consent(
    consent: PlantConsent, *, by: User, now: datetime
) -> list[str]:
    """Why this person can neither consent nor decline."""
    if by.kind != "person":
        return [gettext("Consent is given by a signed-in person, never by a token.")]
    if consent.decided_by_id is not None:
        return [gettext("Somebody has decided on this already.")]
    if consent.asked_at <= now - VALID:
        return [gettext("This request is more than four hours old. Ask again.")]
    if not consent.playbook.has_all_steps:
        return [reason_of_unread_steps(consent.playbook)]
    if reasons := reasons_of_unread_list(consent.playbook.workspace_id, now=now):
        return reasons
    if consent.is_outdated:
        return [gettext("The playbook has been changed since. Ask again.")]
    if consent.state != PlantConsent.State.ASKED:  # ended when somebody asked anew
        return [gettext("This request has ended. Ask again.")]
    if consent.asked_by_id == by.pk:
        return [gettext("You asked for it, so somebody else has to consent.")]
    if not consent_kind(consent, by=by):
        return [
            gettext("Only OT of all sites of the incident, or the SOC of its workspace, decides.")
        ]
    return []


def reasons_against_reading_again(workspace: Workspace, *, by: User) -> list[str]:
    """Why this person cannot have the workspace read at once."""
    if not reach_of(by, roles_for("automation.read_again")).covers(workspace):
        return [gettext("Only the SOC of this workspace or an administrator can do this.")]
    if workspace.state == Workspace.State.PAUSED:
        return [gettext("This workspace is paused. Resume it first.")]
    return []


def reasons_against_marking(
    playbook: Playbook, *, acts_on_plant: bool, reason: str, by: User, now: datetime
) -> list[str]:
    """Why this person cannot say whether the playbook acts on the plant. Leads of both sides may
    say that it does; that it does not is for OT of all sites to say, of steps that were just read.
    """
    workspace = playbook.workspace
    if not (_may_mark if acts_on_plant else _leads_all_sites)(by, workspace):
        if acts_on_plant:
            return [gettext("Only leads of the SOC and of OT, and administrators, can mark it.")]
        return [
            gettext(
                "Only an OT site lead of all sites of this workspace can say that it does not act"
                " on the plant."
            )
        ]
    if not acts_on_plant and not playbook.has_all_steps:
        return [gettext("Not all of its steps were read, so nobody can tell that it does not.")]
    if not acts_on_plant and (reasons := reasons_of_unread_list(workspace.pk, now=now)):
        return reasons
    if playbook.mark == acts_on_plant == playbook.acts_on_plant:
        return [gettext("It is marked this way already.")]
    return reasons_against_reason(reason)


def _may_mark(by: User, workspace: Workspace) -> bool:
    """Whether the person leads one side in this workspace, or administers it. An OT site lead has a
    site, and which playbooks reach it nobody knows: any lead whose site has incidents there may
    speak.
    """
    if reach_of(by, MARKING).covers(workspace):
        return True
    led = reach_of(by, roles_for("sites.lead")).sites
    return bool(led) and _sites_of(workspace).filter(uuid__in=led).exists()


def _leads_all_sites(by: User, workspace: Workspace) -> bool:
    """Whether the person leads OT at every site that has incidents in this workspace."""
    reach = reach_of(by, roles_for("automation.mark_harmless"))
    if reach.covers(workspace):
        return True
    sites = _sites_of(workspace)
    return (
        bool(reach.sites)
        and sites.filter(uuid__in=reach.sites).exists()
        and not sites.exclude(uuid__in=reach.sites).exists()
    )


def _sites_of(workspace: Workspace) -> QuerySet[Site]:
    incidents = Incident.objects.filter(touches_sites([OuterRef("pk")]), workspace=workspace)
    return Site.objects.filter(Exists(incidents))
