"""What all of Tagout's management commands share: one sentence for what is wrong, `--json` for
one document on standard output, and no run on a database whose migrations are pending.
"""

import json
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from portal.errors import Misconfigured, Refused


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
            words.sort(key=lambda word: word != "--json")
            return parse(words, namespace)

        parser.parse_args = parse_args  # type: ignore[method-assign]  # one parser, one command
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the command; turn refusals into one sentence and exit code 1."""
        as_json = options.pop("json")
        if self.needs_database:
            _bring_up_to_date()
        try:
            result = self.run(**options)
        except (Refused, Misconfigured) as refusal:
            raise CommandError(str(refusal)) from refusal
        if as_json:
            self.stdout.write(json.dumps(result, default=str))
        elif result is not None:
            self.show(result)

    def run(self, **options: Any) -> Any:
        """Do the work."""
        raise NotImplementedError

    def show(self, result: Any) -> None:
        """Print the result for a person; by default one `name: value` a line."""
        for row in result if isinstance(result, list) else [result]:
            self.stdout.write("  ".join(f"{name}: {value}" for name, value in row.items()))


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
