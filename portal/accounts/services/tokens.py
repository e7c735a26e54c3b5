"""Make, renew and end tokens for programs."""

import ipaddress
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from portal.accounts.models import ApiToken, TokenScope, User
from portal.accounts.queries import digest_of
from portal.audit.services import Actor, record
from portal.errors import Refused
from portal.ui.words import number

MARK = "tagout"  # how a token begins, so that scanners of secrets find it
DEFAULT_DAYS, MAX_DAYS = 90, 365
MAX_TOKENS = 50  # in force, of one person
_NETWORK_BITS = {4: 24, 6: 48}


class CannotCreateToken(Refused):
    """No token was made."""


class CannotRotateToken(Refused):
    """The token stays as it is."""


@dataclass(frozen=True, slots=True)
class CreatedToken:
    """A new token and, this once, its secret."""

    token: ApiToken
    secret: str


@transaction.atomic
def create_token(
    *,
    owner: User,
    name: str,
    scopes: Collection[str],
    by: Actor,
    now: datetime,
    days: int = DEFAULT_DAYS,
) -> CreatedToken:
    """Make a token for a person's programs. Refuses unknown scopes and more than a year."""
    owner = User.objects.lock(owner.pk)
    if reasons := _reasons_against(owner, name.strip(), scopes, days, now):
        raise CannotCreateToken(*reasons)
    made = _make(owner, name.strip(), scopes, timedelta(days=days), now)
    _record("accounts.token.created", made.token, by, now)
    return made


@transaction.atomic
def rotate_token(*, token_id: int, by: User, now: datetime) -> CreatedToken:
    """Give a token of one's own a new secret and a new term; the old secret ends at once."""
    owner = User.objects.lock(by.pk)
    old = ApiToken.objects.select_for_update().filter(pk=token_id, owner=by).first()
    if old is None or not owner.is_active or not old.works_at(now):
        raise CannotRotateToken(gettext("This token is no longer valid. Make a new one."))
    ApiToken.objects.filter(pk=old.pk).update(revoked_at=now)
    made = _make(by, old.name, old.scopes, old.expires_at - old.made_at, now)
    _record("accounts.token.rotated", made.token, by, now, replaces=old.prefix)
    return made


@transaction.atomic
def revoke_token(*, token_id: int, by: Actor, now: datetime) -> bool:
    """End a token at once; it stays on record. False when it was revoked before."""
    changed = ApiToken.objects.filter(pk=token_id, revoked_at=None).update(revoked_at=now)
    if changed:
        _record("accounts.token.revoked", ApiToken.objects.get(pk=token_id), by, now)
    return bool(changed)


def note_token_use(*, token: ApiToken, address: str | None, now: datetime) -> None:
    """Remember when and from which network a token was used, at most once a minute."""
    since = now - timedelta(minutes=1)
    if token.used_at is not None and since < token.used_at <= now:
        return
    due = Q(used_at=None) | Q(used_at__lte=since) | Q(used_at__gt=now)
    ApiToken.objects.filter(due, pk=token.pk).update(
        used_at=now.replace(second=0, microsecond=0), used_from=_network_of(address)
    )


def _reasons_against(
    owner: User, name: str, scopes: Collection[str], days: int, now: datetime
) -> list[str]:
    reasons = []
    if not owner.is_active:
        reasons.append(gettext("%(name)s has no active account.") % {"name": owner.name})
    if not name or len(name) > 80:
        reasons.append(gettext("Give the token a name of up to 80 characters: what will use it?"))
    if unknown := [scope for scope in scopes if scope not in TokenScope.values]:
        words = {"unknown": ", ".join(unknown), "known": ", ".join(TokenScope.values)}
        reasons.append(gettext("Unknown scope %(unknown)s; possible: %(known)s.") % words)
    elif not scopes:
        reasons.append(gettext("Choose at least one thing that the token may do."))
    if not 1 <= days <= MAX_DAYS:
        reasons.append(gettext("A token lasts 1 to %(most)s days.") % {"most": number(MAX_DAYS)})
    if owner.tokens.filter(revoked_at=None, expires_at__gt=now).count() >= MAX_TOKENS:
        reasons.append(
            gettext("You have %(most)s valid tokens. Revoke one first.")
            % {"most": number(MAX_TOKENS)}
        )
    return reasons


def _make(
    owner: User, name: str, scopes: Collection[str], term: timedelta, now: datetime
) -> CreatedToken:
    prefix = secrets.token_hex(5)
    secret = f"{MARK}_{prefix}_{secrets.token_urlsafe(32)}"
    token = ApiToken.objects.create(
        owner=owner,
        name=name,
        prefix=prefix,
        digest=digest_of(secret),
        scopes=[scope for scope in TokenScope.values if scope in scopes],
        made_at=now,
        expires_at=now + term,
    )
    return CreatedToken(token, secret)


def _record(action: str, token: ApiToken, by: Actor, now: datetime, **details: str) -> None:
    record(
        action,
        on=token,
        by=by,
        at=now,
        token=token.prefix,
        owner=token.owner.email,
        scopes=token.scopes,
        expires_at=token.expires_at,
        **details,
    )


def _network_of(address: str | None) -> str:
    """The network around an address: enough to see that a token is used from elsewhere."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    return str(ipaddress.ip_network((found, _NETWORK_BITS[found.version]), strict=False))
