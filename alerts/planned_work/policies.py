"""Who may plan work, and who may see it."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from alerts.incidents.models import Alert
from alerts.planned_work.models import PlannedWork
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from portal.accounts.models import OT_ROLES, READING_ROLES, Role, User
from portal.accounts.queries import reach_of
from portal.audit.services import Actor


def sites_in_reach(user: User, roles: Collection[Role] = READING_ROLES) -> QuerySet[Site]:
    """Sites of the person's grants of these roles, and those that their workspaces have alerts of;
    by name.
    """
    reach = reach_of(user, roles)
    sites = Site.objects.order_by("name")
    if reach.everywhere:
        return sites
    if not (reach.workspaces or reach.organisations):
        return sites.filter(uuid__in=reach.sites)
    within = Workspace.objects.filter(
        Q(uuid__in=reach.workspaces) | Q(organisation__uuid__in=reach.organisations)
    )
    has_alerts = Exists(Alert.objects.filter(site=OuterRef("pk"), workspace__in=within))
    return sites.filter(Q(uuid__in=reach.sites) | Q(has_alerts))


def may_plan_at(site: Site, *, by: User) -> bool:
    """Whether the person plans work at this site: its OT engineers and leads do."""
    return sites_in_reach(by, OT_ROLES).filter(pk=site.pk).exists()


def reasons_against_planning(site: Site, *, by: Actor) -> list[str]:
    """Why this person may not plan or change work at this site; a command may, whoever runs it."""
    if not isinstance(by, User) or may_plan_at(site, by=by):
        return []
    return [
        _("Only OT engineers and site leads of %(site)s plan work there.") % {"site": site.name}
    ]


def reasons_against_changing(work: PlannedWork, *, by: Actor) -> list[str]:
    """Why this person may not change this work now."""
    if work.state == PlannedWork.State.CANCELLED:
        return [_("The work was cancelled. Plan it anew.")]
    if work.state == PlannedWork.State.DONE:
        return [_("The work is done. Plan it anew.")]
    return reasons_against_planning(work.site, by=by)
