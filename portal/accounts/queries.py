"""Who may reach what: reads over grants."""

import hashlib
import hmac
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import connection
from django.db.models import Count, Prefetch, Q, QuerySet
from django.db.models.functions import Now

from portal.accounts.models import ApiToken, Grant, GrantScope, Role, TokenScope, User
from portal.accounts.rights import READING_ROLES, roles_for


class Scoped(Protocol):
    """A workspace as grants name it: by its UUID, or by that of its organisation."""

    uuid: Any
    organisation: Any


@dataclass(frozen=True, slots=True)
class Reach:
    """The scopes in which a person holds one of some roles."""

    everywhere: bool
    organisations: frozenset[UUID]
    workspaces: frozenset[UUID]
    sites: frozenset[UUID]

    @property
    def nowhere(self) -> bool:
        """True when no grant was found."""
        return not (self.everywhere or self.organisations or self.workspaces or self.sites)

    @property
    def is_partial(self) -> bool:
        """True when it depends on the place."""
        return not (self.everywhere or self.nowhere)

    def covers(self, workspace: Scoped) -> bool:
        """Whether it holds in a workspace: everywhere, there, or in the organisation above it."""
        if self.everywhere or workspace.uuid in self.workspaces:
            return True
        above = workspace.organisation
        return above is not None and above.uuid in self.organisations

    def workspaces_where(self, path: str = "") -> Q:
        """Return the condition on the workspaces that it names, by themselves or by the
        organisation above. `path` leads to the workspace, like "lead__workspace__".
        """
        organisation = f"{path}organisation__uuid__in"
        return Q(**{f"{path}uuid__in": self.workspaces}) | Q(**{organisation: self.organisations})


def reach_in_json(reach: Reach) -> dict[str, Any]:
    """Return a reach as what was made for a person keeps it: who sees something else by now may
    not open what was made before.
    """
    return {
        "everywhere": reach.everywhere,
        "organisations": sorted(map(str, reach.organisations)),
        "workspaces": sorted(map(str, reach.workspaces)),
        "sites": sorted(map(str, reach.sites)),
    }


type RoleInScope = tuple[str, str, UUID | None]  # role, scope kind, scope UUID


def grants_of(user: User) -> list[RoleInScope]:
    """The person's grants in force, read once per user object (one request)."""
    cached: list[RoleInScope] | None = user.__dict__.get("_tagout_grants")
    if cached is None:
        cached = _grants_in_force(user.pk) if user.is_active else []
        user.__dict__["_tagout_grants"] = cached
    return cached


def _grants_in_force(user_id: int) -> list[RoleInScope]:
    with connection.cursor() as cursor:  # asked by every page
        cursor.execute(
            "SELECT role, scope, scope_uuid FROM accounts_grant"
            " WHERE user_id = %s AND revoked_at IS NULL",
            [user_id],
        )
        grants: list[RoleInScope] = cursor.fetchall()
        return grants


def roles_of(user: User) -> frozenset[Role]:
    """Every role the person holds anywhere."""
    return frozenset(Role(role) for role, _, _ in grants_of(user))


def reach_of(user: User, roles: Collection[Role] = READING_ROLES) -> Reach:
    """Where the person holds one of these roles; by default those that read incidents."""
    scopes = [(scope, uuid) for role, scope, uuid in grants_of(user) if role in roles]

    def of_kind(kind: GrantScope) -> frozenset[UUID]:
        return frozenset(uuid for scope, uuid in scopes if scope == kind and uuid)

    return Reach(
        everywhere=any(scope == GrantScope.ALL for scope, _ in scopes),
        organisations=of_kind(GrantScope.ORGANISATION),
        workspaces=of_kind(GrantScope.WORKSPACE),
        sites=of_kind(GrantScope.SITE),
    )


def identity_of(user: User) -> str:
    """Return who somebody is, whatever account they use: Entra's person, else the account."""
    return f"{user.tid}:{user.oid}" if user.oid else str(user.uuid)


def people_with_roles(
    roles: Iterable[Role],
    *,
    sites: Iterable[UUID] = (),
    workspaces: Iterable[UUID] = (),
    organisations: Iterable[UUID] = (),
) -> QuerySet[User]:
    """Active people with one of the roles in one of the scopes, or everywhere; by name."""
    where = (
        Q(grants__scope=GrantScope.ALL)
        | Q(grants__scope=GrantScope.SITE, grants__scope_uuid__in=list(sites))
        | Q(grants__scope=GrantScope.WORKSPACE, grants__scope_uuid__in=list(workspaces))
        | Q(grants__scope=GrantScope.ORGANISATION, grants__scope_uuid__in=list(organisations))
    )
    return (
        User.objects.filter(
            where, is_active=True, grants__role__in=list(roles), grants__revoked_at=None
        )
        .distinct()
        .order_by("name", "pk")
    )


def sites_with(roles: Iterable[Role], *, sites: Collection[UUID]) -> set[UUID]:
    """Return those of the sites in which an active person holds one of the roles, by one query.
    Who holds it everywhere holds it in all of them.
    """
    grants = Grant.objects.filter(role__in=list(roles), revoked_at=None, user__is_active=True)
    everywhere, there = Q(scope=GrantScope.ALL), Q(scope=GrantScope.SITE, scope_uuid__in=sites)
    found = set(grants.filter(everywhere | there).values_list("scope", "scope_uuid").distinct())
    if any(scope == GrantScope.ALL for scope, _ in found):
        return set(sites)
    return {uuid for _, uuid in found if uuid is not None}


def scopes_of_use_to(user: User) -> list[TokenScope]:
    """Return the token scopes with which a program of this person could do anything."""
    roles = roles_of(user)
    return [
        scope
        for scope in TokenScope
        if scope == TokenScope.READ or not roles.isdisjoint(roles_for(f"token.{scope.value}"))
    ]


def names_by_role(roles: Collection[Role]) -> dict[Role, list[str]]:
    """Return the names of active people who hold each of these roles anywhere, in order."""
    grants = Grant.objects.filter(role__in=roles, revoked_at=None, user__is_active=True)
    names: dict[Role, list[str]] = {}
    for role, name in grants.order_by("user__name").values_list("role", "user__name").distinct():
        names.setdefault(Role(role), []).append(name)
    return names


def people_matching(text: str, *, now: datetime) -> QuerySet[User]:
    """Return people whose name or address holds this text, those with an account first, by name;
    with their grants in force (`grants_in_force`), `open_sessions` and `valid_tokens`.
    """
    valid = Q(tokens__revoked_at=None, tokens__expires_at__gt=now)
    return (
        User.objects.filter(Q(name__icontains=text) | Q(email__icontains=text))
        .annotate(
            open_sessions=Count("sessions", Q(sessions__ends_at__gt=Now()), distinct=True),
            valid_tokens=Count("tokens", valid, distinct=True),
        )
        .prefetch_related(
            Prefetch(
                "grants",
                Grant.objects.filter(revoked_at=None).order_by("role", "pk"),
                to_attr="grants_in_force",
            )
        )
        .order_by("-is_active", "name", "pk")
    )


def token_of(secret: str) -> ApiToken | None:
    """The token whose secret this is, in force or not, with its owner."""
    prefix = secret.split("_", 2)[1] if secret.count("_") >= 2 else ""
    if not (prefix.isascii() and prefix.isalnum()):
        return None
    token = ApiToken.objects.select_related("owner").filter(prefix=prefix).first()
    if token is None or not hmac.compare_digest(token.digest, digest_of(secret)):
        return None
    return token


def digest_of(secret: str) -> str:
    """What is kept of a secret of 256 random bits: no salt makes it safer."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
