"""Who may plan work, and who may see it."""

from django.utils.translation import gettext as _

from alerts.incidents.queries import sites_in_reach
from alerts.planned_work.models import PlannedWork, WorkStep
from alerts.sites.models import Site
from portal.accounts.models import User
from portal.accounts.rights import roles_for
from portal.audit.services import Actor


def may_plan_at(site: Site, *, by: User) -> bool:
    """Whether the person plans work at this site: its OT engineers and leads do."""
    return sites_in_reach(by, roles_for("planned_work.plan")).filter(pk=site.pk).exists()


def reasons_against_planning(site: Site, *, by: Actor) -> list[str]:
    """Return why this person may not plan or change work at this site; any command may."""
    if not isinstance(by, User) or may_plan_at(site, by=by):
        return []
    return [
        _("Only OT engineers and site leads of %(site)s can plan work there.") % {"site": site.name}
    ]


def reasons_against_changing(work: PlannedWork, *, by: Actor) -> list[str]:
    """Why this person may not change this work now."""
    if work.state == PlannedWork.State.CANCELLED:
        return [_("The work has ended or was cancelled. Plan it again.")]
    if work.state == PlannedWork.State.DONE:
        return [_("The work is done. Plan it again.")]
    return reasons_against_planning(work.site, by=by)


def is_by_token(by: Actor) -> bool:
    """Whether a program does this with a person's token."""
    return isinstance(by, User) and by.via_token is not None


_AUTHORS = ("made", "changed", "extended")


def reasons_against_confirming(
    work: PlannedWork, *, is_wide: bool, came_by_token: bool, by: User
) -> list[str]:
    """Why this person may not confirm this work: as the second person where it `is_wide`, and as
    somebody of OT where it `came_by_token`.
    """
    if work.state != PlannedWork.State.PLANNED:
        return [_("The work is over or was cancelled: there is nothing to confirm.")]
    if by.via_token is not None:
        return [_("Work is confirmed by a person on its page, never by a token.")]
    words = {"site": work.site.name}
    is_of_ot = not came_by_token or may_plan_at(work.site, by=by)
    is_second = not is_wide or _may_be_second(work.site, by=by)
    if came_by_token and is_wide and not (is_of_ot and is_second):
        return [
            _(
                "It came by a token, and recurs or lasts longer than a day: only the OT site lead"
                " of %(site)s can confirm it."
            )
            % words
        ]
    if not is_of_ot:
        return [_("It came by a token: only OT of %(site)s can confirm it.") % words]
    if not is_second:
        return [
            _("Only the SOC of this site's workspaces and the OT site lead can confirm its work.")
        ]
    if is_wide and WorkStep.objects.filter(work=work, by=by, code__in=_AUTHORS).exists():
        return [_("You have planned or changed this work yourself: it needs a second person.")]
    return []


def _may_be_second(site: Site, *, by: User) -> bool:
    """Whether the person may confirm what others plan at this site: its SOC and its OT lead do."""
    sites = sites_in_reach(by, roles_for("planned_work.confirm"))
    return sites.filter(pk=site.pk).exists()
