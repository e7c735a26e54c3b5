"""`person add|list|disable|enable|password`: local accounts, from the first to the last day."""

import getpass
import os
import sys
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandParser

from portal import clock
from portal.accounts.models import User
from portal.accounts.services.people import (
    add_person,
    change_password,
    disable_person,
    enable_person,
)
from portal.command import TagoutCommand
from portal.errors import Refused

BY = "command line"


class Command(TagoutCommand):
    """Add, list, disable or enable people, or give one a new password."""

    help = "Look after people: local accounts, their passwords, and who may sign in."

    def add_arguments(self, parser: CommandParser) -> None:
        """A password comes from an environment variable or is asked, never from the words of the
        command, which other people on the machine can read.
        """
        what = parser.add_subparsers(dest="what", required=True)
        add = what.add_parser("add", help="add a person; without a password they cannot sign in")
        add.add_argument("email")
        add.add_argument("name", nargs="?", help="default: the part before the @")
        what.add_parser("list", help="list people")
        disable = what.add_parser("disable", help="end sessions and tokens, refuse sign-in")
        enable = what.add_parser("enable", help="let a disabled person sign in again")
        password = what.add_parser("password", help="give a new password; sessions end")
        for command in (disable, enable, password):
            command.add_argument("email")
        for command in (add, password):
            command.add_argument(
                "--password-env", metavar="VAR", help="environment variable that holds the password"
            )

    def run(self, **options: Any) -> Any:
        """Do what was asked."""
        return ACTS[options["what"]](**options)


def _list(**_: Any) -> list[dict[str, Any]]:
    people = User.objects.order_by("email").prefetch_related("grants")
    return [
        {
            "email": user.email,
            "name": user.name,
            "active": user.is_active,
            "roles": sorted({g.role for g in user.grants.all() if g.revoked_at is None}),
        }
        for user in people
    ]


def _add(email: str, name: str | None, password_env: str | None, **_: Any) -> dict[str, Any]:
    user = add_person(
        email=email,
        name=name or email.partition("@")[0],
        password=_from_environment(password_env) if password_env else None,
        by=BY,
        now=clock.now(),
    )
    return {"email": user.email, "name": user.name}


def _disable(email: str, **_: Any) -> dict[str, Any]:
    return _facts(disable_person(person_id=_person(email).pk, by=BY, now=clock.now()))


def _enable(email: str, **_: Any) -> dict[str, Any]:
    return _facts(enable_person(person_id=_person(email).pk, by=BY, now=clock.now()))


def _password(email: str, password_env: str | None, **_: Any) -> dict[str, Any]:
    person = _person(email)
    password = _from_environment(password_env) if password_env else _asked()
    change_password(person_id=person.pk, password=password, by=BY, now=clock.now())
    return {"email": person.email, "password": "changed"}


def _facts(user: User) -> dict[str, Any]:
    return {"email": user.email, "name": user.name, "active": user.is_active}


def _person(email: str) -> User:
    person = User.objects.filter(email=email.strip().lower()).first()
    if person is None:
        raise Refused(f"Nobody has the address {email!r}; `person list` shows everybody.")
    return person


def _from_environment(variable: str) -> str:
    password = os.environ.get(variable)
    if not password:
        raise Refused(f"The environment variable {variable} holds no password.")
    return password


def _asked() -> str:
    if not sys.stdin.isatty():
        raise Refused("There is no terminal to ask for the password. Use --password-env VAR.")
    password = getpass.getpass("New password: ")
    if password != getpass.getpass("Repeat the password: "):
        raise Refused("The two passwords differ. Nothing was changed.")
    return password


ACTS: dict[str, Callable[..., Any]] = {
    "add": _add,
    "list": _list,
    "disable": _disable,
    "enable": _enable,
    "password": _password,
}
