"""Learn devices from a batch of details: those that entities describe, and those alerts name."""

from collections.abc import Sequence
from datetime import datetime

from alerts.incidents.services.details_work import Work
from alerts.sentinel.wire import WireDevice
from alerts.sites.services import DeviceSeen, learn_devices, level_of


def learn_devices_of(work: Sequence[Work]) -> dict[tuple[int, str], tuple[int, str]]:
    """Know all devices of these incidents; zone and address of described ones by incident and
    entity.
    """
    seen: list[DeviceSeen] = []
    described_by: dict[tuple[int, str], tuple[int, str]] = {}
    for one in work:
        described: set[str] = set()
        if one.devices:
            at = max([row.latest_at for row in one.rows], default=None) or one.row.created_at
            its_own = [entity for entity in one.entities if entity.device]
            where = one.found[len(one.rows) :]
            for entity, device, found in zip(its_own, one.devices, where, strict=False):
                addresses = device.ip_addresses or device.mac_addresses
                if found.zone_id is not None and addresses:
                    seen.append(_seen(device, found.zone_id, addresses[0], at))
                    described.update(addresses)
                    entity_key = one.row.id, entity.name[:100]
                    described_by[entity_key] = found.zone_id, addresses[0][:64]
        for row in one.rows:
            for zone_id, address, name in row.sight.ends:
                if address not in described:
                    seen.append(_make(DeviceSeen, (zone_id, address, row.latest_at, name, *_ELSE)))
    learn_devices(devices=seen)
    return described_by


def _seen(device: WireDevice, zone_id: int, address: str, at: datetime) -> DeviceSeen:
    said: DeviceSeen = _make(
        DeviceSeen,
        (
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
        ),
    )
    return said


_make = tuple.__new__
_ELSE = tuple(DeviceSeen._field_defaults.values())[1:]  # what an alert does not tell of a device
