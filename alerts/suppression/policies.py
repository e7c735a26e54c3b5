"""Who may do what with a rule, and why not. Page, API and service ask the same."""

from collections.abc import Collection

from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from alerts.suppression.engine.guards.signing import Side
from alerts.suppression.models import RuleVersion
from portal.accounts.models import OT_ROLES, Role, User
from portal.accounts.queries import Reach, reach_of

PROPOSING = OT_ROLES | {Role.SOC_ANALYST, Role.SOC_LEAD}
SIGNING = {Side.OT: OT_ROLES, Side.SOC: frozenset({Role.SOC_LEAD})}
STOPPING = PROPOSING  # any right hand may stop a rule; starting needs two


def rights_to_sign(user: User, version: RuleVersion) -> frozenset[Side]:
    """For which sides this person may sign this version: OT at every site that it names, the SOC
    in every workspace that it can reach.
    """
    sites = list(Site.objects.filter(pk__in=version.site_ids))
    workspaces = list(
        Workspace.objects.filter(pk__in=version.workspace_ids).select_related("organisation")
    )
    held = set()
    if _covers(reach_of(user, SIGNING[Side.OT]), sites=sites, workspaces=workspaces):
        held.add(Side.OT)
    if _covers(reach_of(user, SIGNING[Side.SOC]), sites=(), workspaces=workspaces):
        held.add(Side.SOC)
    return frozenset(held)


def may_change(user: User, version: RuleVersion, roles: Collection[Role] = PROPOSING) -> bool:
    """Whether the person holds one of these roles somewhere that the version reaches."""
    reach = reach_of(user, roles)
    if reach.everywhere or version.made_by_id == user.pk:
        return not reach.nowhere
    sites = Site.objects.filter(pk__in=version.site_ids, uuid__in=reach.sites)
    if sites.exists():
        return True
    workspaces = Workspace.objects.filter(pk__in=version.workspace_ids)
    return any(_in(reach, each) for each in workspaces.select_related("organisation"))


def _covers(reach: Reach, *, sites: Collection[Site], workspaces: Collection[Workspace]) -> bool:
    """A side speaks for all that the rule reaches, or not at all."""
    if reach.everywhere:
        return True
    if sites:
        inside = all(site.uuid in reach.sites for site in sites)
        if inside:
            return True
    return bool(workspaces) and all(_in(reach, each) for each in workspaces)


def _in(reach: Reach, workspace: Workspace) -> bool:
    organisation = workspace.organisation
    return workspace.uuid in reach.workspaces or (
        organisation is not None and organisation.uuid in reach.organisations
    )
