"""`demo_seed`: what `make demo` does between starting the servers and opening the door."""

import json
import ssl
import time
import urllib.request
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from alerts.demo.services import has_read_all, seed_demo
from portal import clock
from portal.command import TagoutCommand


class Command(TagoutCommand):
    """Fill the demo, or wait until its history was read."""

    help = "Only for `make demo`: people, sites and workspaces; or wait for intake."

    def add_arguments(self, parser: CommandParser) -> None:
        """Either `--simulator` with `--ca`, or `--wait`."""
        parser.add_argument("--simulator", metavar="URL")
        parser.add_argument("--ca", metavar="FILE")
        parser.add_argument("--wait", type=float, metavar="SECONDS")

    def run(self, **options: Any) -> dict[str, object]:
        """Do one of the two."""
        if not settings.DEMO:
            raise CommandError("This command is for `make demo` only.")
        if options["wait"] is not None:
            return _wait(options["wait"])
        trust = ssl.create_default_context(cafile=options["ca"])
        address = f"{options['simulator']}/_control/plant"
        with urllib.request.urlopen(address, timeout=30, context=trust) as answer:
            plant = json.load(answer)
        seed_demo(
            plant=plant, endpoint=options["simulator"], ca_bundle=options["ca"], now=clock.now()
        )
        return {"seeded": True}


def _wait(seconds: float) -> dict[str, object]:
    """Wait until every workspace was read to its end once."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if has_read_all():
            return {"read": True}
        time.sleep(0.5)
    raise CommandError(f"The history was not read within {seconds:.0f} s.")
