"""Whom to notify of what concerns all rules of a workspace."""

from collections.abc import Collection

from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from alerts.suppression.models import ACTING, RuleVersion
from portal.accounts.models import User
from portal.accounts.queries import people_with_roles
from portal.accounts.rights import roles_for


def deployment_leads(workspaces: Collection[Workspace]) -> list[User]:
    """The SOC leads of these workspaces, by name."""
    organisations = [
        workspace.organisation.uuid for workspace in workspaces if workspace.organisation
    ]
    uuids = [workspace.uuid for workspace in workspaces]
    leads = roles_for("suppression.hear_of_deployments")
    return list(people_with_roles(leads, workspaces=uuids, organisations=organisations))


def leads_and_administrators_of(workspace: Workspace) -> list[User]:
    """Return who is notified that somebody may write to the database who must not."""
    administrators = people_with_roles(
        roles_for("sentinel.administer"),
        workspaces=[workspace.uuid],
        organisations=[workspace.organisation.uuid] if workspace.organisation else [],
    )
    people = {user.pk: user for user in [*deployment_leads([workspace]), *administrators]}
    return list(people.values())


def people_of_all_rules(workspaces: Collection[Workspace]) -> list[User]:
    """The leads of both sides there, and who owns a rule that acts there."""
    versions = RuleVersion.objects.filter(
        state__in=ACTING, workspace_ids__overlap=[workspace.pk for workspace in workspaces]
    )
    sites, emails = set[int](), set[str]()
    for version in versions:
        sites.update(version.site_ids)
        emails |= {str(version.body.get(name, "")).lower() for name in ("owner_ot", "owner_soc")}
    places = list(Site.objects.filter(pk__in=sites).values_list("uuid", flat=True))
    people = {user.pk: user for user in deployment_leads(workspaces)}
    for user in people_with_roles(roles_for("sites.lead"), sites=places):
        people.setdefault(user.pk, user)
    for user in User.objects.filter(email__in=emails - {""}, is_active=True):
        people.setdefault(user.pk, user)
    return list(people.values())
