"""What all of Tagout's management commands share: one sentence for what is wrong, `--json` for
one document on standard output, and no run on a database whose migrations are pending.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from portal.errors import Misconfigured, Refused

MAX_FILE = 100 * 1024 * 1024


def read_file(path: Path) -> bytes:
    """Return the content of a file that a command was given, or refuse in one sentence."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise CommandError(f"{path} is larger than 100 MB: split it.")
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.") from error


class TagoutCommand(BaseCommand):
    """Subclasses write `run(**options)` and return what `--json` prints (or None)."""

    requires_system_checks: list[str] = []
    needs_database = True

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Add `--json` to whatever the command takes; wrong words are one sentence, no usage."""
        self._called_from_command_line = False  # else Django prints usage and exits with 2
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        parse = parser.parse_args

        def parse_args(args: Any = None, namespace: Any = None) -> Any:
            """Take `--json` anywhere, also behind the words of a subcommand."""
            words = list(args or [])
            if any("\udc80" <= letter <= "\udcff" for word in words for letter in word):
                raise CommandError("An argument of this command is not UTF-8 text.")
            words.sort(key=lambda word: word != "--json")
            return parse(words, namespace)

        parser.parse_args = parse_args  # type: ignore[method-assign]  # one parser, one command
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command; turn refusals into one sentence and exit code 1."""
        as_json = options.pop("json")
        try:
            if self.needs_database:
                _bring_up_to_date()
            result = self.run(**options)
        except (Refused, Misconfigured) as refusal:
            raise CommandError(str(refusal)) from refusal
        except OperationalError as trouble:
            raise CommandError(_database_is_away(trouble)) from trouble
        if as_json:
            self.stdout.write(json.dumps(result, default=_in_json))
        elif result is not None:
            self.show(result)

    def run(self, **options: Any) -> Any:
        """Do the work."""
        raise NotImplementedError

    def show(self, result: Any) -> None:
        """Print the result for a person; by default one `name: value` a line."""
        for row in result if isinstance(result, list) else [result]:
            self.stdout.write("  ".join(f"{name}: {value}" for name, value in row.items()))


class ImportCommand(TagoutCommand):
    """`NAME import FILE [--dry-run]`; subclasses write `take_over`."""

    noun: str

    def add_arguments(self, parser: CommandParser) -> None:
        """One word for what to do, then the file."""
        parser.add_argument("action", nargs="?", default="", help="import")
        parser.add_argument("file", nargs="?", default="", help="CSV with a heading, or JSON")
        parser.add_argument("--dry-run", action="store_true", help="only show what would change")

    def run(self, **options: Any) -> dict[str, Any]:
        """Read the file and take all of it over, or refuse it with everything that is wrong."""
        if options["action"] != "import":
            raise CommandError(f"The one action of {self.noun} is import.")
        if not options["file"]:
            raise CommandError(f"{self.noun} import needs a file.")
        path, is_dry_run = Path(options["file"]), options["dry_run"]
        counts = self.take_over(read_file(path), source=path.name, is_dry_run=is_dry_run)
        return {**counts, "dry_run": is_dry_run}

    def take_over(self, data: bytes, *, source: str, is_dry_run: bool) -> dict[str, Any]:
        """Store the content of the file; return what was counted."""
        raise NotImplementedError


def _in_json(value: Any) -> str:
    """Moments as everywhere outside (RFC 3339, UTC); what else JSON lacks as its text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)


def _database_is_away(trouble: OperationalError) -> str:
    """Return one sentence where the database does not answer; raise what is our own mistake."""
    if getattr(trouble.__cause__, "sqlstate", None) is not None:
        raise trouble
    message = " ".join(str(trouble).split())
    return f"The database that DATABASE_URL names does not answer: {message}"


def _bring_up_to_date() -> None:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not pending:
        return
    if not settings.EMBEDDED:
        raise CommandError(
            f"{len(pending)} database migrations are pending: run `python manage.py migrate` first."
        )
    call_command("migrate", interactive=False, verbosity=0, stdout=sys.stderr)
