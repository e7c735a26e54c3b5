"""`attack import FILE` takes an official bundle over; `attack lint` looks for ids out of use."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from portal import clock
from portal.attack import engine as attack
from portal.attack.releases import import_bundle, use_latest_release
from portal.command import TagoutCommand, read_file
from training.matrix.queries import lint_everything


class Command(TagoutCommand):
    """Import a release of ATT&CK for ICS, or check where Tagout names its techniques."""

    help = "Take an ATT&CK for ICS bundle over (import FILE), or look for old ids (lint)."
    failed = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the one word, and the file."""
        parser.add_argument("action", nargs="?", default="", help="import, lint")
        parser.add_argument("file", nargs="?", default="", help="of import: the bundle, JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """As every command, but findings end with 1 after they were printed."""
        super().handle(*args, **options)
        if self.failed:
            sys.exit(1)

    def run(self, **options: Any) -> dict[str, Any]:
        """Do what the first word says."""
        if options["action"] == "lint":
            return self._lint()
        if options["action"] != "import":
            raise CommandError("attack knows import and lint.")
        if not options["file"]:
            raise CommandError("Name the bundle: attack import ics-attack.json.")
        return import_bundle(
            data=read_file(Path(options["file"])), by="command line", now=clock.now()
        )

    def _lint(self) -> dict[str, Any]:
        use_latest_release()
        found = [asdict(finding) for finding in lint_everything()]
        faults = [each for each in found if not each.pop("is_note")]
        self.failed = bool(faults)
        notes = [each for each in found if each not in faults]
        return {"version": attack.version(), "faults": faults, "notes": notes}

    def show(self, result: dict[str, Any]) -> None:
        """Write a line for each finding, or one about the release."""
        if "faults" in result:
            for finding in result["faults"]:
                self.stdout.write(f"{finding['place']}: {finding['text']}")
            for finding in result["notes"]:
                self.stdout.write(f"{finding['place']}: {finding['text']} (note)")
            n = len(result["faults"])
            self.stdout.write(f"{n} faults by ATT&CK for ICS {result['version']}.")
            return
        counts = ", ".join(
            f"{result[name]} {name}" for name in ("tactics", "techniques", "subtechniques")
        )
        self.stdout.write(f"ATT&CK for ICS {result['version']}: {counts}.")
        self.stdout.write("Restart Tagout to use it." if result["is_changed"] else "No change.")
