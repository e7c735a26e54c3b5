"""`person add EMAIL NAME`, `person list`: local accounts, for the first set-up."""

import os
from typing import Any

from django.core.management.base import CommandParser

from portal import clock
from portal.accounts.models import User
from portal.accounts.services import CannotAddPerson, add_person
from portal.command import TagoutCommand


class Command(TagoutCommand):
    """Add or list people."""

    help = "Add a person with a local account, or list people."

    def add_arguments(self, parser: CommandParser) -> None:
        """`add` takes the password from an environment variable, never from the command line."""
        what = parser.add_subparsers(dest="what", required=True)
        add = what.add_parser("add", help="add a person")
        add.add_argument("email")
        add.add_argument("name")
        add.add_argument(
            "--password-env", metavar="VAR", help="environment variable that holds the password"
        )
        what.add_parser("list", help="list people")

    def run(self, **options: Any) -> Any:
        """Do what was asked."""
        if options["what"] == "list":
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
        password = None
        if variable := options["password_env"]:
            password = os.environ.get(variable)
            if not password:
                raise CannotAddPerson(f"The environment variable {variable} holds no password.")
        user = add_person(
            email=options["email"],
            name=options["name"],
            password=password,
            by="command line",
            now=clock.now(),
        )
        return {"email": user.email, "name": user.name}
