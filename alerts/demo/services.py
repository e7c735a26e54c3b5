"""Bring the demo into being: people, sites, workspaces, what was judged in the past, and captures.
Doing it again changes nothing.

Simulated engineers have judged a part of the history. They know what the plant did (the simulator
tells) and are wrong in three of a hundred; about what they see all the time they are right.
Captures are those of the lessons (training/content/captures), each with an incident that shows the
same story, moved in time so that it begins before the first alert.
"""

import hashlib
import io
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db.models import Q

from alerts.captures.models import Capture
from alerts.captures.services import attach_capture
from alerts.demo.cast import PASSWORD, PEOPLE, Player
from alerts.incidents.models import DetailsState, Incident, IncidentStatus
from alerts.reviews.engine.causes import causes_for
from alerts.reviews.services.past_verdicts import PastVerdict, record_past_verdicts
from alerts.sentinel.models import IncidentSource, Workspace
from alerts.sentinel.services.workspaces import add_workspace, point_workspace
from alerts.sites.models import Device, Site
from alerts.sites.services.describe import (
    DeviceFacts,
    SensorFacts,
    ZoneFacts,
    describe_devices,
    describe_site,
)
from portal.accounts.models import GrantScope, Organisation, Role, User
from portal.accounts.services.people import add_organisation, add_person, grant_role

BY = "demo"
SECRET_VARIABLE = "TAGOUT_DEMO_SECRET"
BATCH, NEWEST = 200, 20_000
SHARE, OFTEN_ASKED, WRONG = 0.15, 0.6, 0.03
DOWNLOADS = "tuesday-download"  # asked about often and judged right: a rule of the story
COMMON = 0.04  # of a site's incidents: a process that everybody there knows
type SiteProcess = tuple[str, str]
LEAD = timedelta(seconds=45)  # between the first packet and the first alert
_HEADER, _RECORD = 24, struct.Struct("<IIII")  # of pcap, little endian


def seed_demo(*, plant: dict[str, Any], endpoint: str, ca_bundle: str, now: datetime) -> None:
    """Make what the demo starts from. `plant` is the simulator's own description of itself."""
    organisation = add_organisation(name=plant["company"], by=BY, now=now)
    seed_workspaces(
        plant=plant, endpoint=endpoint, ca_bundle=ca_bundle, organisation=organisation, now=now
    )
    for site in plant["sites"]:
        _seed_site(site, plant["devices"], now)
    for player in PEOPLE:
        _seed_person(player, now)


def seed_workspaces(
    *,
    plant: dict[str, Any],
    endpoint: str,
    ca_bundle: str,
    organisation: Organisation | None,
    now: datetime,
) -> None:
    """Register the simulator's workspaces, or point existing ones to where it answers now."""
    application = next(app for app in plant["applications"] if app["key"] == "portal")
    for workspace_facts in plant["workspaces"]:
        if Workspace.objects.filter(name=workspace_facts["key"]).exists():
            point_workspace(
                name=workspace_facts["key"],
                endpoint=endpoint,
                authority=endpoint,
                ca_bundle=ca_bundle,
                logs_endpoint=endpoint,
                graph_endpoint=endpoint,
                by=BY,
                now=now,
            )
            continue
        add_workspace(
            name=workspace_facts["key"],
            tenant=workspace_facts["tenant_id"],
            subscription=workspace_facts["subscription_id"],
            resource_group=workspace_facts["resource_group"],
            workspace=workspace_facts["name"],
            credential="client-secret",
            client_id=application["client_id"],
            secret_env=SECRET_VARIABLE,
            endpoint=endpoint,
            authority=endpoint,
            logs_endpoint=endpoint,
            graph_endpoint=endpoint,
            source=IncidentSource.GRAPH
            if workspace_facts.get("began_in_portal")
            else IncidentSource.ARM,
            ca_bundle=ca_bundle,
            organisation=organisation,
            by=BY,
            now=now,
        )


def _seed_site(site_facts: dict[str, Any], devices: list[dict[str, Any]], now: datetime) -> None:
    site = describe_site(
        name=site_facts["name"],
        time_zone=site_facts["time_zone"],
        control_room_phone=site_facts["control_room_phone"],
        zones=[ZoneFacts(zone["name"], zone["purdue_level"]) for zone in site_facts["zones"]],
        sensors=[SensorFacts(sensor["name"], sensor["zone"]) for sensor in site_facts["sensors"]],
        by=BY,
        now=now,
    )
    if Device.objects.filter(zone__site=site).exists():
        return  # the plant knows better by now
    site_devices = [device for device in devices if device["site"] == site_facts["key"]]
    describe_devices(
        site=site, devices=[_device(device) for device in site_devices], by=BY, now=now
    )


def _device(device: dict[str, Any]) -> DeviceFacts:
    return DeviceFacts(
        zone=device["zone"],
        address=device["ip"] or device["mac"],
        name=device["name"],
        kind=device["sub_type"] or device["type"],
        vendor=device["vendor"],
        model=device["model"],
        firmware=device["firmware"],
        purdue_level=device["purdue_level"],
        criticality=device["criticality"].replace(" ", "-"),
        is_programming=device["is_programming"],
        is_scanner=device["is_scanner"],
        is_authorized=device["is_authorized"],
    )


def _seed_person(player: Player, now: datetime) -> None:
    user = User.objects.filter(email=player.email).first() or add_person(
        email=player.email, name=player.name, password=PASSWORD, by=BY, now=now, is_staff=True
    )
    site = Site.objects.get(name=player.site) if player.site else None
    grant_role(
        to=user,
        role=Role(player.role),
        scope=GrantScope.SITE if site else GrantScope.ALL,
        scope_uuid=site.uuid if site else None,
        by=BY,
        now=now,
    )


def has_read_all() -> bool:
    """Whether all history of every workspace is there."""
    active = Workspace.objects.filter(state=Workspace.State.ACTIVE)
    unread = Q(cursor=None) | Q(cursor__backfilled_until=None)
    return not active.filter(unread | Q(cursor__backfill_ends_at__isnull=False)).exists()


def is_fetching_details() -> bool:
    """Whether intake still fetches alerts and entities of the history."""
    pending = Incident.objects.filter(details_state=DetailsState.PENDING)
    return pending.exclude(details_due_at=None).exists()


def judge_history(
    *, truth: Mapping[str, Mapping[str, Any]], processed: set[int], now: datetime
) -> int:
    """Judge closed incidents whose details are fetched by now; return how many were judged. `truth`
    by incident name: process, verdict, site. `processed` keeps the rows looked at, to call again.
    """
    return sum(
        record_past_verdicts(verdicts=verdicts, by=BY, now=now)
        for verdicts in verdicts_on_history(truth=truth, processed=processed)
    )


def verdicts_on_history(
    *, truth: Mapping[str, Mapping[str, Any]], processed: set[int]
) -> Iterator[Sequence[PastVerdict]]:
    """Return what the engineers would say of closed incidents whose details are fetched by now,
    a batch at a time. Rows of a batch are `processed` once the next one is asked for.
    """
    closed = Incident.objects.filter(
        status=IncidentStatus.CLOSED, details_state=DetailsState.FETCHED
    )
    rows = closed.order_by("-pk").values_list("pk", "name", "alert_type", "created_at")
    fresh = [row for row in rows[:NEWEST] if row[0] not in processed]
    people = {user.email.split("@")[0]: user for user in User.objects.all()}
    common = _common_processes(truth)
    for start in range(0, len(fresh), BATCH):
        batch = fresh[start : start + BATCH]
        yield [
            _verdict(row, truth[row[1]], people, common)
            for row in batch
            if row[1] in truth and _dice(row[1], "asked") < _chance(truth[row[1]])
        ]
        processed.update(row[0] for row in batch)


def _chance(truth: Mapping[str, Any]) -> float:
    return OFTEN_ASKED if truth["process"] == DOWNLOADS else SHARE


def _common_processes(truth: Mapping[str, Mapping[str, Any]]) -> set[SiteProcess]:
    """The processes that make a large part of their site's incidents, and the story's downloads."""
    by_process = Counter((str(facts["site"]), str(facts["process"])) for facts in truth.values())
    by_site: Counter[str] = Counter()
    for (site, _), count in by_process.items():
        by_site[site] += count
    return {
        (site, process)
        for (site, process), count in by_process.items()
        if count >= COMMON * by_site[site] or process == DOWNLOADS
    }


def _verdict(
    row: tuple[int, str, str, datetime],
    truth: Mapping[str, Any],
    people: Mapping[str, User],
    common: set[SiteProcess],
) -> PastVerdict:
    pk, name, alert_type, created_at = row
    verdict, note = str(truth["verdict"]), ""
    is_common = (str(truth["site"]), str(truth["process"])) in common
    if _dice(name, "wrong") < WRONG and not is_common:
        verdict = "suspicious" if verdict != "suspicious" else "routine"
    if verdict == truth["verdict"] and truth.get("cause"):
        cause = str(truth["cause"])
    else:
        causes = [cause.id for cause in causes_for(alert_type, verdict)] or ["other"]
        cause = causes[int(_dice(name, "cause") * min(2, len(causes)))]
    if verdict == "suspicious":
        note = "None of us did this."
    elif verdict == "maintenance":
        note = f"Planned, WO-{20000 + int(_dice(name, 'order') * 999)}"
    person = "pia" if truth["site"] == "porto" else ("oda" if _dice(name, "who") < 0.8 else "olaf")
    return PastVerdict(
        incident_id=pk,
        kind=verdict,
        cause=cause,
        by=people[person],
        note=note,
        given_at=created_at + timedelta(minutes=5 + 180 * _dice(name, "when")),
    )


def _dice(name: str, purpose: str) -> float:
    """The same number between 0 and 1 for the same incident and purpose, always."""
    digest = hashlib.sha256(f"{purpose} {name}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48


@dataclass(frozen=True, slots=True)
class CaptureStory:
    """A capture and the incidents that it would belong to: one of these alerts between two of these
    devices.
    """

    file: str
    alert_types: tuple[str, ...]
    devices: tuple[str, ...]
    note: str


STORIES = (
    CaptureStory(
        "operations-historian.pcap",
        ("Unauthorized OPC UA Request/Response", "OPC UA Service Request Failed"),
        ("HIST-GD-01", "SCADA-GD-01"),
        "Mirror port of the operations network",
    ),
    CaptureStory(
        "pump-two-restarts.pcap",
        ("Outstation Restarted", "Event Buffer Overflow in Outstation"),
        ("RTU-PMP-11", "RTU-PMP-12", "SCADA-GD-01"),
        "Mirror port at the pumping stations",
    ),
    CaptureStory(
        "water-two-writers.pcap",
        ("Controller Reset", "Unpermitted Usage of Modbus Function Code"),
        ("ENG-WS-03", "HMI-WTP-01", "PLC-WTP-01"),
        "Mirror port of the water works",
    ),
)


def attach_captures(*, folder: Path, by: User, now: datetime, unshifted: datetime) -> int:
    """Attach each capture to the latest incident of its story, an open one if there is any; return
    how many were attached. One that was attached stays where it is.
    """
    attached = 0
    for capture in STORIES:
        incident = None if _is_attached(capture.file) else _incident_of(capture)
        if incident is None or incident.first_activity_at is None:
            continue
        data = shift_capture(
            (folder / capture.file).read_bytes(), begin=incident.first_activity_at - LEAD
        )
        attach_capture(
            incident_id=incident.pk,
            file=io.BytesIO(data),
            name=capture.file,
            note=capture.note,
            by=by,
            now=now,
            unshifted=unshifted,
        )
        attached += 1
    return attached


def _is_attached(name: str) -> bool:
    return Capture.objects.filter(name=name).exists()


def _incident_of(capture: CaptureStory) -> Incident | None:
    incidents = Incident.objects.filter(
        alert_type__in=capture.alert_types,
        source__in=capture.devices,
        destination__in=capture.devices,
    ).exclude(first_activity_at=None)
    latest = incidents.order_by("-first_activity_at", "pk")
    return latest.exclude(status=IncidentStatus.CLOSED).first() or latest.first()


def shift_capture(data: bytes, *, begin: datetime) -> bytes:
    """Return a pcap file with its packets moved in time, so that the first comes at `begin`."""
    moved, shift = bytearray(data), None
    for at in _record_offsets(data):
        seconds, *rest = _RECORD.unpack_from(data, at)
        shift = int(begin.timestamp()) - seconds if shift is None else shift
        _RECORD.pack_into(moved, at, seconds + shift, *rest)
    return bytes(moved)


def _record_offsets(data: bytes) -> Iterable[int]:
    at = _HEADER
    while at < len(data):
        yield at
        at += _RECORD.size + _RECORD.unpack_from(data, at)[2]
