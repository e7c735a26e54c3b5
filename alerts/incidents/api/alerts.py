"""What lists of alerts offer."""

from typing import Any

from django.db.models import Q, QuerySet

from alerts.incidents.models import Severity
from alerts.sentinel.models import Workspace
from alerts.sites.models import Site
from portal.api.kinds import MOMENT, NUMBER, TEXT, one_of
from portal.api.listing import Column, Filter, Listing, Order

_WORDS = {Severity(value).label: value for value in reversed(Severity.values)}


def workspace_is(name: str) -> Q:
    """Of the workspace of this name, said with its key so that an index answers it."""
    return Q(workspace_id__in=_keys(Workspace.objects.filter(name=name)))


def _site(name: str) -> Q:
    return Q(site_id__in=_keys(Site.objects.filter(name=name)))


def _keys(rows: QuerySet[Any]) -> list[int]:
    return list(rows.values_list("pk", flat=True))


ALERTS = Listing(
    "Alert",
    "Alerts as flat records of facts, latest detection first. A rule sees these facts and no "
    "others.",
    (
        Column("id", NUMBER, "Tagout's number, the one in the address", "pk"),
        Column("workspace", TEXT, "name of the Sentinel workspace", "workspace__name"),
        Column("key", TEXT, "VendorOriginalId, else SystemAlertId"),
        Column("system_alert_id", TEXT, "Sentinel's id"),
        Column("at", MOMENT, "first detection"),
        Column("latest_at", MOMENT.or_null(), "latest detection"),
        Column("alert_type", TEXT, "Defender for IoT's name of what was detected"),
        Column("severity", one_of(_WORDS), "as the sensor rated it",
               read={value: word for word, value in _WORDS.items()}.__getitem__),
        Column("site", TEXT.or_null(), "name of the site", "site__name"),
        Column("zone", TEXT.or_null(), "name of the zone", "zone__name"),
        Column("sensor", TEXT, "the sensor's name"),
        Column("engine", TEXT, "the detection engine"),
        Column("category", TEXT, "Defender for IoT's category"),
        Column("protocol", TEXT, "the protocol"),
        Column("port", NUMBER.or_null(), "the port"),
        Column("function", TEXT, "the protocol's function"),
        Column("source_device", TEXT, "name of the sending device"),
        Column("source_address", TEXT, "its address"),
        Column("destination_device", TEXT, "name of the receiving device"),
        Column("destination_address", TEXT, "its address"),
        Column("any_device", TEXT.many(), "all devices that it names, without direction"),
        Column("any_address", TEXT.many(), "all addresses"),
        Column("techniques", TEXT.many(), "ATT&CK for ICS"),
        Column("tactics", TEXT.many(), "ATT&CK for ICS"),
        Column("product_name", TEXT, "the detection product"),
        Column("user_defined_title", TEXT, "title of an alert rule of the plant's own"),
        Column("plant_weekday", NUMBER.or_null(), "in plant time, Monday is 0"),
        Column("plant_minute", NUMBER.or_null(), "minute of the day in plant time"),
        Column("flags", TEXT.many(), "what was odd on the way in"),
    ),
    Order("at"),
    (
        Filter("workspace", TEXT, "name of one workspace", workspace_is),
        Filter("site", TEXT, "name of one site", _site),
        Filter("alert_type", TEXT, "exactly this name", lambda it: Q(alert_type=it)),
        Filter("severity", one_of(_WORDS), "one or several", lambda these: Q(severity__in=these)),
        Filter("device", TEXT, "a device that it names", lambda it: Q(any_device__contains=[it]),
               indexed=True),
        Filter("protocol", TEXT, "exactly this protocol", lambda it: Q(protocol=it)),
        Filter("from", MOMENT, "first detection, or later", lambda at: Q(at__gte=at), indexed=True),
        Filter("before", MOMENT, "first detected before", lambda at: Q(at__lt=at), indexed=True),
    ),
)  # fmt: skip
