"""`backup FILE`: one archive of everything that Tagout keeps, while it runs."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from portal.backup.archive import cannot_write, new_file, standard_output
from portal.backup.engine import DUMP, Manifest
from portal.backup.services.make_backup import make_backup
from portal.command import TagoutCommand


class Command(TagoutCommand):
    """Write a backup."""

    help = "Write one archive with the database and all files in it; secrets are left out."
    needs_database = False  # also before the migrations of a new version

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to."""
        parser.add_argument("file", metavar="FILE", help="the archive, or - for standard output")
        parser.add_argument("--overwrite", action="store_true", help="replace FILE if it exists")

    def handle(self, *args: Any, **options: Any) -> None:
        """Keep words out of an archive that goes to standard output."""
        if options["file"] == "-":
            if options["json"]:
                raise CommandError("With - the archive itself goes to standard output: no --json.")
            self.stdout = self.stderr
            self.stdout.style_func = str
        super().handle(*args, **options)

    def run(self, **options: Any) -> dict[str, Any]:
        """Write it, and print what is in it and what is not."""
        if options["file"] == "-":
            manifest = self._to_standard_output()
            return _report(manifest, "-", manifest.members[DUMP].bytes)
        path = Path(options["file"])
        with new_file(path, overwrite=options["overwrite"]) as out:
            manifest = make_backup(out=out)
        return _report(manifest, str(path), path.stat().st_size)

    def _to_standard_output(self) -> Manifest:
        out = standard_output()
        try:
            manifest = make_backup(out=out)
            out.flush()
        except BrokenPipeError:
            raise CommandError(
                "Nobody reads standard output any more: the backup is incomplete."
            ) from None
        except OSError as error:
            raise CommandError(cannot_write("standard output", error)) from error
        return manifest

    def show(self, result: Any) -> None:
        """Print it for a person."""
        self.stdout.write(
            f"Backup of {result['made_at']:%Y-%m-%d %H:%M:%S} UTC: {result['tables']} tables,"
            f" {result['rows']} rows, {result['bytes'] // 1000} kB, Tagout {result['version']},"
            f" audit record up to entry {result['record_seq']}."
        )
        self.stdout.write("Not in it, keep it apart:")
        for words in result["left_out"]:
            self.stdout.write(f"  - {words}")


def _report(manifest: Manifest, file: str, size: int) -> dict[str, Any]:
    return {
        "file": file,
        "bytes": size,
        "version": manifest.tagout,
        "made_at": manifest.made_at,
        "tables": len(manifest.rows),
        "rows": sum(manifest.rows.values()),
        "record_seq": manifest.record_seq,
        "record_hash": manifest.record_hash,
        "left_out": list(manifest.left_out),
    }
