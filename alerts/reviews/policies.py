"""Who may ask, answer, withdraw and hand over, and why not. Page and service ask the same ones."""

from collections.abc import Collection, Iterable, Sequence
from typing import Literal

from django.utils.translation import gettext

from alerts.incidents.models import Incident
from alerts.reviews.engine.causes import cause as cause_of
from alerts.reviews.models import Opinion, Question, SecondOpinion, VerdictKind
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from portal.accounts.models import Role, User
from portal.accounts.queries import people_with_roles, reach_of
from portal.accounts.rights import roles_for
from portal.text import visible_text

MAX_QUESTION_LENGTH = 500
ASKING = roles_for("reviews.ask")
ANSWERING = roles_for("reviews.answer")
LEADS_OF_OT = roles_for("reviews.lead_for_ot")
LEADS_OF_SOC = roles_for("reviews.lead_for_soc")
MAX_NOTE_LENGTH = 500


def works_in(user: User, workspace: Workspace) -> bool:
    """Whether the person is of the SOC that looks after this workspace."""
    return reach_of(user, ASKING).covers(workspace)


def is_ot_for(user: User, incident: Incident) -> bool:
    """Whether the person speaks for OT at one of the sites that the incident touches."""
    return bool(sites_as_ot(user, incident))


def sites_as_ot(user: User, incident: Incident) -> list[Site]:
    """The sites of the incident at which the person speaks for OT."""
    sites = list(Site.objects.filter(pk__in=incident.site_ids).order_by("name"))
    reach = reach_of(user, ANSWERING)
    if reach.covers(incident.workspace):
        return sites
    return [site for site in sites if site.uuid in reach.sites]


def is_ot_at(user: User, site: Site, workspace: Workspace) -> bool:
    """Whether the person speaks for OT at this site."""
    reach = reach_of(user, ANSWERING)
    return site.uuid in reach.sites or reach.covers(workspace)


def ot_people_at(site: Site, workspace: Workspace) -> list[User]:
    """Everyone who speaks for OT at a site, by name."""
    return _people_of(ANSWERING, site, workspace)


def reasons_against_asking_ot(
    incidents: Sequence[Incident], *, site: Site, question: str, by: User
) -> list[str]:
    """Why this person cannot ask OT of this site about these incidents."""
    if not incidents:
        return [gettext("There is no incident to ask about.")]
    if not all(works_in(by, incident.workspace) for incident in incidents):
        return [gettext("Only the SOC of this workspace can ask OT.")]
    reasons = []
    if len({incident.workspace_id for incident in incidents}) > 1:
        reasons.append(gettext("One question is about incidents of one workspace."))
    if not visible_text(question):
        reasons.append(gettext("Choose a question or write one."))
    if len(question) > MAX_QUESTION_LENGTH:
        reasons.append(gettext("Keep the question under 500 characters."))
    reasons += _reasons_in(incidents, site)
    return reasons


def _reasons_in(incidents: Sequence[Incident], site: Site) -> list[str]:
    reasons = []
    if any(incident.is_read_only for incident in incidents):
        reasons.append(gettext("It was deleted or merged in Sentinel and is read-only here."))
    if not all(site.pk in incident.site_ids for incident in incidents):
        reasons.append(gettext("It does not touch %(site)s.") % {"site": site})
    open_ask = (
        Question.objects.filter(
            asked_incidents__incident__in=[incident.pk for incident in incidents],
            asked_incidents__answer=None,
            site=site,
            state=Question.State.WAITING,
        )
        .select_related("asked_by")
        .first()
    )
    if open_ask:
        reasons.append(
            gettext("%(name)s has already asked; the question is waiting for OT.")
            % {"name": open_ask.asked_by.name}
        )
    if not ot_people_at(site, incidents[0].workspace):
        reasons.append(
            gettext("Nobody speaks for OT at %(site)s yet. An administrator can grant the role.")
            % {"site": site}
        )
    return reasons


def reasons_against_verdict(
    incidents: Collection[Incident], *, verdict: str, cause: str, note: str, by: User
) -> list[str]:
    """Why this person cannot give this verdict on these incidents."""
    if not incidents:
        return [gettext("There is no incident to judge.")]
    if not all(is_ot_for(by, incident) for incident in incidents):
        return [gettext("Only OT of a site that the incident touches can judge it.")]
    reasons = []
    if verdict not in VerdictKind.values:
        reasons.append(gettext("Choose a verdict."))
    elif not cause or cause_of(cause) is None:
        reasons.append(gettext("Choose a reason."))
    if verdict == VerdictKind.SUSPICIOUS and not visible_text(note):
        reasons.append(gettext("Suspicious needs one line: what makes you think so?"))
    if len(note) > MAX_NOTE_LENGTH:
        reasons.append(gettext("Keep the note under 500 characters."))
    return reasons


def reasons_against_withdrawing_question(question: Question, *, by: User) -> list[str]:
    """Why this person cannot take the question back."""
    if not works_in(by, question.lead.workspace):
        return [gettext("Only the SOC of this workspace can withdraw the question.")]
    if question.state == Question.State.ANSWERED:
        return [gettext("OT has already answered.")]
    if question.state == Question.State.WITHDRAWN:
        return [gettext("It has already been withdrawn.")]
    return []


def reasons_against_handing_over(question: Question, *, to: User | None, by: User) -> list[str]:
    """Why this person cannot point somebody else to the question."""
    workspace = question.lead.workspace
    if not is_ot_at(by, question.site, workspace):
        return [gettext("Only OT of %(site)s can hand this over.") % {"site": question.site}]
    if question.state != Question.State.WAITING:
        return [gettext("The question is no longer waiting for an answer.")]
    if to is None or to == by or to not in ot_people_at(question.site, workspace):
        return [gettext("Choose somebody else who speaks for OT at this site.")]
    return []


def ot_leads_at(site: Site, workspace: Workspace) -> list[User]:
    """Everyone who leads OT at a site, by name."""
    return _people_of(LEADS_OF_OT, site, workspace)


def leads_ot_at(user: User, site: Site, workspaces: Iterable[Workspace]) -> bool:
    """Whether the person leads OT at a site that is seen through these workspaces."""
    reach = reach_of(user, LEADS_OF_OT)
    if site.uuid in reach.sites or reach.everywhere:
        return True
    seen_through = list(workspaces)
    return bool(seen_through) and all(reach.covers(workspace) for workspace in seen_through)


def leads_of(site: Site, workspace: Workspace) -> list[User]:
    """Return both leads who decide about a suspicion: OT's at the site, the SOC's there."""
    return _people_of(LEADS_OF_OT | LEADS_OF_SOC, site, workspace)


def leads_as(second_opinion: SecondOpinion, *, by: User) -> Literal["ot", "soc"] | None:
    """Return for which side this person could decide about a suspicion; None for neither."""
    workspaces = {incident.workspace for incident in second_opinion.verdict.incidents.all()}
    ot, soc = reach_of(by, LEADS_OF_OT), reach_of(by, LEADS_OF_SOC)
    if second_opinion.site.uuid in ot.sites or any(
        ot.covers(workspace) for workspace in workspaces
    ):
        return "ot"
    return "soc" if any(soc.covers(workspace) for workspace in workspaces) else None


def reasons_against_deciding_suspicion(second_opinion: SecondOpinion, *, by: User) -> list[str]:
    """Why this person cannot decide alone about a suspicion."""
    if leads_as(second_opinion, by=by) is None:
        words = gettext("Only the OT lead of %(site)s or the SOC lead can decide this.")
        return [words % {"site": second_opinion.site}]
    if not second_opinion.is_open:
        return [gettext("It was decided in the meantime.")]
    if second_opinion.leads_asked_at is None:
        return [gettext("People of OT are still being asked. After 72 hours both leads are.")]
    if second_opinion.verdict.by_id == by.pk:
        return [gettext("You gave this answer, so somebody else has to decide about it.")]
    asked = second_opinion.opinions.all()
    if any(
        opinion.person_id == by.pk and opinion.state == Opinion.State.ANSWERED for opinion in asked
    ):
        return [gettext("You have already given your opinion. Another lead has to decide.")]
    return []


def can_decide(second_opinion: SecondOpinion, *, by: User) -> bool:
    """Whether this person may decide alone about a suspicion."""
    return not reasons_against_deciding_suspicion(second_opinion, by=by)


def _people_of(roles: Collection[Role], site: Site, workspace: Workspace) -> list[User]:
    parents = [workspace.organisation.uuid] if workspace.organisation else []
    return list(
        people_with_roles(
            roles, sites=[site.uuid], workspaces=[workspace.uuid], organisations=parents
        )
    )
