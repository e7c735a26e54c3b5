"""`push_hint NAME [--new-key|--identity OID --audience A|--off]`: who may say “look now”."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from alerts.intake.push.access import make_push_key, set_push_caller, turn_push_off
from alerts.intake.push.queries import push_overviews
from alerts.sentinel.models import Workspace
from portal import clock
from portal.command import TagoutCommand

BY = "command line"


class Command(TagoutCommand):
    """Show and change who may send push hints for a workspace."""

    help = (
        "Show the push hints of a workspace; make or rotate the key, allow an identity, turn off."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Without an option it only shows."""
        parser.add_argument("name", nargs="?", default="", help="the workspace's name in Tagout")
        parser.add_argument("--new-key", action="store_true", help="make or rotate the key")
        parser.add_argument("--identity", default="", help="object id of the managed identity")
        parser.add_argument("--audience", default="", help="audience of its tokens")
        parser.add_argument("--off", action="store_true", help="take no more hints")

    def run(self, **options: Any) -> dict[str, object]:
        """Do what the options name, then show its state. A new key is shown this once."""
        workspace = Workspace.objects.filter(name=options["name"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace named {options['name'] or '…'}.")
        wishes = [options["new_key"], bool(options["identity"]), options["off"]]
        if sum(wishes) > 1:
            raise CommandError("push_hint does one thing at a time.")
        if bool(options["identity"]) != bool(options["audience"]):
            raise CommandError("--identity and --audience go together.")
        about: dict[str, Any] = {"workspace_id": workspace.pk, "by": BY, "now": clock.now()}
        result: dict[str, object] = {"workspace": workspace.name}
        if options["new_key"]:
            result["key"] = make_push_key(**about)
        elif options["identity"]:
            set_push_caller(caller_id=options["identity"], audience=options["audience"], **about)
        elif options["off"]:
            turn_push_off(**about)
        return result | _described(workspace)


def _described(workspace: Workspace) -> dict[str, object]:
    rows = [row for row in push_overviews(now=clock.now()) if row.workspace.pk == workspace.pk]
    if not rows:
        raise CommandError(f"{workspace.name} was removed.")
    (row,) = rows
    return {
        "address": f"{settings.PUBLIC_URL}{row.path}",
        "key_made_at": row.key_made_at,
        "identity": row.caller_id,
        "audience": row.audience,
        "hints": row.hints,
        "latest_hint_at": row.hinted_at,
        "known_hints": row.known_hints,
        "latest_known_at": row.known_at,
        "latest_refused_at": row.refused_at,
        "refusal": row.refusal,
    }
