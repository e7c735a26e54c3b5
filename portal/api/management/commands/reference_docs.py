"""`reference_docs` writes the pages of docs that are made from tables of the code; `reference_docs
--check` only compares them.
"""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from portal.command import TagoutCommand
from portal.errors import Refused
from portal.reference_docs import reference_pages


class Command(TagoutCommand):
    """Write the generated pages of docs, or compare them with the code."""

    help = "Write the pages of docs that are made from tables, or check that they are up to date."
    needs_database = False

    def add_arguments(self, parser: CommandParser) -> None:
        """With `--check` files are only read."""
        parser.add_argument("--check", action="store_true", help="compare, change nothing")

    def run(self, **options: Any) -> Any:
        """Write, or compare."""
        pages = {settings.BASE_DIR / name: text for name, text in reference_pages().items()}
        try:
            if not options["check"]:
                for file, text in pages.items():
                    file.write_text(text)
            old = [file for file, text in pages.items() if file.read_text() != text]
        except OSError as error:
            raise Refused(f"{error.filename} cannot be used: {error.strerror}.") from error
        if old:
            names = ", ".join(file.name for file in old)
            raise Refused(f"{names}: older than the tables in the code. Run `make docs`.")
        return {"pages": len(pages)}
