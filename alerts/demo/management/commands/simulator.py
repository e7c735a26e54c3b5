"""`simulator` runs the pretend Azure; `simulator advance DURATION` moves the demo's clock."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from portal.command import TagoutCommand
from simulator.running import SIZES, CannotServe, ServeOptions, serve


class Command(TagoutCommand):
    """Run the simulator until SIGTERM, or move its clock together with Tagout's."""

    help = "Run the simulated Azure, or move the demo's clock: simulator advance 8d."
    needs_database = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Nothing runs it; `advance DURATION` moves time."""
        parser.add_argument("action", nargs="?", default="", help="advance, or nothing to run it")
        parser.add_argument("duration", nargs="?", default="", help="how far: 8d, 2h, 1d12h")
        parser.add_argument("--port", default="8443", help="0 takes a free one")
        parser.add_argument("--fd", metavar="N", help="a listening socket that is given to it")
        parser.add_argument("--plant", default="7", metavar="SEED", help="which plant")
        parser.add_argument("--size", default="small", help=f"{', '.join(SIZES)} or a number")
        parser.add_argument("--script", default="", metavar="FILE", help="faults and events")
        parser.add_argument("--data", default="", metavar="DIR", help="where its store lies")
        parser.add_argument("--no-throttle", action="store_true", help="without Azure's limits")
        parser.add_argument("--empty", action="store_true", help="workspaces without any content")
        parser.add_argument("--in-portal", default="", metavar="KEY", help="a workspace's place")
        parser.add_argument("--still", action="store_true", help="nothing happens by itself")

    def handle(self, *args: Any, **options: Any) -> None:
        """As every command; but running it needs no database and prints before it serves."""
        if options["action"] == "advance":
            self.needs_database = True
            super().handle(*args, **options)
        elif options["action"]:
            raise CommandError("Unknown action. Use advance, or no action to run the simulator.")
        else:
            self._serve(options)

    def run(self, **options: Any) -> Any:
        """Move the clock."""
        from alerts.demo.advance import advance_clocks, read_duration

        if not options["duration"]:
            raise CommandError("simulator advance needs a duration, such as 8d or 2h.")
        steps = advance_clocks(read_duration(options["duration"]), report=self.stderr.write)
        return {
            "advanced": options["duration"],
            "created": sum(step.created for step in steps),
            "steps": [asdict(step) for step in steps],
        }

    def _serve(self, options: dict[str, Any]) -> None:
        serve_options = ServeOptions(
            port=_number("--port", options["port"], most=65_535),
            fd=_number("--fd", options["fd"]) if options["fd"] else None,
            seed=_number("--plant", options["plant"]),
            count=SIZES.get(options["size"]) or _number("--size", options["size"]),
            data=Path(options["data"] or settings.DATA_DIR / "simulator"),
            script=Path(options["script"]) if options["script"] else None,
            throttled=not options["no_throttle"],
            living=not options["still"],
            empty=options["empty"],
            in_portal=options["in_portal"],
        )
        try:
            serve(serve_options, report=lambda facts: self._report(facts, as_json=options["json"]))
        except CannotServe as refusal:
            raise CommandError(str(refusal)) from refusal

    def _report(self, facts: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(facts))
        else:
            self.stdout.write(f"The pretend Azure answers at {facts['endpoint']}")
            self.stdout.write(f"Its CA file is {facts['ca_file']}")
            self.stdout.write(
                f"It holds {facts['incidents']} incidents; steer it at"
                f" {facts['control']} (docs/simulator.md)."
            )
        self.stdout.flush()


def _number(option: str, text: str, *, most: int = 10_000_000) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > most:
        raise CommandError(f"{option} is {text!r}: use a whole number up to {most}.")
    return int(text)
