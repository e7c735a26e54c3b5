"""People, for administrators: who has an account and which roles, and how to end either."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import wraps
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from portal import clock
from portal.accounts.labels import ROLE_NAMES, scope_names
from portal.accounts.models import Grant, GrantScope, Role, User
from portal.accounts.queries import people_matching
from portal.accounts.services.people import (
    CannotDisablePerson,
    CannotRevoke,
    disable_person,
    enable_person,
    reasons_against_disabling,
    reasons_against_managing,
    reasons_against_revoking,
    revoke_role,
)
from portal.accounts.sessions import actor_of
from portal.ui.responses import leave_toast, post_only, render_page

MAX_SHOWN = 200
MAX_TEXT = 100


@dataclass(frozen=True, slots=True)
class PersonRole:
    """One role of a person and where it holds."""

    grant: Grant
    name: str | Promise
    where: str
    may_revoke: bool = False


def for_administrators(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer 403 to everybody else."""

    @wraps(view)
    def checked(request: HttpRequest, **parts: object) -> HttpResponse:
        if reasons_against_managing(actor_of(request)):
            raise PermissionDenied
        return view(request, **parts)

    return checked


@require_safe
@for_administrators
def show_people(request: HttpRequest) -> HttpResponse:
    """Everybody with an account, or those whom a text finds."""
    text = request.GET.get("q", "")[:MAX_TEXT].strip()
    people = list(people_matching(text, now=clock.now())[: MAX_SHOWN + 1])
    names = _names_for(people)
    page = {
        "rows": [(person, _roles_of(person, names)) for person in people[:MAX_SHOWN]],
        "text": text,
        "has_more": len(people) > MAX_SHOWN,
    }
    return render_page(request, "portal/accounts/people.html", page, part="rows")


@require_safe
@for_administrators
def show_person(request: HttpRequest, person: UUID) -> HttpResponse:
    """One person: account, sessions, tokens, and roles that can be taken back."""
    return _person_page(request, person)


@require_http_methods(["GET", "POST"])
@for_administrators
def disable(request: HttpRequest, person: UUID) -> HttpResponse:
    """Ask first, saying what ends; then close the account."""
    found = _person_or_404(person)
    reasons = reasons_against_disabling(found, by=actor_of(request))
    if request.method == "POST" and not reasons:
        try:
            disable_person(person_id=found.pk, by=actor_of(request), now=clock.now())
        except CannotDisablePerson as refusal:  # by somebody else at the same instant
            reasons = list(refusal.reasons)
        else:
            message = gettext(
                "Disabled: %(name)s. Their sessions have ended and their tokens are revoked."
            )
            return _back(request, found, message % {"name": found.name})
    page = {"person": found, "reasons": reasons}
    status = 422 if reasons and request.method == "POST" else 200
    return render(request, "portal/accounts/disable_person.html", page, status=status)


@post_only(otherwise=lambda person: reverse("people:person", args=[person]))
@for_administrators
def enable(request: HttpRequest, person: UUID) -> HttpResponse:
    """Open an account again."""
    found = _person_or_404(person)
    try:
        enable_person(person_id=found.pk, by=actor_of(request), now=clock.now())
    except CannotDisablePerson as refusal:
        return _person_page(request, person, refusal.reasons)
    message = gettext("Enabled: %(name)s. They have to sign in again; their tokens stay revoked.")
    return _back(request, found, message % {"name": found.name})


@require_http_methods(["GET", "POST"])
@for_administrators
def revoke_role_view(request: HttpRequest, person: UUID, grant: int) -> HttpResponse:
    """Ask first, for only a command gives the role again; then take it back."""
    row = get_object_or_404(Grant.objects.select_related("user"), pk=grant, user__uuid=person)
    if request.method == "GET":
        return _revoke_page(request, row)
    try:
        revoke_role(grant_id=row.pk, by=actor_of(request), now=clock.now())
    except CannotRevoke as refusal:
        return _person_page(request, person, refusal.reasons)
    message = gettext("Role revoked from %(name)s: %(role)s")
    names = {"name": row.user.name, "role": ROLE_NAMES[Role(row.role)]}
    return _back(request, row.user, message % names)


def _revoke_page(request: HttpRequest, grant: Grant) -> HttpResponse:
    reasons = reasons_against_revoking(grant.role, of=grant.user, by=actor_of(request))
    if grant.revoked_at or reasons:
        return redirect("people:person", person=grant.user.uuid)
    names = scope_names({grant.scope_uuid} if grant.scope_uuid else set())
    page = {
        "person": grant.user,
        "role": ROLE_NAMES[Role(grant.role)],
        "where": _where(grant, names),
    }
    return render(request, "portal/accounts/revoke_role.html", page)


def _back(request: HttpRequest, person: User, message: str) -> HttpResponse:
    return leave_toast(request, redirect("people:person", person=person.uuid), message)


def _person_or_404(uuid: UUID) -> User:
    return get_object_or_404(people_matching("", now=clock.now()), uuid=uuid)


def _person_page(request: HttpRequest, uuid: UUID, reasons: Collection[str] = ()) -> HttpResponse:
    person, by = _person_or_404(uuid), actor_of(request)
    page = {
        "person": person,
        "roles": _roles_of(person, _names_for([person]), by=by),
        "may_disable": not reasons_against_disabling(person, by=by),
        "reasons": reasons,
    }
    status = 422 if reasons else 200
    return render(request, "portal/accounts/person.html", page, status=status)


def _names_for(people: Collection[User]) -> dict[UUID, str]:
    grants = [grant for person in people for grant in _grants_of(person)]
    return scope_names({grant.scope_uuid for grant in grants if grant.scope_uuid})


def _roles_of(person: User, names: dict[UUID, str], *, by: User | None = None) -> list[PersonRole]:
    return [
        PersonRole(
            grant,
            ROLE_NAMES[Role(grant.role)],
            _where(grant, names),
            may_revoke=by is not None
            and not reasons_against_revoking(grant.role, of=person, by=by),
        )
        for grant in _grants_of(person)
    ]


def _grants_of(person: User) -> list[Grant]:
    grants: list[Grant] = getattr(person, "grants_in_force", [])
    return grants


def _where(grant: Grant, names: dict[UUID, str]) -> str:
    if grant.scope == GrantScope.ALL or grant.scope_uuid is None:
        return gettext("everywhere")
    return names.get(grant.scope_uuid, gettext("in a place that no longer exists"))
