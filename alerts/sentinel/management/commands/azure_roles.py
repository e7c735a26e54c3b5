"""`azure_roles [FOLDER]`: the custom roles of our identities in Azure, printed or written."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from alerts.sentinel.engine.rights import ROLE_NAMES, custom_role
from portal.command import TagoutCommand


class Command(TagoutCommand):
    """Make the definitions that `docs/roles` ships, from the table of what Tagout calls."""

    help = "Print the custom roles for Azure, or write each into a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to write."""
        parser.add_argument("folder", nargs="?", default="", help="such as docs/roles")

    def run(self, **options: Any) -> Any:
        """Write the files, or return the definitions by their names."""
        roles = {name: custom_role(name) for name in ROLE_NAMES}
        if not options["folder"]:
            return roles
        written = []
        for name, definition in roles.items():
            path = Path(options["folder"]) / f"tagout-{name}.json"
            path.write_text(json.dumps(definition, indent=2) + "\n", encoding="utf-8")
            written.append(str(path))
        return {"written": written}
