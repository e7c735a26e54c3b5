"""`openapi FILE` writes the description of the API; `openapi --check FILE` fails if it is old."""

from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import CommandParser

from portal.api.schema import api_description
from portal.command import TagoutCommand
from portal.errors import Refused


class Command(TagoutCommand):
    """Write the description of the API, or compare it with a file."""

    help = "Write the OpenAPI description to a file, or check that a file is up to date."
    needs_database = False

    def add_arguments(self, parser: CommandParser) -> None:
        """A file; with `--check` it is only read."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--check", action="store_true", help="compare, change nothing")

    def run(self, **options: Any) -> Any:
        """Write, or compare."""
        file: Path = options["file"]
        now = orjson.dumps(
            api_description(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        )
        try:
            if not options["check"]:
                file.write_bytes(now)
            is_old = not file.exists() or file.read_bytes() != now
        except OSError as error:
            raise Refused(f"{file} cannot be used: {error.strerror}.") from error
        if is_old:
            raise Refused(f"{file} is not what the API does now: run `make openapi`.")
        return {"file": str(file), "paths": len(api_description()["paths"])}
