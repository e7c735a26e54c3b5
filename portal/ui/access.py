"""What a person may do, who may do more, and how to get there: for pages that a role lacks."""

from collections.abc import Collection
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.functional import Promise

from portal.accounts.labels import ROLE_DUTIES, ROLE_NAMES
from portal.accounts.models import Role
from portal.accounts.queries import names_by_role, roles_of
from portal.accounts.rights import roles_for
from portal.accounts.sessions import actor_of
from portal.ui.navigation import Link, groups_for

MAX_NAMES = 5


@dataclass(frozen=True, slots=True)
class Access:
    """One person's rights as a page explains them."""

    roles: list[tuple[str | Promise, str | Promise]]  # name, and what the role does
    places: list[Link]  # what the rail offers
    needed: list[tuple[str | Promise, str]]  # each role that would do, and who holds it
    administrators: str
    command: str  # for an administrator: what gives the right; else empty

    @property
    def is_administrator(self) -> bool:
        """Whether the person can give the right themselves."""
        return bool(self.command)


def access_of(request: HttpRequest, needed: Collection[Role]) -> Access:
    """Return what this person has, and which of the `wanted` roles would open more. Only to an
    administrator it states who holds which: a directory is not for everybody.
    """
    person = actor_of(request)
    own_roles = roles_of(person)
    managing = roles_for("accounts.manage")
    runs_portal = not own_roles.isdisjoint(managing)
    names = names_by_role(managing.union(needed) if runs_portal else managing)
    return Access(
        roles=[(ROLE_NAMES[role], ROLE_DUTIES[role]) for role in Role if role in own_roles],
        places=[link for group in groups_for(request) for link in group.links],
        needed=[
            (ROLE_NAMES[role], _joined(names.get(role, []))) for role in Role if role in needed
        ],
        administrators=_joined([name for role in managing for name in names.get(role, [])]),
        command=f"python manage.py grant {person.email} {Role.AUDITOR}" if runs_portal else "",
    )


def _joined(names: list[str]) -> str:
    more = ", …" if len(names) > MAX_NAMES else ""
    return ", ".join(names[:MAX_NAMES]) + more
