"""Entities of incidents, and the devices that entities describe and alerts name."""

from datetime import datetime

from alerts.incidents.ingest import pg_copy
from alerts.incidents.ingest.details_work import Work
from alerts.incidents.ingest.pg_copy import create_temp_table, text
from alerts.sites.services import DeviceSeen, learn_devices
from portal.cursors import kept_cursor

_COLUMNS = "incident_id, name, kind, label, device_id, body"
_STAGED = "incident_id, name, kind, label, zone_id, address, body"
STAGE = create_temp_table(
    "incoming_entities",
    like="SELECT e.incident_id, e.name, e.kind, e.label, d.zone_id, d.address, e.body"
    " FROM incidents_entity e, sites_device d",
)
_MERGE = f"""
    INSERT INTO incidents_entity AS e ({_COLUMNS})
    SELECT incident_id, name, kind, label,
           (SELECT d.id FROM sites_device d WHERE d.zone_id = s.zone_id AND d.address = s.address),
           body
    FROM incoming_entities s
    ON CONFLICT (incident_id, name) DO UPDATE
    SET kind = excluded.kind, label = excluded.label, device_id = excluded.device_id,
        body = excluded.body
"""
_NO_DEVICE = f"{pg_copy.NULL}\t{pg_copy.NULL}"
_make = tuple.__new__
_NOT_TOLD = tuple(DeviceSeen._field_defaults.values())[1:]  # by an alert, beyond a name


class Entities:
    """The entities of a batch on their way, and the devices seen in it."""

    def __init__(self) -> None:
        self.rows: dict[tuple[int, str], tuple[str, bytes]] = {}  # members of a line, raw JSON
        self.seen: list[DeviceSeen] = []

    def add(self, one: Work) -> None:
        """Those of one incident whose alerts were read."""
        seen, rows, pk = self.seen, self.rows, one.row.id
        where = iter(one.found[len(one.rows) :])
        described: tuple[str, ...] = ()
        for name, said, device, raw_json in one.given.entities:
            its = _NO_DEVICE
            if device is not None:
                zone_id, addresses = next(where).zone_id, device.addresses
                if zone_id is not None and addresses:
                    its_own = zone_id, addresses[0], _latest_at(one), *device.told
                    seen.append(_make(DeviceSeen, its_own))
                    described += addresses
                    its = f"{zone_id}\t{text(addresses[0][:64])}"
            rows[pk, name] = f"{said}\t{its}", raw_json
        for row in one.rows:
            for zone_id, address, device_name in row.sight.ends:
                if address not in described:
                    named = zone_id, address, row.latest_at, device_name, *_NOT_TOLD
                    seen.append(_make(DeviceSeen, named))

    def store(self) -> None:
        """Know the devices, and store the entities with their raw JSON."""
        learn_devices(devices=self.seen)
        if not self.rows:
            return
        lines = pg_copy.lines_of(
            [str(pk) for pk, _ in self.rows],
            pg_copy.texts([name for _, name in self.rows]),
            [line for line, _ in self.rows.values()],
        )
        documents = [raw_json for _, raw_json in self.rows.values()]
        pg_copy.copy_with_documents(
            "incoming_entities", columns=_STAGED, lines=lines, documents=documents
        )
        kept_cursor().execute(_MERGE)


def _latest_at(one: Work) -> datetime:
    return max([row.latest_at for row in one.rows], default=None) or one.row.created_at
