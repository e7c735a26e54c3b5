"""What lists of sites, zones and devices offer."""

from uuid import UUID

from django.db.models import Q

from alerts.sites.models import Criticality
from portal.api.kinds import FLAG, ID, MOMENT, NUMBER, TEXT, one_of
from portal.api.listing import Column, Filter, Listing, Order

CRITICALITY = one_of({word: word for word in Criticality.values})


def _site(name: str) -> Q:
    return Q(zone__site__name=name)


def _is_known(wanted: bool) -> Q:
    unknown = Q(kind="")
    return ~unknown if wanted else unknown


def _uuid(uuid: UUID) -> Q:
    return Q(uuid=uuid)


SITES = Listing(
    "Site",
    "Plants, as alerts name them and people describe them, by name.",
    (
        Column("id", NUMBER, "Tagout's number, the one in the address", "pk"),
        Column("uuid", ID, "the same in the address of the page"),
        Column("name", TEXT, "as Defender for IoT names it"),
        Column("time_zone", TEXT, "of the clock on its wall; UTC where nobody set it"),
        Column("control_room_phone", TEXT, "empty where nobody told"),
    ),
    Order("name", newest_first=False),
    (
        Filter("name", TEXT, "exactly this name", lambda name: Q(name=name), indexed=True),
        Filter("uuid", ID, "this one", _uuid, indexed=True),
    ),
)
ZONES = Listing(
    "Zone",
    "Network segments of sites, by name.",
    (
        Column("id", NUMBER, "Tagout's number, the one in the address", "pk"),
        Column("site", TEXT, "name of the site", "site__name"),
        Column("name", TEXT, "as Defender for IoT names it"),
        Column("purdue_level", NUMBER.or_null(), "0 to 5; null where nobody told"),
    ),
    Order("name", newest_first=False),
    (Filter("site", TEXT, "name of one site", lambda name: Q(site__name=name)),),
)
DEVICES = Listing(
    "Device",
    "Devices, by the moment they were seen last. One device is one address in one zone.",
    (
        Column("id", NUMBER, "Tagout's number, the one in the address", "pk"),
        Column("site", TEXT, "name of the site", "zone__site__name"),
        Column("zone", TEXT, "name of the zone", "zone__name"),
        Column("address", TEXT, "IP address, or MAC address where there is none"),
        Column("name", TEXT, "its name; else empty"),
        Column("kind", TEXT, "PLC, HMI …; empty where nobody told"),
        Column("role", TEXT, "what it does there, in words of OT"),
        Column("criticality", CRITICALITY, "safety and crown jewels are never silenced"),
        Column("vendor", TEXT, "its maker"),
        Column("model", TEXT, "its model"),
        Column("firmware", TEXT, "its firmware"),
        Column("purdue_level", NUMBER.or_null(), "its own; null where that of its zone holds"),
        Column("is_programming", FLAG.or_null(), "Defender takes it for a programming device"),
        Column("is_scanner", FLAG.or_null(), "Defender takes it for a scanner"),
        Column("is_authorized", FLAG.or_null(), "Defender has it as authorised"),
        Column("first_seen_at", MOMENT, "in an alert"),
        Column("latest_seen_at", MOMENT, "in an alert"),
        Column("set_by_people", TEXT.many(), "what people said; nothing writes over it"),
    ),
    Order("latest_seen_at"),
    (
        Filter("site", TEXT, "name of one site", _site),
        Filter("zone", TEXT, "name of a zone", lambda name: Q(zone__name=name)),
        Filter("address", TEXT, "exactly this address", lambda it: Q(address=it), indexed=True),
        Filter("name", TEXT, "exactly this name", lambda name: Q(name=name), indexed=True),
        Filter("kind", TEXT, "exactly this kind", lambda kind: Q(kind=kind)),
        Filter("criticality", CRITICALITY, "one or several",
               lambda these: Q(criticality__in=these)),
        Filter("kind_known", FLAG, "whether anybody told what it is", _is_known),
    ),
)  # fmt: skip
