"""`planned-work import FILE`: take planned work over from a calendar or a CSV file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from alerts.planned_work.engine.entries import MAX_BYTES
from alerts.planned_work.services.import_file import CannotImportWork, import_works
from alerts.sites.models import Site
from portal import clock
from portal.command import TagoutCommand


class Command(TagoutCommand):
    """Import planned work."""

    help = "Import planned work from an iCalendar or CSV file; with errors, nothing of it."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do with which file."""
        parser.add_argument("action", choices=["import"])
        parser.add_argument("file", help="iCalendar (.ics) or CSV (.csv)")
        parser.add_argument("--site", default="", help="of works that name no site")
        parser.add_argument("--dry-run", action="store_true", help="check, and store nothing")

    def run(self, **options: Any) -> dict[str, object]:
        """Read the file, then take it over in one transaction."""
        path, site = Path(options["file"]), _site(options["site"])
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from None
        try:
            report = import_works(
                data=data,
                name=path.name,
                site=site,
                by="command line",
                now=clock.now(),
                dry_run=options["dry_run"],
            )
        except CannotImportWork as refusal:
            raise CommandError("\n".join(refusal.reasons)) from None
        return {"dry_run": options["dry_run"], **report.as_json()}


def _site(name: str) -> Site | None:
    if not name:
        return None
    if site := Site.objects.filter(name__iexact=name).first():
        return site
    names = ", ".join(Site.objects.order_by("name").values_list("name", flat=True)[:20])
    raise CommandError(f"There is no site {name!r}; known: {names or 'none yet'}.")
