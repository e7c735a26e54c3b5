"""Who may ask, answer, withdraw and hand over, and why not. Page and service ask the same ones."""

from collections.abc import Collection, Sequence

from django.utils.translation import gettext

from alerts.incidents.models import Incident
from alerts.reviews.engine.causes import cause as cause_of
from alerts.reviews.models import Review, Verdict
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from portal.accounts.models import OT_ROLES, SOC_ROLES, Role, User
from portal.accounts.queries import people_holding, reach_of

LONGEST_QUESTION = 500
LONGEST_NOTE = 500


def works_in(user: User, workspace: Workspace) -> bool:
    """Whether the person is of the SOC that looks after this workspace."""
    return _reaches(user, SOC_ROLES, workspace)


def speaks_for(user: User, incident: Incident) -> bool:
    """Whether the person speaks for OT at one of the sites that the incident touches."""
    return bool(sites_spoken_for(user, incident))


def sites_spoken_for(user: User, incident: Incident) -> list[Site]:
    """The sites of the incident at which the person speaks for OT."""
    sites = list(Site.objects.filter(pk__in=incident.site_ids).order_by("name"))
    if _reaches(user, OT_ROLES, incident.workspace):
        return sites
    mine = reach_of(user, OT_ROLES).sites
    return [site for site in sites if site.uuid in mine]


def speaks_at(user: User, site: Site, workspace: Workspace) -> bool:
    """Whether the person speaks for OT at this site."""
    return site.uuid in reach_of(user, OT_ROLES).sites or _reaches(user, OT_ROLES, workspace)


def ot_people_at(site: Site, workspace: Workspace) -> list[User]:
    """Everyone who speaks for OT at a site, by name."""
    parents = [workspace.organisation.uuid] if workspace.organisation else []
    return list(
        people_holding(
            OT_ROLES, sites=[site.uuid], workspaces=[workspace.uuid], organisations=parents
        )
    )


def reasons_against_asking(
    incidents: Sequence[Incident], *, site: Site, question: str, by: User
) -> list[str]:
    """Why this person cannot ask OT of this site about these incidents."""
    if not incidents:
        return [gettext("There is no incident to ask about.")]
    if not all(works_in(by, each.workspace) for each in incidents):
        return [gettext("Only the SOC of this workspace can ask OT.")]
    reasons = []
    if len({each.workspace_id for each in incidents}) > 1:
        reasons.append(gettext("One question is about incidents of one workspace."))
    if not question.strip():
        reasons.append(gettext("Choose a question or write one."))
    if len(question) > LONGEST_QUESTION:
        reasons.append(gettext("Keep the question under 500 characters."))
    reasons += _reasons_in(incidents, site)
    return reasons


def _reasons_in(incidents: Sequence[Incident], site: Site) -> list[str]:
    reasons = []
    if any(each.is_read_only for each in incidents):
        reasons.append(gettext("It was deleted or merged in Sentinel and is read-only here."))
    if not all(site.pk in each.site_ids for each in incidents):
        reasons.append(gettext("It does not touch %(site)s.") % {"site": site})
    open_ask = (
        Review.objects.filter(
            asked_incidents__incident__in=[each.pk for each in incidents],
            asked_incidents__answer=None,
            site=site,
            state=Review.State.WAITING,
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
    if not all(speaks_for(by, each) for each in incidents):
        return [gettext("Only OT of a site that the incident touches can judge it.")]
    reasons = []
    if verdict not in Verdict.values:
        reasons.append(gettext("Choose a verdict."))
    if not cause or cause_of(cause) is None:
        reasons.append(gettext("Choose a reason."))
    if verdict == Verdict.SUSPICIOUS and not note.strip():
        reasons.append(gettext("Suspicious needs one line: what makes you think so?"))
    if len(note) > LONGEST_NOTE:
        reasons.append(gettext("Keep the note under 500 characters."))
    return reasons


def reasons_against_withdrawing(review: Review, *, by: User) -> list[str]:
    """Why this person cannot take the question back."""
    if not works_in(by, review.lead.workspace):
        return [gettext("Only the SOC of this workspace can withdraw the question.")]
    if review.state == Review.State.ANSWERED:
        return [gettext("OT has already answered.")]
    if review.state == Review.State.WITHDRAWN:
        return [gettext("It has already been withdrawn.")]
    return []


def reasons_against_handing_over(review: Review, *, to: User | None, by: User) -> list[str]:
    """Why this person cannot point somebody else to the question."""
    workspace = review.lead.workspace
    if not speaks_at(by, review.site, workspace):
        return [gettext("Only OT of %(site)s can hand this over.") % {"site": review.site}]
    if review.state != Review.State.WAITING:
        return [gettext("The question is no longer waiting for an answer.")]
    if to is None or to == by or to not in ot_people_at(review.site, workspace):
        return [gettext("Choose somebody else who speaks for OT at this site.")]
    return []


def _reaches(user: User, roles: Collection[Role], workspace: Workspace) -> bool:
    reach = reach_of(user, roles)
    organisation = workspace.organisation.uuid if workspace.organisation else None
    if reach.everywhere or workspace.uuid in reach.workspaces:
        return True
    return organisation in reach.organisations
