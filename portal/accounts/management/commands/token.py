"""`token create EMAIL`, `token list`, `token revoke PREFIX`: tokens for programs."""

from typing import Any

from django.core.management.base import CommandParser

from portal import clock
from portal.accounts.models import ApiToken, TokenScope, User
from portal.accounts.services.tokens import (
    DEFAULT_DAYS,
    CannotCreateToken,
    create_token,
    revoke_token,
)
from portal.command import TagoutCommand
from portal.errors import Refused


class Command(TagoutCommand):
    """Make, list or revoke tokens."""

    help = "Make a token for the REST API (it is printed once), list tokens, or revoke one."

    def add_arguments(self, parser: CommandParser) -> None:
        """Scopes may be given several times, or with commas."""
        what = parser.add_subparsers(dest="what", required=True)
        create = what.add_parser("create", help="make a token and print it once")
        create.add_argument("email", help="whose rights it uses")
        create.add_argument(
            "--scope",
            action="append",
            required=True,
            metavar="SCOPE",
            help=", ".join(TokenScope.values),
        )
        create.add_argument("--expires", type=int, default=DEFAULT_DAYS, metavar="DAYS")
        create.add_argument("--name", default="command line", help="what will use it")
        listing = what.add_parser("list", help="list tokens, never their secrets")
        listing.add_argument("email", nargs="?", help="of this person only")
        revoke = what.add_parser("revoke", help="end a token at once")
        revoke.add_argument("prefix", help="how the token begins after its first underscore")

    def run(self, **options: Any) -> Any:
        """Do what was asked."""
        if options["what"] == "create":
            return self._create(**options)
        if options["what"] == "revoke":
            return self._revoke(options["prefix"])
        tokens = ApiToken.objects.select_related("owner").order_by("owner__email", "-made_at")
        if options["email"]:
            tokens = tokens.filter(owner=_person(options["email"]))
        return [_facts(token) for token in tokens]

    def _create(self, email: str, scope: list[str], expires: int, name: str, **_: Any) -> Any:
        words = [word.strip() for option in scope for word in option.split(",")]
        made = create_token(
            owner=_person(email),
            name=name,
            scopes=words,
            days=expires,
            by="command line",
            now=clock.now(),
        )
        return {"token": made.secret, **_facts(made.token)}

    def _revoke(self, prefix: str) -> Any:
        token = ApiToken.objects.select_related("owner").filter(prefix=prefix).first()
        if token is None:
            raise Refused(f"No token begins with {prefix!r}; `token list` shows them.")
        if not revoke_token(token_id=token.pk, by="command line", now=clock.now()):
            raise Refused(f"{token} was revoked already.")
        token.refresh_from_db()
        return _facts(token)


def _person(email: str) -> User:
    person = User.objects.filter(email=email.strip().lower()).first()
    if person is None:
        raise CannotCreateToken(f"Nobody has the address {email!r}; `person list` shows everybody.")
    return person


def _facts(token: ApiToken) -> dict[str, Any]:
    return {
        "prefix": token.prefix,
        "name": token.name,
        "owner": token.owner.email,
        "scopes": token.scopes,
        "expires_at": token.expires_at.isoformat(),
        "revoked_at": token.revoked_at.isoformat() if token.revoked_at else None,
        "used_at": token.used_at.isoformat() if token.used_at else None,
        "used_from": token.used_from,
    }
