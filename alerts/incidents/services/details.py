"""Keep what hangs on incidents: alerts as facts, entities, comments, and where all that is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from alerts.incidents.models import DetailsState, Incident
from alerts.incidents.services import copying
from alerts.incidents.services.alert_rows import StoredAlert, store_alerts
from alerts.incidents.services.copying import number, numbers, text, words
from alerts.incidents.services.digest import Digest, digest_of
from alerts.incidents.services.facts import (
    AlertRow,
    Surroundings,
    addresses_of,
    alert_row,
    place_of,
    place_of_device,
)
from alerts.incidents.services.groups import regroup
from alerts.incidents.services.history import details_failed
from alerts.incidents.services.memory import (
    PairSeen,
    PatternSeen,
    remember_pairs,
    remember_patterns,
)
from alerts.incidents.services.remarks import store_comments
from alerts.incidents.services.rows import alert_type_of
from alerts.sentinel.wire import Unreadable, WireAlert, WireComment, WireDevice, WireEntity
from alerts.sites.services import (
    Atlas,
    DeviceSeen,
    Found,
    Place,
    learn_devices,
    learn_places,
    level_of,
)

MOST_ENTITIES = 500  # rows kept an incident; more than that is never suppressed (S1)
MARK = "details."  # flags of ours that outlive a new version of the incident itself


@dataclass(frozen=True, slots=True)
class Details:
    """All that was fetched for one incident; `comments` is None where they were not asked for."""

    incident_id: int
    alerts: Sequence[WireAlert | Unreadable]
    entities: Sequence[WireEntity | Unreadable]
    comments: Sequence[WireComment | Unreadable] | None = None
    entities_cut_short: bool = False


@dataclass(slots=True)
class _Work:
    """One incident on its way."""

    incident: Incident
    given: Details
    devices: list[WireDevice] = field(default_factory=list)
    alerts: list[WireAlert] = field(default_factory=list)
    rows: list[tuple[AlertRow, Found]] = field(default_factory=list)
    stored: list[StoredAlert] = field(default_factory=list)
    device_ids: dict[str, int] = field(default_factory=dict)  # by entity name
    digest: Digest | None = None

    @property
    def entities(self) -> list[WireEntity]:
        """The readable entities."""
        return [entity for entity in self.given.entities if isinstance(entity, WireEntity)]


def store_details(
    *,
    incident_id: int,
    alerts: Sequence[WireAlert | Unreadable],
    entities: Sequence[WireEntity | Unreadable],
    comments: Sequence[WireComment | Unreadable] | None,
    now: datetime,
    entities_cut_short: bool = False,
) -> None:
    """Store what was fetched for one incident."""
    given = Details(incident_id, alerts, entities, comments, entities_cut_short)
    store_details_of_many(given=[given], now=now)


@transaction.atomic
def store_details_of_many(*, given: Sequence[Details], now: datetime) -> None:
    """Store the details of many incidents at once, bring their rows and the queue in line."""
    by_id = {one.incident_id: one for one in given}
    needed = Incident.objects.only("workspace_id", "title", "created_at", "pattern", "flags")
    rows = needed.filter(pk__in=by_id).order_by("pk").select_for_update(no_key=True)
    work = [_work_on(incident, by_id[incident.pk]) for incident in rows]
    atlas = learn_places(places=_places(work))
    for one in work:
        _read_alerts(one, atlas, now)
    stored = store_alerts(rows=_with_raw(work))
    for one in work:
        keys = {(row.workspace_id, row.key) for row, _ in one.rows}
        one.stored = [stored[key] for key in sorted(keys)]
    _learn_devices(work, atlas)
    _link(work)
    _store_entities(work)
    store_comments(
        given=[(w.incident.pk, w.given.comments) for w in work if w.given.comments is not None],
        now=now,
    )
    _store_digests(work, atlas, now)
    regroup(by_id, now=now)


@transaction.atomic
def fail_details(
    *, incident_id: int, reason: str, retry_at: datetime | None, now: datetime
) -> None:
    """Note that details could not be had; without `retry_at` they are given up and shown so."""
    state = {} if retry_at else {"details_state": DetailsState.FAILED}
    Incident.objects.filter(pk=incident_id).update(details_due_at=retry_at, changed_at=now, **state)
    if retry_at is None:
        details_failed(incident_id=incident_id, reason=reason, now=now)
        regroup([incident_id], now=now)


def _work_on(incident: Incident, given: Details) -> _Work:
    devices = [e.device for e in given.entities if isinstance(e, WireEntity) and e.device]
    alerts = [alert for alert in given.alerts if isinstance(alert, WireAlert)]
    return _Work(incident, given, devices[:MOST_ENTITIES], alerts)


def _places(work: Iterable[_Work]) -> Iterator[Place]:
    for one in work:
        yield from map(place_of, one.alerts)
        yield from map(place_of_device, one.devices)


def _read_alerts(one: _Work, atlas: Atlas, now: datetime) -> None:
    places = {place_of_device(device) for device in one.devices} - {Place()}
    sites = {place.site for place in places}
    only = Place()
    if len(places) == 1:
        only = next(iter(places))
    elif len(sites) == 1:
        only = Place(next(iter(sites)))
    around = Surroundings(one.incident.workspace_id, one.incident.created_at, one.devices, only)
    one.rows = [alert_row(alert, around=around, atlas=atlas, now=now) for alert in one.alerts]


def _with_raw(work: Iterable[_Work]) -> list[tuple[AlertRow, bytes]]:
    return [
        (row, alert.raw_json)
        for one in work
        for (row, _), alert in zip(one.rows, one.alerts, strict=True)
    ]


def _learn_devices(work: Sequence[_Work], atlas: Atlas) -> None:
    seen: list[DeviceSeen] = []
    owners: list[tuple[_Work, str, int, str]] = []
    for one in work:
        at = max((row.latest_at for row, _ in one.rows), default=one.incident.created_at)
        described: set[str] = set()
        for entity in one.entities[:MOST_ENTITIES]:
            device = entity.device
            addresses = addresses_of(device=device) if device else ()
            zone_id = atlas.find(place_of_device(device)).zone_id if device else None
            if device is None or zone_id is None or not addresses:
                continue
            seen.append(_seen(device, zone_id, addresses[0], at))
            described.update(addresses)
            owners.append((one, entity.name, zone_id, addresses[0][:64]))
        for row, _ in one.rows:
            for name, address in (
                (row.source_device, row.source_address),
                (row.destination_device, row.destination_address),
            ):
                if row.zone_id and address and address not in described:
                    seen.append(DeviceSeen(row.zone_id, address, row.latest_at, name))
    ids = learn_devices(devices=seen)
    for one, name, zone_id, address in owners:
        if pk := ids.get((zone_id, address)):
            one.device_ids[name] = pk


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


_LINK = """
    INSERT INTO incidents_incidentalert (incident_id, alert_id)
    SELECT * FROM unnest(%s::bigint[], %s::bigint[]) ON CONFLICT DO NOTHING
"""


def _link(work: Iterable[_Work]) -> None:
    links = {(one.incident.pk, alert.id) for one in work for alert in one.stored}
    incidents, alerts = [pair[0] for pair in links], [pair[1] for pair in links]
    with connection.cursor() as cursor:
        cursor.execute(_LINK, (incidents, alerts))


_ENTITIES = """
    INSERT INTO incidents_entity AS e (incident_id, name, kind, label, device_id, body)
    SELECT incident_id, name, kind, label, device_id, body FROM incoming_entities
    ON CONFLICT (incident_id, name) DO UPDATE
    SET kind = excluded.kind, label = excluded.label, device_id = excluded.device_id,
        body = excluded.body
"""
_ENTITY_COLUMNS = "incident_id, name, kind, label, device_id, body"


def _store_entities(work: Iterable[_Work]) -> None:
    lines = {}
    for one in work:
        for entity in one.entities[:MOST_ENTITIES]:
            lines[one.incident.pk, entity.name[:100]] = "\t".join(
                (
                    *(str(one.incident.pk), text(entity.name[:100])),
                    *(text((entity.kind or "")[:60]), text((entity.friendly_name or "")[:1000])),
                    *(number(one.device_ids.get(entity.name)), copying.document(entity.raw_json)),
                )
            )
    if lines:
        copying.merge(
            "incoming_entities",
            like=f"SELECT {_ENTITY_COLUMNS} FROM incidents_entity",
            lines=lines.values(),
            columns=_ENTITY_COLUMNS,
            sql=_ENTITIES,
        )


_DIGESTS = """
    UPDATE incidents_incident i SET alert_type = d.alert_type, protocol = d.protocol,
        source = d.source, destination = d.destination, site_ids = d.site_ids, place = d.place,
        pattern = d.pattern, entities_count = d.entities_count, flags = d.flags,
        details_state = 'fetched', details_due_at = NULL, details_attempts = 0, changed_at = %s
    FROM incoming_digests d WHERE i.id = d.id
"""
_DIGEST_COLUMNS = (
    "id, alert_type, protocol, source, destination, site_ids, place, pattern, entities_count, flags"
)


def _store_digests(work: Sequence[_Work], atlas: Atlas, now: datetime) -> None:
    lines, patterns, pairs = [], [], []
    for one in work:
        incident = one.incident
        digest = digest_of(
            one.stored,
            workspace_id=incident.workspace_id,
            title_type=alert_type_of(incident.title),
            places=_touched(one, atlas),
        )
        patterns.append(PatternSeen(incident.pattern, digest.pattern, incident.created_at))
        pairs += [
            PairSeen(incident.workspace_id, a.site_id, a.source, a.destination, a.at, incident.pk)
            for a in one.stored
            if a.source and a.destination
        ]
        lines.append(_digest_line(one, digest))
    copying.merge(
        "incoming_digests",
        like=f"SELECT {_DIGEST_COLUMNS} FROM incidents_incident",
        lines=lines,
        columns=_DIGEST_COLUMNS,
        sql=_DIGESTS,
        params=[now],
    )
    remember_patterns(seen=patterns)
    remember_pairs(seen=pairs)


def _touched(one: _Work, atlas: Atlas) -> Iterator[tuple[int, str]]:
    """The sites of an incident: those of its alerts first, in the words of the first."""
    said: dict[int, str] = {}
    for found in (
        *(found for _, found in one.rows),
        *(atlas.find(place_of_device(device)) for device in one.devices),
    ):
        if found.site_id is not None:
            said.setdefault(found.site_id, found.words)
    yield from said.items()


def _digest_line(one: _Work, digest: Digest) -> str:
    n = len(one.given.entities)
    flags = [flag for flag in one.incident.flags if not flag.startswith(MARK)]
    if n > MOST_ENTITIES:
        flags.append(f"{MARK}entities:too_many")
    if one.given.entities_cut_short:
        flags.append(f"{MARK}entities:cut_short")
    if len(one.alerts) < len(one.given.alerts):
        flags.append(f"{MARK}alerts:unreadable")
    if len(one.entities) < n:
        flags.append(f"{MARK}entities:unreadable")
    flags += sorted({f"{MARK}alert.{flag}" for row, _ in one.rows for flag in row.flags})[:50]
    return "\t".join(
        (
            *(str(one.incident.pk), text(digest.alert_type), text(digest.protocol)),
            *(text(digest.source), text(digest.destination), numbers(digest.site_ids)),
            *(text(digest.place), str(digest.pattern), str(n), words(flags)),
        )
    )
