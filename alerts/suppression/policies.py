"""Who may do what with a rule, and why not. Page, API and service ask the same."""

from collections.abc import Collection, Mapping

from django.utils.translation import gettext

from alerts.incidents.models import Incident
from alerts.rules.guards.signing import SigningSide
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from alerts.suppression.models import RuleVersion
from portal.accounts.models import Role, User
from portal.accounts.queries import Reach, reach_of, roles_of
from portal.accounts.rights import roles_for

PROPOSING = roles_for("suppression.propose")
SIGNING = {
    SigningSide.OT: roles_for("suppression.sign_for_ot"),
    SigningSide.SOC: roles_for("suppression.sign_for_soc"),
}
SIGNERS = SIGNING[SigningSide.OT] | SIGNING[SigningSide.SOC]
STOPPING = roles_for("suppression.stop")  # any right hand may stop a rule; starting needs two


def may_sign_rules(user: User) -> bool:
    """Return whether the person signs rules of some site or workspace."""
    return not roles_of(user).isdisjoint(SIGNERS)


def rights_to_sign(user: User, version: RuleVersion) -> frozenset[SigningSide]:
    """Return for which sides this person may sign: OT at every site that the version names, the SOC
    in every workspace that it can reach.
    """
    return rights_by_version(user, [version])[version.pk]


def rights_by_version(
    user: User, versions: Collection[RuleVersion]
) -> Mapping[int, frozenset[SigningSide]]:
    """Return the same by version, in as many queries as for one."""
    ot, soc = (reach_of(user, SIGNING[side]) for side in (SigningSide.OT, SigningSide.SOC))
    if ot.nowhere and soc.nowhere:
        return {version.pk: frozenset() for version in versions}
    if not any(reach.is_partial for reach in (ot, soc)):
        sides = frozenset(
            side
            for side, reach in ((SigningSide.OT, ot), (SigningSide.SOC, soc))
            if reach.everywhere
        )
        return {version.pk: sides for version in versions}
    sites = Site.objects.in_bulk({pk for version in versions for pk in version.site_ids})
    workspaces = Workspace.objects.select_related("organisation").in_bulk(
        {pk for version in versions for pk in version.workspace_ids}
    )
    rights = {}
    for version in versions:
        at = [sites[pk] for pk in version.site_ids if pk in sites]
        reached = [workspaces[pk] for pk in version.workspace_ids if pk in workspaces]
        by_side = {
            SigningSide.OT: _covers(ot, sites=at, workspaces=reached),
            SigningSide.SOC: _covers(soc, sites=(), workspaces=reached),
        }
        rights[version.pk] = frozenset(side for side, covered in by_side.items() if covered)
    return rights


ENDING_HOLDS = {
    SigningSide.OT: roles_for("suppression.end_hold_for_ot"),
    SigningSide.SOC: roles_for("suppression.end_hold_for_soc"),
}


def sides_led_by(user: User, incident: Incident) -> frozenset[SigningSide]:
    """Return for which sides this person may set the end of what a true positive holds: OT at every
    site that it touches, the SOC in its workspace.
    """
    sites = list(Site.objects.filter(pk__in=incident.site_ids))
    rights = {
        SigningSide.OT: _covers(
            reach_of(user, ENDING_HOLDS[SigningSide.OT]),
            sites=sites,
            workspaces=[incident.workspace],
        ),
        SigningSide.SOC: _covers(
            reach_of(user, ENDING_HOLDS[SigningSide.SOC]),
            sites=(),
            workspaces=[incident.workspace],
        ),
    }
    return frozenset(side for side, covered in rights.items() if covered)


def may_change(user: User, version: RuleVersion, roles: Collection[Role] = PROPOSING) -> bool:
    """Return whether the person holds one of these roles somewhere that the version reaches."""
    reach = reach_of(user, roles)
    if reach.everywhere or version.made_by_id == user.pk:
        return not reach.nowhere
    sites = Site.objects.filter(pk__in=version.site_ids, uuid__in=reach.sites)
    if sites.exists():
        return True
    workspaces = Workspace.objects.filter(reach.workspaces_where(), pk__in=version.workspace_ids)
    return workspaces.exists()


def reasons_against_switching_off(by: User) -> list[str]:
    """Return why this person may not switch suppression off. Stopping is safe: few may not."""
    if reach_of(by, STOPPING).nowhere:
        return [gettext("Only OT and the SOC can switch suppression off.")]
    return []


def reasons_against_switching_on(by: User, workspace: Workspace | None) -> list[str]:
    """Return why this person may not lift a stop: that takes the SOC lead of what was stopped."""
    reach = reach_of(by, roles_for("suppression.switch_on"))
    if reach.everywhere or (workspace is not None and reach.covers(workspace)):
        return []
    if workspace is None:
        return [
            gettext("Only a SOC lead of all workspaces can switch suppression on again everywhere.")
        ]
    return [gettext("Only a SOC lead of this workspace can switch suppression on again.")]


def _covers(reach: Reach, *, sites: Collection[Site], workspaces: Collection[Workspace]) -> bool:
    """A side speaks for all that the rule reaches, or not at all."""
    if reach.everywhere:
        return True
    if sites:
        inside = all(site.uuid in reach.sites for site in sites)
        if inside:
            return True
    return bool(workspaces) and all(reach.covers(workspace) for workspace in workspaces)
