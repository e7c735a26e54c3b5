"""`devices import FILE [--dry-run]`: what people or an inventory know of devices. Stands in this
room because alerts may learn the kinds of their ends by it.
"""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from alerts.incidents.ingest.alert_kinds import process_alert_kinds
from alerts.sites.services.import_devices import import_devices
from portal import clock
from portal.command import TagoutCommand, read_file

BY = "command line"


class Command(TagoutCommand):
    """Import devices from a CSV of people, or from the inventory that Defender exports."""

    help = "Import devices: site, zone, address, name, kind, role, criticality, or an inventory."

    def add_arguments(self, parser: CommandParser) -> None:
        """One word for what to do, then the file."""
        parser.add_argument("action", nargs="?", default="", help="import")
        parser.add_argument("file", nargs="?", default="", help="CSV with a heading, or JSON")
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")

    def run(self, **options: Any) -> dict[str, Any]:
        """Read the file and take all of it over, or say everything that is wrong with it."""
        if options["action"] != "import":
            raise CommandError("The one action of devices is import.")
        if not options["file"]:
            raise CommandError("devices import needs a file.")
        path = Path(options["file"])
        done = import_devices(
            data=read_file(path),
            source=path.name,
            by=BY,
            now=clock.now(),
            unshifted=clock.unshifted(),
            is_dry_run=options["dry_run"],
        )
        while not options["dry_run"] and process_alert_kinds(
            unshifted=clock.unshifted(), now=clock.now()
        ):
            pass
        return {
            "lines": done.lines,
            "new": len(done.new),
            "changed": len(done.changed),
            "unchanged": done.unchanged,
            "new_zones": list(done.new_zones),
            "inventory": done.is_inventory,
            "dry_run": options["dry_run"],
        }
