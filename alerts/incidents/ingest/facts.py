"""An alert of Sentinel as a flat record of facts (suppression §1)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain

from alerts.incidents.ingest.alert_facts import AlertRow, alert_facts_of, distinct
from alerts.incidents.ingest.details_work import Work
from alerts.incidents.ingest.fetched_details import FetchedAlert, FetchedDevice
from alerts.incidents.ingest.plant_time import plant_time
from alerts.sites.services import Atlas, Found, Where

_CLOCKS_DIFFER = timedelta(minutes=10)
_NOWHERE: Where = (None, None, None)
_make = tuple.__new__


def read_alerts(work: Iterable[Work], *, atlas: Atlas, now: datetime) -> Iterator[Work]:
    """Reduce the alerts of these incidents to facts, and find where everything is. One incident
    after the other, so that who goes on with it has it still at hand.
    """
    latest = now + _CLOCKS_DIFFER
    for one in work:
        devices = one.given.devices
        for alert in one.given.alerts:
            found = atlas.find(alert.shared.where)
            if found.zone_id is None:
                found = _found_by_devices(found, devices, atlas)
            one.rows.append(_row_of(alert, one, found, latest, now))
            one.found.append(found)
        one.found += [atlas.find(device.where) for device in devices]
        yield one


def _row_of(
    alert: FetchedAlert, one: Work, found: Found, latest: datetime, now: datetime
) -> AlertRow:
    key, system_alert_id, shared, said_at, said_latest, flags, raw_json = alert
    sight = shared.at(found)
    seen = sight.seen
    at = said_at or one.row.created_at
    latest_at = said_latest or at
    if at > latest or latest_at > latest:
        at, latest_at = min(at, now), min(latest_at, now)
        flags = (*flags, "at:in_the_future")
    if seen.port is None and shared.facts.port is not None:
        flags = (*flags, "port:not_a_port")
    if not (seen.any_device or seen.any_address):  # made by a rule: only the entities tell
        any_device, any_address = _named_by(one.given.devices)
        sight = alert_facts_of(seen._replace(any_device=any_device, any_address=any_address))
    weekday, minute = plant_time(at, found=found)
    its = one.row.workspace_id, key, system_alert_id, sight, at, latest_at, weekday, minute
    row: AlertRow = _make(AlertRow, (*its, flags, one.row.id, raw_json))
    return row


def _found_by_devices(found: Found, devices: Sequence[FetchedDevice], atlas: Atlas) -> Found:
    """Where an alert is that names no zone, or no place at all: where all its devices are."""
    places = {device.where for device in devices} - {_NOWHERE}
    only = _NOWHERE
    if len(places) == 1:
        (only,) = places
    elif len(sites := {place[0] for place in places}) == 1:
        only = (sites.pop(), None, None)
    if found.site_id is None:
        return atlas.find(only)
    by_devices = atlas.find(only) if only[1] else found
    return by_devices if by_devices.site_id == found.site_id else found


def _named_by(devices: Sequence[FetchedDevice]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All devices and addresses that entities name."""
    addresses = chain.from_iterable(device.addresses for device in devices)
    return (
        distinct(device.told[0][:120] for device in devices),
        distinct(address[:64] for address in addresses),
    )
