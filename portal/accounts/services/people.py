"""Make people and organisations; disable and enable people; give and take grants; and who may."""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext

from portal.accounts.models import ApiToken, Grant, GrantScope, Organisation, Role, Session, User
from portal.accounts.queries import roles_of
from portal.accounts.rights import SCOPES_OF_ROLE, roles_for
from portal.accounts.services.attempts import MAX_PASSWORD, account_of
from portal.audit.services import Actor, record
from portal.errors import Refused
from portal.ui.words import number


def reasons_against_managing(by: Actor) -> list[str]:
    """Return why this person may not disable people or take roles back. Commands may: running one
    takes access to the database anyway.
    """
    if not isinstance(by, User):
        return []
    if by.via_token is not None or roles_of(by).isdisjoint(roles_for("accounts.manage")):
        return [gettext("Only administrators can manage people.")]
    return []


def reasons_against_disabling(person: User, *, by: Actor) -> list[str]:
    """Why this account is not disabled."""
    reasons = reasons_against_managing(by)
    if isinstance(by, User) and by.pk == person.pk:
        reasons.append(gettext("This is your own account. Ask another administrator."))
    if not person.is_active:
        reasons.append(gettext("This account is already disabled."))
    return reasons


def reasons_against_revoking(role: str, *, of: User, by: Actor) -> list[str]:
    """Why this role is not taken back."""
    reasons = reasons_against_managing(by)
    if isinstance(by, User) and by.pk == of.pk and role in roles_for("accounts.manage"):
        reasons.append(gettext("This is your own administrator role. Ask another administrator."))
    return reasons


MAX_EMAIL, MAX_NAME = 254, 120  # characters, as the columns have them


class CannotAddPerson(Refused):
    """The person was not added."""


class CannotGrant(Refused):
    """The grant was not given."""


class CannotRevoke(Refused):
    """The grant stays."""


class CannotDisablePerson(Refused):
    """The account stays as it is."""


class CannotChangePassword(Refused):
    """The password stays as it is."""


@transaction.atomic
def add_person(
    *, email: str, name: str, password: str | None, by: Actor, now: datetime, is_staff: bool = False
) -> User:
    """Add a person with a local account. Refuses odd addresses, weak passwords and doubles."""
    reasons = [] if _is_address(email) else [f"{email[:300]!r} is not an e-mail address."]
    email, name = account_of(email), name.strip()  # as the sign-in form will find it
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        reasons.append(f"A name has between 1 and {MAX_NAME} characters, all of them printable.")
    if password is not None:
        reasons += _reasons_against_password(password, of=User(email=email, name=name))
    if User.objects.filter(email=email).exists():
        reasons.append(f"{email} has an account already.")
    if reasons:
        raise CannotAddPerson(*reasons)
    user = User.objects.create_user(email, name, password)
    if is_staff:
        User.objects.filter(pk=user.pk).update(is_staff=True)
        user.is_staff = True
    record("accounts.person.added", on=user, by=by, at=now, email=user.email)
    return user


@transaction.atomic
def disable_person(*, person_id: int, by: Actor, now: datetime) -> User:
    """Close an account: sessions and tokens end with this transaction. What the person did, their
    name and their grants stay. Refuses one's own account.
    """
    person, by = _lock(person_id, by)
    if reasons := reasons_against_disabling(person, by=by):
        raise CannotDisablePerson(*reasons)
    person.is_active = False
    person.save(update_fields=["is_active"])
    tokens = person.tokens.filter(revoked_at=None)
    prefixes = sorted(tokens.values_list("prefix", flat=True))
    ApiToken.objects.filter(prefix__in=prefixes).update(revoked_at=now)
    sessions = _end_sessions(person)
    record("accounts.person.disabled", on=person, by=by, at=now, sessions=sessions, tokens=prefixes)
    return person


@transaction.atomic
def enable_person(*, person_id: int, by: Actor, now: datetime) -> User:
    """Open an account again. Its grants hold again; it has no session and no token."""
    person, by = _lock(person_id, by)
    reasons = reasons_against_managing(by)
    if person.is_active:
        reasons.append(gettext("This account is not disabled."))
    if reasons:
        raise CannotDisablePerson(*reasons)
    person.is_active = True
    person.save(update_fields=["is_active"])
    _end_sessions(person)
    record("accounts.person.enabled", on=person, by=by, at=now)
    return person


@transaction.atomic
def change_password(*, person_id: int, password: str, by: Actor, now: datetime) -> User:
    """Give an account another password. All its sessions end, and its devices are forgotten.
    Refuses weak passwords, and anybody but the person and a command.
    """
    person = User.objects.get(pk=person_id)
    if isinstance(by, User) and (by.pk != person.pk or by.via_token is not None):
        raise CannotChangePassword(gettext("Only the person can change their password."))
    if reasons := _reasons_against_password(password, of=person):
        raise CannotChangePassword(*reasons)
    person.set_password(password)  # takes half a second, so before the row is locked
    stored = User.objects.lock(person_id)
    if isinstance(by, User) and (not stored.is_active or stored.password != by.password):
        raise CannotChangePassword(
            gettext("Your account or your password was changed in the meantime. Sign in again.")
        )
    person.save(update_fields=["password"])
    sessions = _end_sessions(person)
    record("accounts.password.changed", on=person, by=by, at=now, sessions=sessions)
    return person


def _is_address(email: str) -> bool:
    try:
        validate_email(email.strip())
    except ValidationError:
        return False
    return len(email.strip()) <= MAX_EMAIL


def _reasons_against_password(password: str, *, of: User) -> list[str]:
    """Why this is no password for this person; no form takes a longer one at sign-in."""
    if len(password) > MAX_PASSWORD:
        return [
            gettext("A password has at most %(most)s characters.") % {"most": number(MAX_PASSWORD)}
        ]
    try:
        validate_password(password, of)
    except ValidationError as weak:
        return list(weak.messages)
    return []


def _lock(person_id: int, by: Actor) -> tuple[User, Actor]:
    """The person and who acts, both as they are when nobody else can change them any more."""
    return (
        User.objects.lock_both(person_id, by)
        if isinstance(by, User)
        else (User.objects.lock(person_id), by)
    )


def _end_sessions(person: User) -> int:
    return Session.objects.filter(user=person).delete()[0]


@transaction.atomic
def add_organisation(*, name: str, by: Actor, now: datetime) -> Organisation:
    """Add an organisation: a named set of workspaces."""
    organisation, made = Organisation.objects.get_or_create(name=name)
    if made:
        record("accounts.organisation.added", on=organisation, by=by, at=now)
    return organisation


@transaction.atomic
def grant_role(
    *, to: User, role: Role, scope: GrantScope, scope_uuid: UUID | None, by: Actor, now: datetime
) -> Grant:
    """Give a role in a scope. Giving it twice changes nothing. Refuses scopes the role lacks."""
    if scope not in SCOPES_OF_ROLE[role]:
        allowed = ", ".join(sorted(kind.label.lower() for kind in SCOPES_OF_ROLE[role]))
        raise CannotGrant(
            f"{role.label} cannot be granted for one {scope.label.lower()}; possible: {allowed}."
        )
    same = {"user": to, "role": role, "scope": scope, "scope_uuid": scope_uuid, "revoked_at": None}
    if existing := Grant.objects.filter(**same).first():
        return existing
    giver = by if isinstance(by, User) else None
    try:
        with transaction.atomic():
            grant = Grant.objects.create(**same, granted_by=giver, granted_at=now)
    except IntegrityError:  # given by somebody else at the same instant
        return Grant.objects.get(**same)
    to.__dict__.pop("_tagout_grants", None)
    where = str(scope_uuid) if scope_uuid else "everything"
    record("accounts.role.granted", on=to, by=by, at=now, role=role, scope=scope, where=where)
    return grant


@transaction.atomic
def revoke_role(*, grant_id: int, by: Actor, now: datetime) -> bool:
    """Take a grant back; it stays on record. False when it was revoked before. Refuses one's own
    role of an administrator.
    """
    grant = Grant.objects.get(pk=grant_id)
    grant.user, by = _lock(grant.user_id, by)
    if reasons := reasons_against_revoking(grant.role, of=grant.user, by=by):
        raise CannotRevoke(*reasons)
    changed = Grant.objects.filter(pk=grant_id, revoked_at=None).update(revoked_at=now)
    if changed:
        where = str(grant.scope_uuid) if grant.scope_uuid else "everything"
        details = {"role": grant.role, "scope": grant.scope, "where": where}
        record("accounts.role.revoked", on=grant.user, by=by, at=now, **details)
    return bool(changed)


@transaction.atomic
def note_sign_in(*, user: User, address: str | None, now: datetime) -> None:
    """Put a sign-in on record."""
    record("accounts.person.signed_in", on=user, by=user, at=now, address=address)
