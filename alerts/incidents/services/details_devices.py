"""Learn devices from a batch of details: those that entities describe, and those alerts name."""

from collections.abc import Sequence
from datetime import datetime

from alerts.incidents.services.details_work import Work
from alerts.incidents.services.facts import addresses_of
from alerts.sentinel.wire import WireDevice
from alerts.sites.services import DeviceSeen, learn_devices, level_of


def learn_devices_of(work: Sequence[Work]) -> dict[tuple[int, str], int]:
    """Know all devices of these incidents; the ids of described ones by incident and entity."""
    seen: list[DeviceSeen] = []
    owners: list[tuple[tuple[int, str], tuple[int, str]]] = []
    for one in work:
        at = max([row.latest_at for row in one.rows], default=None) or one.row.created_at
        described: set[str] = set()
        found = one.found[len(one.rows) :]
        described_by = [entity for entity in one.entities if entity.device] if found else ()
        for entity, device, its in zip(described_by, one.devices, found, strict=False):
            addresses = addresses_of(device=device)
            if its.zone_id is not None and addresses:
                seen.append(_seen(device, its.zone_id, addresses[0], at))
                described.update(addresses)
                owners.append(((one.row.id, entity.name[:100]), (its.zone_id, addresses[0][:64])))
        for row in one.rows:
            what = row.sight.seen
            if not what.zone_id:
                continue
            if what.source_address and what.source_address not in described:
                source = what.zone_id, what.source_address, row.latest_at, what.source_device
                seen.append(DeviceSeen(*source))
            if what.destination_address and what.destination_address not in described:
                ended = what.zone_id, what.destination_address, row.latest_at
                seen.append(DeviceSeen(*ended, what.destination_device))
    ids = learn_devices(devices=seen)
    return {owner: ids[device] for owner, device in owners if device in ids}


def _seen(device: WireDevice, zone_id: int, address: str, at: datetime) -> DeviceSeen:
    return DeviceSeen(
        zone_id,
        address,
        at,
        device.device_name or "",
        device.device_sub_type or device.device_type or "",
        device.vendor or "",
        device.model or "",
        device.firmware_version or "",
        level_of(layer=device.purdue_layer),
        (device.importance or "").casefold() == "high",
        device.is_programming,
        device.is_scanner,
        device.is_authorized,
    )
