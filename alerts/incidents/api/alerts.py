"""What lists of alerts offer."""

from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.serializers import CharField, DateTimeField, IntegerField, ListField

from alerts.incidents.models import Severity
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from portal.api.fields import QueryChoices, QueryMoment, QueryText, WordField
from portal.api.listing import Filter, Listing, Order, Row

_WORDS = {Severity(value).label: value for value in reversed(Severity.values)}


def workspace_is(name: str) -> Q:
    """Of the workspace of this name, said with its key so that an index answers it."""
    return Q(workspace_id__in=_keys(Workspace.objects.filter(name=name)))


def _site(name: str) -> Q:
    return Q(site_id__in=_keys(Site.objects.filter(name=name)))


def _keys(rows: QuerySet[Any]) -> list[int]:
    return list(rows.values_list("pk", flat=True))


class AlertSerializer(Row):
    """Alerts as flat records of facts, latest detection first. A rule sees these facts and no
    others.
    """

    id = IntegerField(source="pk", help_text="Tagout's number, the one in the address")
    workspace = CharField(source="workspace.name", help_text="name of the Sentinel workspace")
    key = CharField(help_text="VendorOriginalId, else SystemAlertId")
    system_alert_id = CharField(help_text="Sentinel's id")
    at = DateTimeField(help_text="first detection")
    latest_at = DateTimeField(allow_null=True, help_text="latest detection")
    alert_type = CharField(help_text="Defender for IoT's name of what was detected")
    severity = WordField(_WORDS, help_text="as the sensor rated it")
    site = CharField(allow_null=True, source="site.name", help_text="name of the site")
    zone = CharField(allow_null=True, source="zone.name", help_text="name of the zone")
    sensor = CharField(help_text="the sensor's name")
    engine = CharField(help_text="the detection engine")
    category = CharField(help_text="Defender for IoT's category")
    protocol = CharField(help_text="the protocol")
    port = IntegerField(allow_null=True, help_text="the port")
    function = CharField(help_text="the protocol's function")
    source_device = CharField(help_text="name of the sending device")
    source_address = CharField(help_text="its address")
    destination_device = CharField(help_text="name of the receiving device")
    destination_address = CharField(help_text="its address")
    any_device = ListField(
        child=CharField(), help_text="all devices that it names, without direction"
    )
    any_address = ListField(child=CharField(), help_text="all addresses")
    techniques = ListField(child=CharField(), help_text="ATT&CK for ICS")
    tactics = ListField(child=CharField(), help_text="ATT&CK for ICS")
    product_name = CharField(help_text="the detection product")
    user_defined_title = CharField(help_text="title of an alert rule of the plant's own")
    plant_weekday = IntegerField(allow_null=True, help_text="in plant time, Monday is 0")
    plant_minute = IntegerField(allow_null=True, help_text="minute of the day in plant time")
    flags = ListField(child=CharField(), help_text="what was odd on the way in")


ALERTS = Listing(
    AlertSerializer,
    Order("at"),
    filters=(
        Filter("workspace", QueryText(), "name of one workspace", workspace_is),
        Filter("site", QueryText(), "name of one site", _site),
        Filter("alert_type", QueryText(), "exactly this name", "alert_type"),
        Filter("severity", QueryChoices(_WORDS), "one or several", "severity__in"),
        Filter(
            "device",
            QueryText(),
            "a device that it names",
            lambda it: Q(any_device__contains=[it]),
            indexed=True,
        ),
        Filter("protocol", QueryText(), "exactly this protocol", "protocol"),
        Filter("from", QueryMoment(), "first detection, or later", "at__gte", indexed=True),
        Filter("before", QueryMoment(), "first detected before", "at__lt", indexed=True),
    ),
)
