"""`devices import FILE [--dry-run]`: devices as people or an inventory describe them. In this room
because the alerts of a device learn its kind by it.
"""

from typing import Any

from alerts.incidents.ingest.alert_kinds import process_alert_kinds
from alerts.sites.services.import_devices import import_devices
from portal import clock
from portal.command import ImportCommand


class Command(ImportCommand):
    """Import devices from a CSV of people, or from the inventory that Defender exports."""

    help = "Import devices: site, zone, address, name, kind, role, criticality, or an inventory."
    noun = "devices"

    def take_over(self, data: bytes, *, source: str, is_dry_run: bool) -> dict[str, Any]:
        """Describe the devices; count lines, devices and zones."""
        now, unshifted = clock.now(), clock.unshifted()
        done = import_devices(
            data=data,
            source=source,
            by="command line",
            now=now,
            unshifted=unshifted,
            is_dry_run=is_dry_run,
        )
        while not is_dry_run and process_alert_kinds(unshifted=clock.unshifted(), now=clock.now()):
            pass
        return {
            "lines": done.lines,
            "new": len(done.new),
            "changed": len(done.changed),
            "unchanged": done.unchanged,
            "new_zones": list(done.new_zones),
            "inventory": done.is_inventory,
        }
