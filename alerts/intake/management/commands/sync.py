"""`sync NAME|--all [--since TIME] [--full]`: one intake run in the foreground, without Celery."""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser

from alerts.intake.services.foreground import CannotSync, sync_workspace
from alerts.sentinel.client import client_for
from alerts.sentinel.models import Workspace
from alerts.sentinel.queries import workspaces_to_read
from portal.command import TagoutCommand
from portal.formats.moments import read_moment


class Command(TagoutCommand):
    """Read one workspace, or all of them, now."""

    help = "Read from Sentinel what changed; without history, all of it. Needs no broker."

    def add_arguments(self, parser: CommandParser) -> None:
        """A name or `--all`."""
        parser.add_argument("name", nargs="?")
        parser.add_argument("--all", action="store_true", dest="everything")
        parser.add_argument("--since", metavar="TIME", help="RFC 3339, such as 2026-11-20T08:00Z")
        parser.add_argument(
            "--full", action="store_true", help="list everything, and wait for alerts and entities"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """As every command, but what was read is printed before what could not be."""
        self.failures: list[str] = []
        super().handle(*args, **options)
        if self.failures:
            raise CommandError(" ".join(self.failures))

    def run(self, **options: Any) -> Any:
        """Read them one after the other; what fails in one does not keep the others from it."""
        since = _moment(options["since"])
        results: list[dict[str, Any]] = []
        for workspace in _workspaces_to_sync(options["name"], options["everything"]):
            try:
                results.append(
                    sync_workspace(
                        workspace=workspace,
                        client=client_for(workspace),
                        since=since,
                        full=options["full"],
                        notify=self.stderr.write,
                    )
                )
            except CannotSync as refusal:
                self.failures += refusal.reasons
        if self.failures and not results:
            raise CannotSync(*self.failures)
        return results if options["everything"] else results[0]


def _workspaces_to_sync(name: str | None, everything: bool) -> list[Workspace]:
    if everything == bool(name):
        raise CannotSync("Name one workspace, or say --all.")
    if everything:
        return list(workspaces_to_read())
    workspace = Workspace.objects.filter(name=name).first()
    if workspace is None:
        raise CannotSync(f"There is no workspace named {name}.")
    if workspace.state != Workspace.State.ACTIVE:
        raise CannotSync(f"{name} is {workspace.state} and is not read.")
    return [workspace]


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return read_moment(text)
    except ValueError:
        pass
    raise CannotSync(f"--since must be a time with a zone, such as 2026-11-20T08:00Z: {text}")
