"""Bring the demo's people, sites and workspaces into being; doing it again changes nothing."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from alerts.demo.cast import PASSWORD, PEOPLE, Player
from alerts.incidents.models import DetailsState, Incident
from alerts.sentinel.models import Workspace
from alerts.sentinel.services import add_workspace, point_workspace
from alerts.sites.models import Device, Site
from alerts.sites.services import (
    DeviceFacts,
    SensorFacts,
    ZoneFacts,
    describe_devices,
    describe_site,
)
from portal.accounts.models import Organisation, Role, ScopeKind, User
from portal.accounts.services import add_organisation, add_person, grant_role

BY = "demo"
SECRET_VARIABLE = "TAGOUT_DEMO_SECRET"


def seed_demo(*, plant: dict[str, Any], endpoint: str, ca_bundle: str, now: datetime) -> None:
    """Make what the demo starts from. `plant` is the simulator's own description of itself."""
    organisation = add_organisation(name=plant["company"], by=BY, now=now)
    seed_workspaces(
        plant=plant, endpoint=endpoint, ca_bundle=ca_bundle, organisation=organisation, now=now
    )
    for place in plant["sites"]:
        _seed_site(place, plant["devices"], now)
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
    """Register the simulator's workspaces, or point known ones to where it answers now."""
    application = next(one for one in plant["applications"] if one["key"] == "portal")
    for place in plant["workspaces"]:
        if Workspace.objects.filter(name=place["key"]).exists():
            point_workspace(
                name=place["key"],
                endpoint=endpoint,
                authority=endpoint,
                ca_bundle=ca_bundle,
                by=BY,
                now=now,
            )
            continue
        add_workspace(
            name=place["key"],
            tenant=place["tenant_id"],
            subscription=place["subscription_id"],
            resource_group=place["resource_group"],
            workspace=place["name"],
            credential="client-secret",
            client_id=application["client_id"],
            secret_env=SECRET_VARIABLE,
            endpoint=endpoint,
            authority=endpoint,
            ca_bundle=ca_bundle,
            organisation=organisation,
            by=BY,
            now=now,
        )


def _seed_site(place: dict[str, Any], devices: list[dict[str, Any]], now: datetime) -> None:
    site = describe_site(
        name=place["name"],
        time_zone=place["time_zone"],
        control_room_phone=place["control_room_phone"],
        zones=[ZoneFacts(zone["name"], zone["purdue_level"]) for zone in place["zones"]],
        sensors=[SensorFacts(sensor["name"], sensor["zone"]) for sensor in place["sensors"]],
        by=BY,
        now=now,
    )
    if Device.objects.filter(zone__site=site).exists():
        return  # the plant knows better by now
    mine = [one for one in devices if one["site"] == place["key"]]
    describe_devices(site=site, devices=[_device(one) for one in mine], by=BY, now=now)


def _device(one: dict[str, Any]) -> DeviceFacts:
    return DeviceFacts(
        zone=one["zone"],
        address=one["ip"] or one["mac"],
        name=one["name"],
        kind=one["sub_type"] or one["type"],
        vendor=one["vendor"],
        model=one["model"],
        firmware=one["firmware"],
        purdue_level=one["purdue_level"],
        criticality=one["criticality"].replace(" ", "-"),
        is_programming=one["is_programming"],
        is_scanner=one["is_scanner"],
        is_authorized=one["is_authorized"],
    )


def _seed_person(player: Player, now: datetime) -> None:
    user = User.objects.filter(email=player.email).first() or add_person(
        email=player.email, name=player.name, password=PASSWORD, by=BY, now=now, is_staff=True
    )
    site = Site.objects.get(name=player.site) if player.site else None
    grant_role(
        to=user,
        role=Role(player.role),
        scope=ScopeKind.SITE if site else ScopeKind.ALL,
        scope_uuid=site.uuid if site else None,
        by=BY,
        now=now,
    )


def has_read_all() -> bool:
    """Whether all history of every workspace is there."""
    active = Workspace.objects.filter(state=Workspace.State.ACTIVE)
    unread = Q(cursor=None) | Q(cursor__backfilled_until=None)
    return not active.filter(unread | Q(cursor__backfill_ends_at__isnull=False)).exists()


def details_are_coming() -> bool:
    """Whether intake still fetches alerts and entities of the history."""
    pending = Incident.objects.filter(details_state=DetailsState.PENDING)
    return pending.exclude(details_due_at=None).exists()
