"""Learn devices from a batch of details: those that entities describe, and those alerts name."""

from collections.abc import Sequence
from datetime import datetime

from alerts.incidents.services.details_work import Work
from alerts.incidents.services.facts import addresses_of
from alerts.sentinel.wire import WireDevice
from alerts.sites.services import Atlas, DeviceSeen, learn_devices, level_of


def learn_devices_of(work: Sequence[Work], *, atlas: Atlas) -> dict[tuple[int, str], int]:
    """Know all devices of these incidents; the ids of described ones by incident and entity."""
    seen: list[DeviceSeen] = []
    owners: list[tuple[tuple[int, str], tuple[int, str]]] = []
    for one in work:
        at = max((row.latest_at for row, _ in one.rows), default=one.row.created_at)
        described: set[str] = set()
        described_by = [entity for entity in one.entities if entity.device] if one.devices else ()
        for entity, device, place in zip(described_by, one.devices, one.places, strict=False):
            addresses = addresses_of(device=device)
            zone_id = atlas.find(place).zone_id
            if zone_id is not None and addresses:
                seen.append(_seen(device, zone_id, addresses[0], at))
                described.update(addresses)
                owners.append(((one.row.id, entity.name), (zone_id, addresses[0][:64])))
        for row, _ in one.rows:
            if not row.zone_id:
                continue
            if row.source_address and row.source_address not in described:
                source = row.zone_id, row.source_address, row.latest_at, row.source_device
                seen.append(DeviceSeen(*source))
            if row.destination_address and row.destination_address not in described:
                ended = row.zone_id, row.destination_address, row.latest_at, row.destination_device
                seen.append(DeviceSeen(*ended))
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
