"""`grant EMAIL ROLE [--workspace W] [--site S]`: give a person a role. Stands in this room because
it is the lowest that knows workspaces and sites by name; grants themselves know only UUIDs.
"""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser
from django.db.models import Model

from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from portal import clock
from portal.accounts.models import Organisation, Role, ScopeKind, User
from portal.accounts.services import CannotGrant, grant_role
from portal.command import TagoutCommand


class Command(TagoutCommand):
    """Give a person one role in one scope."""

    help = "Give a person a role: everywhere, in an organisation, a workspace or at a site."

    def add_arguments(self, parser: CommandParser) -> None:
        """Without a scope the role holds everywhere."""
        parser.add_argument("email")
        parser.add_argument("role", help=", ".join(Role.values))
        scope = parser.add_mutually_exclusive_group()
        scope.add_argument("--workspace", metavar="W")
        scope.add_argument("--site", metavar="S")
        scope.add_argument("--organisation", metavar="O")

    def run(self, **options: Any) -> dict[str, object]:
        """Look the names up, then grant."""
        if options["role"] not in Role.values:
            raise CannotGrant(
                f"There is no role {options['role']!r}: use one of {', '.join(Role.values)}."
            )
        user = User.objects.filter(email=options["email"].lower()).first()
        if user is None:
            raise CannotGrant(
                f"Nobody has the address {options['email']}: add them first with `person add`."
            )
        scope, uuid, where = _scope(options)
        grant_role(
            to=user, role=Role(options["role"]), scope=scope, scope_uuid=uuid, by="command line",
            now=clock.now(),
        )  # fmt: skip
        return {"email": user.email, "role": options["role"], "where": where}


NAMED: dict[str, tuple[ScopeKind, type[Model]]] = {
    "workspace": (ScopeKind.WORKSPACE, Workspace),
    "site": (ScopeKind.SITE, Site),
    "organisation": (ScopeKind.ORGANISATION, Organisation),
}


def _scope(options: dict[str, Any]) -> tuple[ScopeKind, UUID | None, str]:
    for option, (kind, model) in NAMED.items():
        if not (name := options[option]):
            continue
        rows = model._default_manager.order_by("name").values_list("name", "uuid")
        if uuid := dict(rows.filter(name=name)).get(name):
            return kind, uuid, name
        names = ", ".join(known for known, _ in rows[:20]) or "none yet"
        raise CannotGrant(f"There is no {kind.label.lower()} {name!r}; known: {names}.")
    return ScopeKind.ALL, None, "everywhere"
