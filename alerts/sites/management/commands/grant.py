"""`grant EMAIL ROLE [--workspace W] [--site S]`: give a person a role; `grant revoke EMAIL ROLE …`:
take it back. It is in this room because it is the lowest that has workspaces and sites by name;
grants themselves have only UUIDs.
"""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser
from django.db.models import Model

from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from portal import clock
from portal.accounts.models import Grant, GrantScope, Organisation, Role, User
from portal.accounts.services.people import CannotGrant, CannotRevoke, grant_role, revoke_role
from portal.command import TagoutCommand
from portal.errors import Refused

BY = "command line"


class Command(TagoutCommand):
    """Give a person one role in one scope, or take it back."""

    help = "Give a person a role: everywhere, in an organisation, a workspace or at a site."

    def add_arguments(self, parser: CommandParser) -> None:
        """Without a scope the role holds everywhere."""
        roles = ", ".join(Role.values)
        parser.add_argument(
            "words", nargs="+", metavar="[revoke] EMAIL ROLE", help=f"roles: {roles}"
        )
        scope = parser.add_mutually_exclusive_group()
        scope.add_argument("--workspace", metavar="W")
        scope.add_argument("--site", metavar="S")
        scope.add_argument("--organisation", metavar="O")

    def run(self, **options: Any) -> dict[str, object]:
        """Look the names up, then grant or revoke."""
        words = options["words"]
        is_revoking = words[0] == "revoke"
        if len(words) != (3 if is_revoking else 2):
            raise Refused("Say `grant EMAIL ROLE` or `grant revoke EMAIL ROLE`, and where.")
        email, role = words[-2:]
        if role not in Role.values:
            raise CannotGrant(f"There is no role {role!r}: use one of {', '.join(Role.values)}.")
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CannotGrant(f"Nobody has the address {email}: add them first with `person add`.")
        scope, uuid, where = _scope(options)
        if is_revoking:
            _revoke(user, Role(role), scope, uuid, where)
        else:
            grant_role(
                to=user, role=Role(role), scope=scope, scope_uuid=uuid, by=BY, now=clock.now()
            )
        facts: dict[str, object] = {"email": user.email, "role": role, "where": where}
        return facts | {"revoked": True} if is_revoking else facts


def _revoke(user: User, role: Role, scope: GrantScope, uuid: UUID | None, where: str) -> None:
    grants = Grant.objects.filter(user=user, role=role, revoked_at=None)
    grant = grants.filter(scope=scope, scope_uuid=uuid).first()
    if grant is None:
        elsewhere = " They hold it in another scope: say which." if grants.exists() else ""
        place = _in_words(scope, where)
        raise CannotRevoke(f"{user.email} does not hold {role} {place}.{elsewhere}")
    revoke_role(grant_id=grant.pk, by=BY, now=clock.now())


def _in_words(scope: GrantScope, where: str) -> str:
    return where if scope == GrantScope.ALL else f"for the {scope.label.lower()} {where}"


NAMED: dict[str, tuple[GrantScope, type[Model]]] = {
    "workspace": (GrantScope.WORKSPACE, Workspace),
    "site": (GrantScope.SITE, Site),
    "organisation": (GrantScope.ORGANISATION, Organisation),
}


def _scope(options: dict[str, Any]) -> tuple[GrantScope, UUID | None, str]:
    for option, (kind, model) in NAMED.items():
        if not (name := options[option]):
            continue
        rows = model._default_manager.order_by("name").values_list("name", "uuid")
        if uuid := dict(rows.filter(name=name)).get(name):
            return kind, uuid, name
        names = ", ".join(label for label, _ in rows[:20]) or "none yet"
        raise CannotGrant(f"There is no {kind.label.lower()} {name!r}; known: {names}.")
    return GrantScope.ALL, None, "everywhere"
