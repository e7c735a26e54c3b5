"""`demo_seed`: what `make demo` does between starting the servers and opening the door."""

import json
import ssl
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.db import OperationalError

from alerts.demo.cast import ANALYST
from alerts.demo.services import (
    attach_captures,
    has_read_all,
    is_fetching_details,
    judge_history,
    seed_demo,
)
from alerts.patterns.services.mine_patterns import mine_patterns
from portal import clock
from portal.accounts.models import User
from portal.command import TagoutCommand

BETWEEN_MININGS = 5  # seconds, while details of the history come in


class Command(TagoutCommand):
    """Fill the demo, or wait until its history was read."""

    help = "Only for `make demo`: people, sites and workspaces; wait for intake; judge the past."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--simulator` with `--ca`, and perhaps `--judge` with `--captures`; or `--wait`."""
        parser.add_argument("--simulator", metavar="URL")
        parser.add_argument("--ca", metavar="FILE")
        parser.add_argument("--wait", type=float, metavar="SECONDS")
        parser.add_argument("--judge", action="store_true")
        parser.add_argument("--captures", metavar="FOLDER", type=Path)

    def run(self, **options: Any) -> dict[str, object]:
        """Do one of the three."""
        if not settings.DEMO:
            raise CommandError("This command is for `make demo` only.")
        if options["wait"] is not None:
            return _wait(options["wait"])
        if options["judge"]:
            return _judge(options)
        plant = _fetch(options, "plant")
        seed_demo(
            plant=plant, endpoint=options["simulator"], ca_bundle=options["ca"], now=clock.now()
        )
        return {"seeded": True}


def _fetch(options: dict[str, Any], document: str) -> Any:
    trust = ssl.create_default_context(cafile=options["ca"])
    address = f"{options['simulator']}/_control/{document}"
    with urllib.request.urlopen(address, timeout=60, context=trust) as answer:
        return json.load(answer)


def _judge(options: dict[str, Any]) -> dict[str, object]:
    """Judge the history as its details come in, attach captures to some of it, and end when nothing
    more can come.
    """
    incidents = _fetch(options, "truth")["incidents"]
    truth = {incident["name"]: incident["truth"] for incident in incidents}
    processed: set[int] = set()
    judged = attached = 0
    while True:
        with suppress(OperationalError):  # intake was faster at the same rows: next time
            judged += judge_history(truth=truth, processed=processed, now=clock.now())
            attached += _attach(options["captures"])
        coming = is_fetching_details()
        mine_patterns(days=90, now=clock.now())  # the day's mining ran before there was history
        if not coming:
            return {"judged": judged, "captures": attached}
        time.sleep(BETWEEN_MININGS)


def _attach(folder: Path | None) -> int:
    if folder is None:
        return 0
    analyst = User.objects.get(email=ANALYST)
    return attach_captures(folder=folder, by=analyst, now=clock.now(), unshifted=clock.unshifted())


def _wait(seconds: float) -> dict[str, object]:
    """Wait until every workspace was read to its end once."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if has_read_all():
            return {"read": True}
        time.sleep(0.5)
    raise CommandError(f"The history was not read within {seconds:.0f} s.")
