"""`attack import FILE` takes an official bundle over, or shows with `--dry-run` what would change;
`attack lint` looks for ids out of use.
"""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from portal import clock
from portal.attack import engine as attack
from portal.attack.releases import import_bundle, preview_bundle, use_latest_release
from portal.command import TagoutCommand, read_file
from training.matrix.queries import lint_everything, places_touched_by


class Command(TagoutCommand):
    """Import a release of ATT&CK for ICS, or check where Tagout names its techniques."""

    help = "Take an ATT&CK for ICS bundle over (import FILE), or look for old ids (lint)."
    failed = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the one word, and the file."""
        parser.add_argument("action", nargs="?", default="", help="import, lint")
        parser.add_argument("file", nargs="?", default="", help="of import: the bundle, JSON")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="of import: only show what is new, revoked, deprecated, renamed or moved, and the "
            "reviews, lessons and rules that name it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """As every command, but findings end with 1 after they were printed."""
        super().handle(*args, **options)
        if self.failed:
            sys.exit(1)

    def run(self, **options: Any) -> dict[str, Any]:
        """Do what the first word names."""
        if options["action"] == "lint":
            return self._lint()
        if options["action"] != "import":
            raise CommandError("The actions of attack are import and lint.")
        if not options["file"]:
            raise CommandError("Name the bundle: attack import ics-attack.json.")
        data = read_file(Path(options["file"]))
        if options["dry_run"]:
            return _preview(data)
        return import_bundle(data=data, by="command line", now=clock.now())

    def _lint(self) -> dict[str, Any]:
        use_latest_release()
        findings = [asdict(finding) for finding in lint_everything()]
        faults = [row for row in findings if not row.pop("is_note")]
        self.failed = bool(faults)
        notes = [row for row in findings if row not in faults]
        return {"version": attack.version(), "faults": faults, "notes": notes}

    def show(self, result: dict[str, Any]) -> None:
        """Write a line for each finding or change, or one about the release."""
        if "changes" in result:
            for change in result["changes"]:
                self.stdout.write("{kind}: {technique_id} {name} → {text}".format(**change))
                for place in change["places"]:
                    self.stdout.write(f"    {place}")
            before, after, n = result["before"], result["after"], len(result["changes"])
            self.stdout.write(f"ATT&CK for ICS {before} → {after}: {n} changes, none made.")
            return
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


def _preview(data: bytes) -> dict[str, Any]:
    use_latest_release()
    preview = preview_bundle(data=data)
    places = places_touched_by(preview.changes)
    changes = [
        {
            "kind": change.kind.value,
            "technique_id": change.technique_id,
            "name": change.name,
            "text": change.text,
            "places": change_places,
        }
        for change, change_places in zip(preview.changes, places, strict=True)
    ]
    return {"before": preview.before, "after": preview.after, "changes": changes}
