"""Which incidents of history involve a safety system or a crown jewel: no rule closes those, so no
count may promise them. Enforcement asks the same of a page (`enforcing.judging`); a test holds the
two together.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Final

from alerts.incidents.models import Entity
from alerts.sites.engine.devices import CRITICAL
from alerts.sites.models import Device
from alerts.suppression.backtesting.history_sql import fetch_rows, ids_array

# An alert that names no site may be about a device of any.
_NAMES: Final = """
SELECT l.incident_id, array_agg(DISTINCT coalesce(a.site_id, 0)),
       array_agg(DISTINCT x.name) FILTER (WHERE x.name = ANY(%(names)s))
  FROM incidents_alert_links l JOIN incidents_alerts a ON a.id = l.alert_id
 CROSS JOIN LATERAL unnest(ARRAY[a.source_device, a.source_address, a.destination_device,
       a.destination_address] || a.any_device || a.any_address) AS x(name)
 WHERE l.incident_id = ANY(%(ids)s::bigint[])
 GROUP BY l.incident_id HAVING bool_or(x.name = ANY(%(names)s))
"""


def critical_devices_of(incident_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """Return, by incident, the critical devices it involves: criticality by name. Incidents without
    any are left out.
    """
    by_handle: dict[str, list[Device]] = defaultdict(list)
    for device in Device.objects.filter(criticality__in=CRITICAL).select_related("zone"):
        for handle in {device.name, device.address} - {""}:
            by_handle[handle].append(device)
    found: dict[int, dict[str, str]] = defaultdict(dict)
    if not by_handle or not incident_ids:
        return found
    names = {"ids": ids_array(incident_ids), "names": list(by_handle)}
    for incident, sites, handles in fetch_rows(_NAMES, names):
        for device in (device for handle in handles for device in by_handle[handle]):
            if 0 in sites or device.zone.site_id in sites:
                found[incident][str(device)] = device.criticality
    entities = Entity.objects.filter(
        incident__in=incident_ids, device__criticality__in=CRITICAL
    ).select_related("device")
    for entity in entities:
        if entity.device is not None:
            found[entity.incident_id][str(entity.device)] = entity.device.criticality
    return found
