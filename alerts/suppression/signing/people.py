"""Whom a rule concerns: who can sign it, who owns it, who is notified."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alerts.rules.guards.signing import SigningSide
from alerts.rules.rule import RuleDefinition
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from alerts.suppression.drafting.rule_reach import reach_of_rule
from alerts.suppression.models import RuleVersion
from alerts.suppression.policies import SIGNING, rights_to_sign
from portal.accounts.models import User
from portal.accounts.queries import people_with_roles


def people_of_side(version: RuleVersion, *, side: SigningSide) -> list[User]:
    """Return everybody who may sign this version for a side, by name."""
    sites = Site.objects.filter(pk__in=version.site_ids).values_list("uuid", flat=True)
    workspaces = Workspace.objects.filter(pk__in=version.workspace_ids)
    places = list(workspaces.values_list("uuid", "organisation__uuid"))
    people = people_with_roles(
        SIGNING[side],
        sites=list(sites) if side is SigningSide.OT else [],
        workspaces=[workspace for workspace, _ in places],
        organisations=[organisation for _, organisation in places if organisation],
    )
    return [person for person in people if side in rights_to_sign(person, version)]


def usual_owners(rule: RuleDefinition, *, by: User) -> dict[str, str]:
    """Return whom a rule names as owners unless its author says otherwise: the author, on a side
    that is theirs to sign for, and the SOC lead where there is just one.
    """
    reach = reach_of_rule(rule)
    if not reach.workspace_ids:
        return {}
    version = RuleVersion(workspace_ids=list(reach.workspace_ids), site_ids=list(reach.site_ids))
    rights, leads = rights_to_sign(by, version), people_of_side(version, side=SigningSide.SOC)
    owners = {}
    if SigningSide.OT in rights:
        owners["owner_ot"] = by.email
    elif SigningSide.SOC in rights:
        owners["owner_soc"] = by.email
    if len(leads) == 1 and leads[0].email not in owners.values():
        owners["owner_soc"] = leads[0].email
    return owners


def accounts_of_owners(version: RuleVersion) -> list[User]:
    """Return the owners on both sides, where they have an account."""
    addresses = {address.lower() for address in _addresses(version) if address}
    return list(User.objects.filter(email__in=addresses, is_active=True).order_by("name"))


def concerned_by(version: RuleVersion) -> list[User]:
    """Return owners, signers and the proposer: whom to notify of what happens to the rule."""
    people = {user.pk: user for user in accounts_of_owners(version)}
    for signature in version.signatures.filter(void_at=None).select_related("by"):
        people.setdefault(signature.by_id, signature.by)
    if version.proposed_by:
        people.setdefault(version.proposed_by.pk, version.proposed_by)
    return [user for user in people.values() if user.is_active]


@dataclass(frozen=True, slots=True)
class Owners:
    """The two owners by name; empty where a side has none yet."""

    ot: str
    soc: str


def owners_by_version(versions: Iterable[RuleVersion]) -> Mapping[int, Owners]:
    """Return the owners by version; an address without an account is shown as it is."""
    rows = list(versions)
    addresses = {text.lower() for row in rows for text in _addresses(row) if text}
    names = dict(User.objects.filter(email__in=addresses).values_list("email", "name"))
    return {
        row.pk: Owners(*(names.get(text.lower(), text) for text in _addresses(row))) for row in rows
    }


def _addresses(version: RuleVersion) -> tuple[str, str]:
    body = version.body if isinstance(version.body, dict) else {}
    return str(body.get("owner_ot", "")), str(body.get("owner_soc", ""))
