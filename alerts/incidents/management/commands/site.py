"""`site set NAME [--time-zone Z] [--phone P]`, `site list`: what people know of a plant. It is in
this room because the plant hours of alerts follow the clock of their site.
"""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from alerts.incidents.ingest.plant_hours import settle_plant_hours
from alerts.sites.models import Site
from alerts.sites.services.set_site import set_site
from portal import clock
from portal.command import TagoutCommand

BY = "command line"


class Command(TagoutCommand):
    """Set the time zone and the control room's phone of a site, or list the sites."""

    help = "Set what people know of a site: its time zone, the phone of its control room."

    def add_arguments(self, parser: CommandParser) -> None:
        """One word for what to do, then the site and what is to be set."""
        parser.add_argument("action", nargs="?", default="", help="set, list")
        parser.add_argument("name", nargs="?", default="", help="the site, as alerts name it")
        parser.add_argument("--time-zone", metavar="Z", help="such as Europe/Warsaw")
        parser.add_argument("--phone", metavar="P", help="of the control room; '' takes it away")

    def run(self, **options: Any) -> Any:
        """Do what the first word names."""
        if options["action"] == "list":
            return [_described(site) for site in Site.objects.order_by("name")]
        if options["action"] != "set":
            raise CommandError("The actions of site are set, list.")
        if not options["name"]:
            raise CommandError("site set needs the name of a site.")
        done = set_site(
            name=options["name"],
            time_zone=options["time_zone"],
            control_room_phone=options["phone"],
            by=BY,
            now=clock.now(),
            unshifted=clock.unshifted(),
        )
        alerts = 0
        if "time_zone" in done.changed and not done.is_new:
            alerts = settle_plant_hours(done.site, unshifted=clock.unshifted())
        return {
            **_described(done.site),
            "new": done.is_new,
            "changed": list(done.changed),
            "alerts_moved": alerts,
            "stopped_rules": list(done.stopped),
        }


def _described(site: Site) -> dict[str, object]:
    return {"site": site.name, "time_zone": site.time_zone, "phone": site.control_room_phone}
