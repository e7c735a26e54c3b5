"""What lists of sites, zones and devices offer."""

from django.db.models import Q
from rest_framework.serializers import (
    BooleanField,
    CharField,
    ChoiceField,
    DateTimeField,
    FloatField,
    IntegerField,
    ListField,
    UUIDField,
)

from alerts.sites.models import Criticality
from portal.api.fields import QueryChoices, QueryFlag, QueryText
from portal.api.listing import ListFilter, Listing, ListRow, Order


def _has_kind(is_known: bool) -> Q:
    unknown = Q(kind="")
    return ~unknown if is_known else unknown


class SiteSerializer(ListRow):
    """Plants, as alerts name them and people describe them, by name."""

    id = IntegerField(source="pk", help_text="Tagout's number, the one in the address")
    uuid = UUIDField(help_text="the same in the address of the page")
    name = CharField(help_text="as Defender for IoT names it")
    time_zone = CharField(help_text="of the clock on its wall; UTC where nobody set it")
    control_room_phone = CharField(help_text="empty where nobody told")


SITES = Listing(
    SiteSerializer,
    Order("name", newest_first=False),
    filters=(
        ListFilter("name", QueryText(), "exactly this name", "name", indexed=True),
        ListFilter("uuid", UUIDField(), "this one", "uuid", indexed=True),
    ),
)


class ZoneSerializer(ListRow):
    """Network segments of sites, by name."""

    id = IntegerField(source="pk", help_text="Tagout's number, the one in the address")
    site = CharField(source="site.name", help_text="name of the site")
    name = CharField(help_text="as Defender for IoT names it")
    purdue_level = FloatField(allow_null=True, help_text="0 to 5, also 3.5; null where not set")


ZONES = Listing(
    ZoneSerializer,
    Order("name", newest_first=False),
    filters=(ListFilter("site", QueryText(), "name of one site", "site__name"),),
)


class DeviceSerializer(ListRow):
    """Devices, by the moment they were seen last. One device is one address in one zone."""

    id = IntegerField(source="pk", help_text="Tagout's number, the one in the address")
    site = CharField(source="zone.site.name", help_text="name of the site")
    zone = CharField(source="zone.name", help_text="name of the zone")
    address = CharField(help_text="IP address, or MAC address where there is none")
    name = CharField(help_text="its name; else empty")
    kind = CharField(help_text="PLC, HMI …; empty where not known")
    role = CharField(help_text="what it does there, in words of OT")
    criticality = ChoiceField(
        Criticality.values, help_text="safety and crown jewels are never silenced"
    )
    vendor = CharField(help_text="its maker")
    model = CharField(help_text="its model")
    firmware = CharField(help_text="its firmware")
    purdue_level = FloatField(
        allow_null=True, help_text="its own; null where that of its zone holds"
    )
    is_programming = BooleanField(
        allow_null=True, help_text="Defender takes it for a programming device"
    )
    is_scanner = BooleanField(allow_null=True, help_text="Defender takes it for a scanner")
    is_authorized = BooleanField(allow_null=True, help_text="Defender has it as authorised")
    first_seen_at = DateTimeField(help_text="in an alert, or when it was imported")
    latest_seen_at = DateTimeField(help_text="in an alert, or when it was imported")
    set_by_people = ListField(
        child=CharField(), help_text="what people said; nothing writes over it"
    )


DEVICES = Listing(
    DeviceSerializer,
    Order("latest_seen_at"),
    filters=(
        ListFilter("site", QueryText(), "name of one site", "zone__site__name"),
        ListFilter("zone", QueryText(), "name of a zone", "zone__name"),
        ListFilter("address", QueryText(), "exactly this address", "address", indexed=True),
        ListFilter("name", QueryText(), "exactly this name", "name", indexed=True),
        ListFilter("kind", QueryText(), "exactly this kind", "kind"),
        ListFilter(
            "criticality", QueryChoices(Criticality.values), "one or several", "criticality__in"
        ),
        ListFilter("kind_known", QueryFlag(), "whether anybody told what it is", _has_kind),
    ),
)
